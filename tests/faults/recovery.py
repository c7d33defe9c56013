"""A worker that was killed -> how long it took until it, and what it had held up, was where it should be again."""

import time
from collections.abc import Iterable
from typing import Any

from tests.faults.rig import Rig
from tests.kafka.service import Worker

LOOK_S = 0.2
BEHIND_S = 2.0
"""A partition that is at most so far behind its end is being read as it comes."""
GIVE_UP_S = 120.0
CALM_S = 20.0
"""A window, the grace, the idle time, and a little."""


def recovered_s(its: Rig, since_s: float, *, give_up_s: float = GIVE_UP_S) -> float | None:
    """Seconds from a fault until all workers are ready, every source partition is read as it comes, and no window is due.

    A worker that has ended by itself meanwhile is started again, as a supervisor would.

    Args:
        since_s: monotonic time of the fault.

    Returns:
        None when that has not come true after `give_up_s`.
    """
    while time.monotonic() - since_s < give_up_s:
        its.look_after()
        if _well(its):
            return time.monotonic() - since_s
        time.sleep(LOOK_S)
    return None


def disturbed_s(its: Rig, since_s: float, *, give_up_s: float = GIVE_UP_S) -> float | None:
    """Seconds from a fault to the last moment at which something was not as it should be; 0 when nothing ever was.

    For faults that may show late: all has to be well for as long as a window takes before that is believed.

    Returns:
        None when it was not well for so long in `give_up_s`.
    """
    last_s = since_s
    while time.monotonic() - since_s < give_up_s:
        its.look_after()
        if not _well(its):
            last_s = time.monotonic()
        elif time.monotonic() - last_s >= CALM_S:
            return last_s - since_s
        time.sleep(LOOK_S)
    return None


def _well(its: Rig) -> bool:
    return all(_ready(worker) for worker in its.alive()) and _reads_all(its) and _judges(its)


def _ready(worker: Worker) -> bool:
    return bool((_asked(worker, "readyz") or {}).get("ready"))


def _judges(its: Rig) -> bool:
    """Whether no window waits longer than a window has to: its length, the grace and the idle time."""
    statuses = [_asked(worker, "api/v1/status") for worker in its.alive()]
    return all(status is not None and status["lag_s"] == 0.0 and not status["blind"] for status in statuses)


def _reads_all(its: Rig) -> bool:
    """Whether the living workers together read every source partition, and are not behind."""
    behind = {name: value for worker in its.alive() for name, value in _lags(worker)}
    return len(behind) >= its.setting.partitions and sum(behind.values()) <= its.setting.per_s * BEHIND_S


def _asked(worker: Worker, path: str) -> Any:
    try:
        return worker.get(path)
    except OSError:
        return None


def _lags(worker: Worker) -> Iterable[tuple[str, float]]:
    try:
        metrics = worker.metrics()
    except OSError:
        return ()
    return [(name, value) for name, value in metrics.items() if name.startswith("tidegate_consumer_lag_records{")]
