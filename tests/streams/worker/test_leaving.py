"""A worker that has ended, and tasks that have not."""

import asyncio
import contextlib
import logging
import time

import pytest

from streams.worker.leaving import LINGER_S, run_and_leave


class Deaf:
    """A task that goes on whatever it is told, until it is let go."""

    def __init__(self):
        self.gone = False

    async def run(self):
        while not self.gone:
            with contextlib.suppress(asyncio.CancelledError):
                await asyncio.sleep(0 if self.gone else 60)

    async def begin(self):
        self.loop, self.task = asyncio.get_running_loop(), asyncio.create_task(self.run())
        await asyncio.sleep(0)

    def let_go(self):
        self.gone = True
        self.task.cancel()
        self.loop.run_until_complete(self.task)


@pytest.fixture(autouse=True)
def _as_before():
    yield
    logging.getLogger("asyncio").disabled = False
    asyncio.get_event_loop_policy().get_event_loop().close()
    asyncio.set_event_loop(None)


def test_a_task_that_swallows_its_cancellation_holds_nobody_up():
    deaf, began_s = Deaf(), time.monotonic()
    run_and_leave(deaf.begin())
    assert time.monotonic() - began_s < LINGER_S + 1
    assert not deaf.task.done()
    deaf.let_go()


def test_what_went_wrong_is_told():
    async def work():
        raise ValueError("why")

    with pytest.raises(ValueError, match="why"):
        run_and_leave(work())
