"""ReportData -> the text of report.html: one file, no network, and a policy that lets only its own scripts run."""

import json
from base64 import b64encode
from hashlib import sha256
from importlib.resources import files
from typing import Any

from actions.report.data import ReportData, Series
from actions.report.figures import millis
from actions.report.incidents import end_ms, gravest, incidents_section
from actions.report.markup import Html, element, join
from actions.report.overview import budgets_section, header, refused_section
from detectors.scope import scope_of, scope_text

SCRIPTS = ("uplot.js", "report.js")
STYLES = ("uplot.css", "report.css")

HINT = "Drag to zoom, double-click to see the whole period. Bands are incidents: click one to read about it."


def render(data: ReportData) -> str:
    """The whole page. Everything that came from data is escaped, and could not run if it were not."""
    scripts, styles = [_asset(name) for name in SCRIPTS], [_asset(name) for name in STYLES]
    head = element(
        "head",
        element("meta", charset="utf-8"),
        element("meta", http_equiv="Content-Security-Policy", content=content_policy(scripts, styles)),
        element("meta", name="viewport", content="width=device-width, initial-scale=1"),
        element("meta", name="color-scheme", content="light dark"),
        element("title", data.title),
        *(element("style", style) for style in styles),
    )
    parts = join(header(data), _chart(), incidents_section(data), budgets_section(data.budgets), refused_section(data.summary))
    body = element("body", element("main", parts), _embedded(data), *(element("script", script) for script in scripts))
    return f"<!doctype html>\n{element('html', head, body, lang='en')}\n"


def content_policy(scripts: list[Html], styles: list[Html]) -> str:
    """Content-Security-Policy: nothing from anywhere, but the scripts and styles with these hashes."""
    return f"default-src 'none'; script-src {_hashes(scripts)}; style-src {_hashes(styles)}; base-uri 'none'; form-action 'none'"


def _hashes(texts: list[Html]) -> str:
    return " ".join(f"'sha256-{b64encode(sha256(text.encode()).digest()).decode()}'" for text in texts)


def _asset(name: str) -> Html:
    return Html(files("actions.report").joinpath("assets", name).read_text(encoding="utf-8"))


def _chart() -> Html:
    choice = element("label", "Scope ", element("select", id="scope"))
    reset = element("button", "Whole period", type="button", id="reset", disabled=True)
    legend = element(
        "span", element("i", class_="key cost"), "cost ", element("i", class_="key baseline"), "baseline ", class_="legend"
    )
    hint = element(
        "p", "Drag to zoom, double-click to see the whole period. Bands are incidents: click one to read about it.", class_="note"
    )
    bar = element("div", choice, reset, legend, element("output", id="reading"), class_="bar")
    return element("section", element("h2", "Cost against baseline"), bar, element("div", id="chart"), hint, id="cost")


def _embedded(data: ReportData) -> Html:
    text = json.dumps(chart_data(data), separators=(",", ":")).replace("<", "\\u003c")
    return element("script", Html(text), type="application/json", id="data")


def chart_data(data: ReportData) -> dict[str, Any]:
    """What the script draws: series as arrays of four significant digits, incidents as bands."""
    starts = {anomaly.id: millis(anomaly.window_start) for anomaly in data.anomalies}
    bands = [
        {
            "id": each.id,
            "title": each.title,
            "severity": each.severity,
            "scope": scope_text(scope_of(each.scope)),
            "from": min((starts[id_] for id_ in each.anomaly_ids if id_ in starts), default=millis(each.opened)),
            "to": end_ms(each),
        }
        for each in gravest(data.incidents)
    ]
    return {"series": [_arrays(series) for series in data.series], "incidents": bands}


def _arrays(series: Series) -> dict[str, Any]:
    return {
        "name": series.name,
        "start": series.start_ms,
        "step": series.step_ms,
        "cost": [_short(value) for value in series.cost_usd],
        "baseline": [None if value is None else _short(value) for value in series.baseline_usd],
    }


def _short(value: float) -> float:
    number = float(f"{value:.4g}")
    return int(number) if number == int(number) else number
