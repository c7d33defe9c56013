"use strict";
(() => {
  const { series, incidents } = JSON.parse(document.getElementById("data").textContent);
  const place = document.getElementById("chart");
  const choice = document.getElementById("scope");
  const reset = document.getElementById("reset");
  const reading = document.getElementById("reading");
  let chart = null;

  const colour = (name) => getComputedStyle(document.documentElement).getPropertyValue(`--${name}`).trim();
  const clock = (s) => new Date(s * 1000).toISOString().replace("T", " ").slice(0, 19);
  const dollars = (value) => {
    if (value == null) return "–";
    const digits = value !== 0 && Math.abs(value) < 1 ? { maximumSignificantDigits: 3 } : { minimumFractionDigits: 2, maximumFractionDigits: 2 };
    return "$" + value.toLocaleString("en-US", digits);
  };
  const length = (ms) => (ms < 60e3 ? `${ms / 1e3} s` : ms < 3600e3 ? `${+(ms / 60e3).toFixed(1)} min` : `${+(ms / 3600e3).toFixed(1)} h`);

  const columns = (one) => [one.cost.map((_, step) => (one.start + step * one.step) / 1000), one.cost, one.baseline];
  const whole = (one) => [one.start / 1000, (one.start + one.step * Math.max(1, one.cost.length - 1)) / 1000];
  const values = (scope) => new Set(scope === "global" ? [] : scope.split(","));
  // An incident is drawn in the charts of scopes that share a dimension and value with it, and in the one of everything.
  const concerns = (incident, name) => {
    const own = values(name);
    return own.size === 0 || [...values(incident.scope)].some((value) => own.has(value)) || incident.scope === "global";
  };

  const drawBands = (u, name) => {
    const { ctx, bbox } = u;
    ctx.save();
    ctx.beginPath();
    ctx.rect(bbox.left, bbox.top, bbox.width, bbox.height);
    ctx.clip();
    for (const severity of ["info", "warning", "error", "critical"]) {
      const bands = new Path2D(); // one path, so that bands which overlap do not darken each other
      const marks = new Path2D();
      for (const incident of incidents.filter((each) => each.severity === severity && concerns(each, name))) {
        const left = u.valToPos(incident.from / 1000, "x", true);
        const width = Math.max(3, u.valToPos(incident.to / 1000, "x", true) - left);
        bands.rect(left, bbox.top, width, bbox.height);
        marks.rect(left, bbox.top, width, 4 * devicePixelRatio);
      }
      ctx.fillStyle = colour(severity);
      ctx.globalAlpha = severity === "error" || severity === "critical" ? 0.13 : 0;
      ctx.fill(bands);
      ctx.globalAlpha = 1;
      ctx.fill(marks);
    }
    ctx.restore();
  };

  const read = (u, one) => {
    const at = u.cursor.idx;
    reading.textContent = at == null ? "" :
      `${clock(u.data[0][at])} UTC, ${length(one.step)}: ${dollars(u.data[1][at])}, baseline ${dollars(u.data[2][at])}`;
  };

  const open = (incident) => {
    const card = document.getElementById(`incident-${incident.id}`);
    document.querySelectorAll(".chosen").forEach((each) => each.classList.remove("chosen"));
    card.open = true;
    card.classList.add("chosen");
    card.scrollIntoView({ block: "center", behavior: "smooth" });
  };

  const clicked = (u, one, event) => {
    const reach = (u.scales.x.max - u.scales.x.min) / u.over.clientWidth * 4;
    const at = u.posToVal(event.offsetX, "x");
    const hits = incidents.filter((each) => concerns(each, one.name) && at >= each.from / 1000 - reach && at <= each.to / 1000 + reach);
    if (hits.length) open(hits.reduce((a, b) => (a.to - a.from <= b.to - b.from ? a : b)));
  };

  const axis = (more) => ({
    stroke: colour("soft"), font: "12px system-ui, sans-serif",
    grid: { stroke: colour("line"), width: 1 }, ticks: { stroke: colour("line"), width: 1 }, ...more,
  });

  const day = "\n{YYYY}-{MM}-{DD}";
  const stamps = [
    [86400 * 28, "{YYYY}-{MM}", null, null, null, null, null, null, 1],
    [86400, "{MM}-{DD}", "\n{YYYY}", null, null, null, null, null, 1],
    [60, "{HH}:{mm}", day, null, day, null, null, null, 1],
    [1, "{HH}:{mm}:{ss}", day, null, day, null, null, null, 1],
  ];

  const options = (one) => ({
    width: place.clientWidth, height: 320, legend: { show: false },
    tzDate: (s) => uPlot.tzDate(new Date(s * 1000), "Etc/UTC"),
    cursor: { drag: { x: true, y: false, dist: 5 }, points: { size: 6 } },
    scales: { x: { range: (_, low, high) => (low == null ? whole(one) : [low, high]) }, y: { range: (_, low, high) => [0, (high || 0.01) * 1.08] } },
    axes: [axis({ values: stamps, space: 70 }), axis({ size: 76, values: (_, ticks) => ticks.map(dollars) })],
    series: [
      {},
      { label: "cost", stroke: colour("cost"), fill: colour("cost-fill"), width: 1.5, points: { show: false } },
      { label: "baseline", stroke: colour("baseline"), width: 1.5, dash: [6, 5], points: { show: false }, spanGaps: false },
    ],
    hooks: {
      draw: [(u) => drawBands(u, one.name)],
      setCursor: [(u) => read(u, one)],
      setScale: [(u, key) => { if (key === "x") narrowed(u, one); }],
      ready: [(u) => u.over.addEventListener("click", (event) => clicked(u, one, event))],
    },
  });

  const narrowed = (u, one) => {
    const [low, high] = whole(one);
    reset.disabled = u.scales.x.max - u.scales.x.min > (high - low) * 0.98;
    place.dataset.from = String(Math.round(u.scales.x.min * 1000));
    place.dataset.to = String(Math.round(u.scales.x.max * 1000));
  };

  const draw = (keep) => {
    const one = series[choice.selectedIndex];
    const scale = keep && chart ? { min: chart.scales.x.min, max: chart.scales.x.max } : null;
    if (chart) chart.destroy();
    chart = new uPlot(options(one), columns(one), place);
    if (scale) chart.setScale("x", scale);
    place.dataset.scope = one.name;
  };

  const show = (scope, from, to) => {
    const match = series.findIndex((one) => one.name === scope);
    choice.selectedIndex = Math.max(0, match);
    draw(false);
    const one = series[choice.selectedIndex];
    const [low, high] = whole(one).map((s) => s * 1000);
    const margin = Math.max(to - from, 10 * one.step);
    chart.setScale("x", { min: Math.max(low, from - margin) / 1000, max: Math.min(high, to + margin) / 1000 });
    place.scrollIntoView({ block: "center", behavior: "smooth" });
  };

  if (!series.length || !series[0].cost.length) {
    document.getElementById("cost").hidden = true;
    document.querySelectorAll("button[data-scope]").forEach((button) => { button.hidden = true; });
    return;
  }
  for (const one of series) choice.add(new Option(one.name));
  choice.addEventListener("change", () => draw(true));
  reset.addEventListener("click", () => { const [min, max] = whole(series[choice.selectedIndex]); chart.setScale("x", { min, max }); });
  document.querySelectorAll("button[data-scope]").forEach((button) =>
    button.addEventListener("click", () => show(button.dataset.scope, +button.dataset.from, +button.dataset.to)));
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => draw(true));
  addEventListener("resize", () => chart.setSize({ width: place.clientWidth, height: 320 }));
  draw(false);
})();
