"""A level -> log lines on stderr: ours from that level on, those of the libraries from warnings on and no flood of them."""

import logging
import time
from collections.abc import Callable

FORMAT = "%(asctime)s %(levelname)s %(name)s: %(message)s"
OURS = ("tidegate", "streams", "actions", "detectors")
QUIET_S = 30.0


class OnceInAWhile(logging.Filter):
    """Lets a line of a library through once in half a minute; the next one says how many were left out.

    A client whose broker is gone says so several hundred times a second.
    """

    def __init__(self, *, monotonic_s: Callable[[], float] = time.monotonic) -> None:
        super().__init__()
        self._monotonic_s = monotonic_s
        self._seen: dict[tuple[str, str], tuple[float, int]] = {}

    def filter(self, record: logging.LogRecord) -> bool:
        """Whether to write it."""
        if record.name.startswith(OURS):
            return True
        key, now_s = (record.name, str(record.msg)), self._monotonic_s()
        since_s, left_out = self._seen.get(key, (-QUIET_S, 0))
        if now_s - since_s < QUIET_S:
            self._seen[key] = (since_s, left_out + 1)
            return False
        self._seen[key] = (now_s, 0)
        if left_out:
            record.msg = f"{record.getMessage()} ({left_out} more like this)"
            record.args = None
        return True


def set_up_logs(level: str) -> None:
    """Set the levels; called once by the process."""
    logging.basicConfig(format=FORMAT, level=logging.WARNING, force=True)
    for handler in logging.getLogger().handlers:
        handler.addFilter(OnceInAWhile())
    for name in OURS:
        logging.getLogger(name).setLevel(level.upper())
    for name in ("faust", "mode", "aiokafka", "uvicorn", "asyncio"):
        logging.getLogger(name).setLevel(logging.WARNING)
