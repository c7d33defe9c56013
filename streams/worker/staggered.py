"""Works that go on at once, each begun a little after the one before it."""

import asyncio
from collections.abc import Coroutine, Sequence
from typing import Any

HEAD_START_S = 0.008
"""How long the next one waits at most, from when this one waits: a broker nearby has acknowledged a block by then."""


async def staggered(works: Sequence[Coroutine[Any, Any, None]], *, head_start_s: float = HEAD_START_S) -> None:
    """Return when all have ended. What one waits for is under way before the next one keeps the loop to itself.

    Args:
        works: In the order in which they are begun.
        head_start_s: 0 begins all of them at once.
    """
    tasks: list[asyncio.Task[None]] = []
    for work in works:
        tasks.append(asyncio.create_task(work))
        if head_start_s:
            await asyncio.sleep(0)  # it keeps the loop until it waits, and only then its head start begins
            await asyncio.wait(tasks[-1:], timeout=head_start_s)
    await asyncio.gather(*tasks)
