"""Rollouts -> which arm serves an attempt, what the canary does to it, and the release events that tell of it."""

import json
from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from detectors.canonical import content_id
from streams.simulate.attempts import PPM, Column, Outcome
from streams.simulate.faults import Rollout
from streams.simulate.lanes import Lanes
from streams.simulate.scenario import Scenario

Int64 = NDArray[np.int64]


def _arm_text(release: str, cohort: str = "") -> str:
    carried = {"release": release, "cohort": cohort} if cohort else {"release": release}
    return "," + json.dumps(carried, ensure_ascii=False, separators=(",", ":"))[1:-1]


class Releases:
    """Deals the attempts of a service out to canary and baseline while a rollout is on."""

    def __init__(self, scenario: Scenario, lanes: Lanes) -> None:
        releases = sorted({names["release"] for names in lanes.names})
        self.texts = [_arm_text(release) for release in releases]
        self._usual = np.array([releases.index(names["release"]) for names in lanes.names])
        self._start_ms = scenario.start_ms
        self._rolled_back: set[tuple[str, str]] = set()
        self._rollouts: list[tuple[Rollout, NDArray[np.bool_], int]] = []
        for fault in scenario.faults:
            if isinstance(fault, Rollout):
                members = lanes.of((("service", fault.service),))
                baseline = fault.baseline or next(names["release"] for names in lanes.names if names["service"] == fault.service)
                self._rollouts.append((fault, members, len(self.texts)))
                self.texts += [_arm_text(fault.release, "canary"), _arm_text(baseline, "baseline")]

    def roll_back(self, service: str, release: str) -> None:
        """Send the canary's share back to the baseline, from the next records on."""
        self._rolled_back.add((service, release))

    def deal(self, rows: Int64) -> Int64:
        """The arm of every attempt, as an index into `texts`; attempts of canaries are changed in place."""
        arm = np.asarray(self._usual[rows[Column.LANE]], dtype=np.int64)
        for rollout, members, canary_arm in self._rollouts:
            if (rollout.service, rollout.release) in self._rolled_back:
                continue
            on = members[rows[Column.LANE]] & rollout.active(rows[Column.TS_MS].astype(np.float64), self._start_ms)
            if on.any():
                canary = on & (rows[Column.ARM_PPM] < rollout.traffic_share * PPM)
                arm[on] = canary_arm + 1
                arm[canary] = canary_arm
                self._worsen(rows, np.flatnonzero(canary), rollout)
        return arm

    def _worsen(self, rows: Int64, canary: Int64, rollout: Rollout) -> None:
        if rollout.cost_factor != 1.0:
            known = canary[rows[Column.INPUT, canary] > 0]
            for column in (Column.INPUT, Column.OUTPUT, Column.CACHED, Column.REASONING):
                rows[column, known] = np.floor(rows[column, known] * rollout.cost_factor)
        fails = rows[Column.QUALITY_PPM, canary] >= rollout.success_ratio * PPM
        spoilt = canary[fails & (rows[Column.OUTCOME, canary] == Outcome.OK)]
        rows[Column.OUTCOME, spoilt] = Outcome.SERVER_ERROR


def release_events(scenario: Scenario) -> Iterator[tuple[int, bytes, bytes]]:
    """(time, key, value) of the records of the topic `releases`, in order: each rollout begins, and a good one is promoted."""
    events = []
    for fault in scenario.faults:
        if isinstance(fault, Rollout):
            begin_ms = scenario.start_ms + fault.at
            phases = [("canary", begin_ms, fault.traffic_share)]
            if fault.label_kind is None:
                phases.append(("promoted", begin_ms + fault.for_ms, 1.0))
            events += [(at_ms, fault, phase, share) for phase, at_ms, share in phases]
    for at_ms, fault, phase, share in sorted(events, key=lambda event: event[0]):
        record = {
            "event_id": content_id("release", fault.service, fault.release, phase, at_ms),
            "ts": at_ms,
            "service": fault.service,
            "release": fault.release,
            "baseline": fault.baseline or "",
            "phase": phase,
            "traffic_share": share,
            "target": fault.service,
        }
        yield at_ms, fault.service.encode(), json.dumps(record, separators=(",", ":")).encode()
