"""What one work waits for is under way before the next one begins."""

import asyncio
import time

import pytest

from streams.worker.staggered import staggered


async def work(name: str, said: list[str]) -> None:
    said.append(f"{name} begins")
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    said.append(f"{name} ends")


@pytest.mark.parametrize(("head_start_s", "second"), [(0.5, "one ends"), (0.0, "two begins")])
def test_the_next_one_begins_after_a_head_start(head_start_s: float, second: str) -> None:
    said: list[str] = []
    asyncio.run(staggered([work("one", said), work("two", said)], head_start_s=head_start_s))
    assert said[1] == second
    assert said[-1] == "two ends"


def test_a_slow_one_holds_nobody_up_for_long() -> None:
    async def both() -> bool:
        done = asyncio.Event()

        async def waits() -> None:
            await done.wait()

        async def frees() -> None:
            done.set()

        await asyncio.wait_for(staggered([waits(), frees()], head_start_s=0.01), 5)
        return done.is_set()

    assert asyncio.run(both())


def test_the_head_start_begins_when_the_first_one_waits() -> None:
    said: list[str] = []

    async def keeps_the_loop(name: str) -> None:
        time.sleep(0.02)  # noqa: ASYNC251 (as computing does)
        await asyncio.sleep(0.005)
        said.append(name)

    async def both() -> None:
        await staggered([keeps_the_loop("one"), work("two", said)], head_start_s=0.01)

    asyncio.run(both())
    assert said[:2] == ["one", "two begins"]


def test_a_failure_is_told() -> None:
    async def fails() -> None:
        raise ValueError("no")

    async def both() -> None:
        await staggered([fails(), work("two", [])])

    with pytest.raises(ValueError, match="no"):
        asyncio.run(both())
