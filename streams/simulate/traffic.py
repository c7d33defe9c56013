"""A scenario -> its records in arrival order, in steps of any length: the same bytes whatever the steps."""

import hashlib
from collections.abc import Iterator, Mapping

import numpy as np
from numpy.typing import NDArray

from streams.simulate.arrivals import Arrivals
from streams.simulate.attempts import Column, draw_attempts
from streams.simulate.delivery import Sessions, deliver
from streams.simulate.extras import Extras
from streams.simulate.lanes import lay_lanes
from streams.simulate.releases import Releases
from streams.simulate.requests import Requests
from streams.simulate.scenario import STEP_MS, Scenario
from streams.simulate.tally import Tally
from streams.simulate.throttle import Throttle
from streams.simulate.wire import Wire

Int64 = NDArray[np.int64]
_ENOUGH_OPERATIONS = 8_000
_MOST_STEPS = 60
NO_LIMITS: Mapping[str, float] = {}


class Traffic:
    """A simulated gateway and its clients.

    What is requested is drawn ahead, in stretches of up to 10 minutes, each from a random generator of its own; limits and
    rollbacks act when a record leaves, so a caller may let the traffic meet what was decided about it a moment ago.

    Attributes:
        tally: what was sent so far.
        portion_ms: a good length of steps for whoever wants everything: about 8,000 operations, at most 10 minutes.
    """

    def __init__(self, scenario: Scenario) -> None:
        self.scenario = scenario
        self.tally = Tally()
        self._lanes = lay_lanes(scenario)
        self._keys = tuple(names["tenant"].encode() for names in self._lanes.names)
        self._requests = Requests(scenario, self._lanes)
        self._sessions = Sessions(len(self._lanes.tenants), scenario.operations_per_session)
        self._releases = Releases(scenario, self._lanes)
        self._throttle = Throttle(self._lanes, self._requests.pace)
        self._extras = Extras(scenario.delivery, self.tally)
        tag = hashlib.sha256(f"{scenario.name}|{scenario.seed}|{scenario.start_ms}".encode()).hexdigest()[:8]
        self._wire = Wire(self._lanes, self._releases.texts, tag=tag, time_format=scenario.time_format)
        enough_ms = _ENOUGH_OPERATIONS / self.ordinary_operations_per_s * 1000
        self._stretch_ms = STEP_MS * int(min(max(enough_ms / STEP_MS, 1), _MOST_STEPS))
        self.portion_ms = int(min(max(enough_ms, 1), self._stretch_ms))
        self._drawn_ms = scenario.start_ms
        self._operations = 0
        self._pending: Int64 = np.zeros((len(Column), 0), dtype=np.int64)

    @property
    def ordinary_operations_per_s(self) -> float:
        """Operations a second of all tenants, mean over a day, without faults."""
        return float(self._lanes.figures["rate"].sum())

    @property
    def done(self) -> bool:
        """Whether everything has been sent."""
        return self._drawn_ms >= self.scenario.end_ms and not self._pending.shape[1] and not self._extras.waiting

    def roll_back(self, service: str, release: str) -> None:
        """End a canary: from the next step on its requests are served by the baseline."""
        self._releases.roll_back(service, release)

    def step(self, until_ms: int, limits: Mapping[str, float] = NO_LIMITS) -> Arrivals:
        """The records that arrive before `until_ms` and were not handed out yet.

        Args:
            until_ms: epoch milliseconds; to be asked in rising order.
            limits: scope text to factor; attempts above a limit are throttled (status 429, no tokens).
        """
        while self._drawn_ms < min(until_ms, self.scenario.end_ms):
            self._draw()
        count = int(np.searchsorted(self._pending[Column.ARRIVAL_MS], until_ms))
        rows, self._pending = self._pending[:, :count].copy(), self._pending[:, count:]
        self._throttle.turn_away(rows, limits)
        arm = self._releases.deal(rows)
        self.tally.count(rows)
        values = self._wire.write(rows, arm)
        arrivals = Arrivals(values, [self._keys[lane] for lane in rows[Column.LANE].tolist()], rows[Column.ARRIVAL_MS])
        self._extras.make(rows, arrivals)
        return self._extras.join(arrivals, until_ms)

    def _draw(self) -> None:
        start_ms = self._drawn_ms
        end_ms = min(start_ms + self._stretch_ms, -(-self.scenario.duration_ms // STEP_MS) * STEP_MS + self.scenario.start_ms)
        random = np.random.default_rng([self.scenario.seed, (start_ms - self.scenario.start_ms) // STEP_MS])
        operations = self._requests.draw(start_ms, (end_ms - start_ms) // STEP_MS, random)
        rows = draw_attempts(operations, self._lanes, self._operations, random)
        session = self._sessions.number(self._lanes.tenant[operations.lane], random)
        rows[Column.SESSION] = session[rows[Column.OPERATION] - self._operations]
        deliver(rows, self.scenario.delivery, random)
        self._operations += len(operations)
        rows = rows[:, self._requests.heard(rows[Column.LANE], rows[Column.TS_MS])]
        rows = np.concatenate([self._pending, rows], axis=1)
        self._pending = rows[:, np.argsort(rows[Column.ARRIVAL_MS], kind="stable")]
        self._drawn_ms = end_ms


def generate(scenario: Scenario) -> Iterator[Arrivals]:
    """All records of a scenario in arrival order, in bounded memory: the same scenario gives the same bytes."""
    yield from stream(Traffic(scenario))


def stream(traffic: Traffic) -> Iterator[Arrivals]:
    """What a traffic has still to send, portion by portion; `traffic.tally` says what it was, once it is all out."""
    until_ms = traffic.scenario.start_ms
    while not traffic.done:
        until_ms += traffic.portion_ms
        arrivals = traffic.step(until_ms)
        if len(arrivals):
            yield arrivals
