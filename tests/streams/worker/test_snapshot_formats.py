"""Snapshots that older versions wrote: this version goes on from them as if it had never stopped."""

import asyncio

import pytest

from streams.log.formats import FORMAT
from streams.log.snapshot import Snapshots
from tests.golden.snapshots import HALF, KEYS, Stages, file_of, read, records


@pytest.fixture(scope="module")
def never_stopped():
    async def run():
        stages = Stages()
        await stages.feed(0, records()[:HALF])
        halfway = [len(said) for said in stages.said()]
        await stages.feed(HALF, records()[HALF:])
        return stages, [said[count:] for said, count in zip(stages.said(), halfway, strict=True)]

    return asyncio.run(run())


async def restored(number):
    stages = Stages()
    found = {key: await Snapshots(None, None, "").newest(key, read(number, key)) for key in KEYS}
    assert found["ingest/0"].position == HALF
    stages.source.restore(found["ingest/0"].state)
    stages.detect.restore(found["detect"].position, found["detect"].state)
    stages.act.restore(found["act"].position, found["act"].state)
    return stages


@pytest.mark.parametrize("number", range(1, FORMAT + 1))
def test_what_follows_an_older_snapshot_is_what_would_have_followed(number, never_stopped):
    async def run():
        stages = await restored(number)
        await stages.feed(HALF, records()[HALF:])
        return stages

    whole, expected = never_stopped
    stages = asyncio.run(run())
    assert stages.said() == expected
    assert all(expected)
    assert stages.source.tally.snapshot() == whole.source.tally.snapshot()


def test_todays_format_has_a_golden_snapshot():
    assert file_of(FORMAT).exists()
