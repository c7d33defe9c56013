"""A coroutine -> its result, within a second of its end, although tasks that it leaves behind do not end."""

import asyncio
import logging
from collections.abc import Coroutine
from typing import Any

LINGER_S = 1.0


def run_and_leave(work: Coroutine[Any, Any, None]) -> None:
    """What `asyncio.run` does, but tasks that swallow their cancellation are left behind.

    Faust takes an agent that is cancelled for one that has crashed, and starts it again: on a busy machine a worker that had
    written everything would wait for that for ever.
    """
    loop = asyncio.new_event_loop()
    asyncio.set_event_loop(loop)
    try:
        loop.run_until_complete(work)
    finally:
        left = asyncio.all_tasks(loop)
        for task in left:
            task.cancel()
        logging.getLogger("asyncio").disabled = True  # it would tell of each one that is left
        if left:
            loop.run_until_complete(asyncio.wait(left, timeout=LINGER_S))
