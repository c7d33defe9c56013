"""What detectors had learnt in format 3 -> the same in format 4, whose numbers take a third of the memory."""

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from detectors.columns import Floats
from detectors.nats import PARTS, Int16
from detectors.profile import HOURS, LOADS, MOST_HOURS

State = dict[str, Any]
_WINDOW_HOURS = 1 / 360
_DATED = [0, 3]
_WASTED = 6
_COUNTS = [0, 1, 2, 3, 4, 5, 7, 8, 9, 10, 11]


def narrowed(panel: State) -> State:
    """The state of the panel."""
    detectors = {name: _OF.get(name, _as_it_is)(state) for name, state in panel["detectors"].items()}
    return {**panel, "detectors": detectors}


def _as_it_is(state: State) -> State:
    return state


def _spikes(state: State) -> State:
    bank = state["bank"]
    rate, size, alarms, baseline = (bank[name] for name in ("rate", "size", "alarms", "baseline"))
    profile = {**baseline["profile"], "bins": _bins(baseline["profile"]["bins"])}
    return {
        **state,
        "bank": {
            "baseline": {**baseline, "profile": profile},
            "rate": {"log_e": _parts(rate["log_e"]), "since_s": rate["since_ms"][_DATED] // 1000},
            "size": {"log_e": _parts(size["log_e"]), "since_s": size["since_ms"] // 1000},
            "alarms": {**alarms, "since_s": alarms["since_ms"] // 1000, "began_s": alarms["began_ms"] // 1000},
        },
    }


def _bins(bins: State) -> State:
    """Sums of loads and of windows become means and hours."""
    mean = bins["total"] / np.maximum(bins["windows"], 1e-9)
    hours = np.minimum(bins["windows"] * _WINDOW_HOURS, MOST_HOURS)
    return {**bins, "mean": LOADS.packed(mean), "hours": HOURS.packed(hours)}


def _parts(log_e: Floats) -> Int16:
    return np.floor(log_e * PARTS).clip(-(1 << 15), (1 << 15) - 1).astype(np.int16)


def _retries(state: State) -> State:
    watches = [{**watch, "budget": _budget(watch["budget"]), "trail": _trail(watch["trail"])} for watch in state["watches"]]
    return {"fault": {"last": state["fault"]["last"][1]}, "watches": watches}


def _budget(budget: State) -> State:
    return {**budget, "operations": budget["operations"][1:], "log_e": _parts(budget["nats"])}


def _trail(trail: State) -> State:
    """Sums since the onset stand for the rows that have one."""
    last, since = trail["last"][1], trail["since"]
    rows = np.flatnonzero(since[0])
    onsets = [rows, since[[*_COUNTS, _WASTED]][:, rows], trail["since_ms"][rows]]
    return {"counts": last[_COUNTS], "wasted_nanos": last[_WASTED], "onsets": onsets}


_OF: Mapping[str, Callable[[State], State]] = {"cost_spike": _spikes, "token_spike": _spikes, "retry_storm": _retries}
