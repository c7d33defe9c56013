"""Blocks of real source partitions, cut anywhere, nested and repeated: the join makes the same windows of them."""

import random
from collections.abc import Iterable
from itertools import pairwise

from hypothesis import given, settings
from hypothesis import strategies as st

from streams.batch import Batch
from streams.block import Sealed
from streams.merge import Join
from streams.partition import SourcePartition
from streams.window import Timing
from tests.law.answers import FactsDigest
from tests.streams.records import BOOK, ROLLUPS, T0, record

TIMING = Timing()
ENTRY = st.tuples(
    st.integers(0, 9_000), st.integers(-60_000, 30_000), st.integers(0, 40), st.sampled_from("abc"), st.integers(1, 9)
)
LOG = st.lists(ENTRY, min_size=1, max_size=25)


def partition(number: int) -> SourcePartition:
    return SourcePartition(number, timing=TIMING, book=BOOK, rollups=ROLLUPS, has_arrival=True, partitions=2)


def blocks(number: int, entries: list[tuple[int, int, int, str, int]], cuts: set[int]) -> list[Sealed]:
    """What the owner of a partition writes: final blocks, at each cut the open one as far as it is, and the last at the end."""
    now, log = T0, []
    for step, ahead, event, tenant, tokens in entries:
        now += step
        log.append((record(f"{number}-{event}", ts=now + ahead, tenant=tenant, input_tokens=tokens), now))
    source, written = partition(number), []
    for low, high in pairwise(sorted({0, len(log), *(cut for cut in cuts if cut < len(log))})):
        part = log[low:high]
        written += source.feed(Batch([raw for raw, _ in part], range(low, high), [at for _, at in part]))
        written.append(source.sealed_so_far())
    return written


def windows(order: Iterable[Sealed]) -> dict[int, str]:
    join, digest = Join((0, 1), rollups=ROLLUPS, timing=TIMING), FactsDigest()
    for sealed in order:
        join.add(sealed)
        for facts in join.complete():
            digest.take(facts)
    for facts in join.close():
        digest.take(facts)
    return digest.windows


def rewound(written: list[Sealed], chance: random.Random) -> list[Sealed]:
    """The same blocks as several owners write them, each of which goes on from an older snapshot than the last had reached."""
    found: list[Sealed] = []
    at = 0
    while at < len(written):
        until = chance.randint(at + 1, len(written))
        found += written[at:until]
        at = until if until == len(written) else chance.randint(max(0, until - 3), until)
    return found


def interleaved(logs: list[list[Sealed]], chance: random.Random) -> list[Sealed]:
    turns = [number for number, log in enumerate(logs) for _ in log]
    chance.shuffle(turns)
    waiting = [iter(log) for log in logs]
    return [next(waiting[number]) for number in turns]


@settings(deadline=None, max_examples=60)
@given(LOG, LOG, st.sets(st.integers(1, 25)), st.integers(0, 2**32))
def test_merging_commutes_and_nested_and_repeated_blocks_change_nothing(one, other, cuts, seed):
    chance = random.Random(seed)
    plain = [blocks(number, entries, set()) for number, entries in enumerate((one, other))]
    cut = [rewound(blocks(number, entries, cuts), chance) for number, entries in enumerate((one, other))]
    assert windows(interleaved(cut, chance)) == windows(plain[0] + plain[1]) == windows(plain[1] + plain[0])


@settings(deadline=None, max_examples=60)
@given(LOG, LOG, st.integers(0, 2**32))
def test_merging_is_associative_blocks_may_come_in_any_order_after_the_first(one, other, seed):
    chance = random.Random(seed)
    logs = [blocks(number, entries, set()) for number, entries in enumerate((one, other))]
    first, rest = [log[0] for log in logs], [sealed for log in logs for sealed in log[1:]]
    shuffled = chance.sample(rest, len(rest))
    assert windows(first + shuffled) == windows(first + rest)


@settings(deadline=None, max_examples=60)
@given(LOG, st.integers(1, 25))
def test_equal_stretches_of_a_log_are_equal_blocks_whoever_read_them(entries, cut):
    assert blocks(0, entries, {cut})[-1] == blocks(0, entries, set())[-1]
