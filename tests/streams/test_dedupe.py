import itertools

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from streams.dedupe import Dedupe, identities, payloads

EVENTS = st.tuples(st.sampled_from([f"e{i}" for i in range(12)]), st.integers(0, 2), st.sampled_from([0, 0, 300, 1_000, 7_000]))


def dedupe() -> Dedupe:
    return Dedupe(window_ms=1_000, dedupe_ms=5_000)


def asked(known: Dedupe, log: list[tuple[str, int, int]]) -> list[tuple[bool, bool]]:
    ids = identities([event.encode() for event, _, _ in log])
    fresh, conflict = known.first_seen(ids, np.array([p for _, p, _ in log], np.uint32), np.array([at for *_, at in log], np.int64))
    return list(zip(fresh.tolist(), conflict.tolist(), strict=True))


def naive(log: list[tuple[str, int, int]]) -> list[tuple[bool, bool]]:
    seen: dict[str, tuple[int, int]] = {}
    answers = []
    for event, payload, at in log:
        bucket, first = seen.get(event, (-(10**9), 0))
        fresh = bucket < (at - 5_000) // 1_000
        if fresh:
            seen[event] = (at // 1_000, payload)
        answers.append((fresh, not fresh and payload != first))
    return answers


def clocked(steps: list[tuple[str, int, int]]) -> list[tuple[str, int, int]]:
    return [(event, payload, 10**6 + sum(step for *_, step in steps[: i + 1])) for i, (event, payload, _) in enumerate(steps)]


@settings(deadline=None)
@given(st.lists(EVENTS, max_size=40), st.sets(st.integers(1, 40)), st.booleans())
def test_answers_are_those_of_a_plain_dict_however_the_log_is_cut(
    steps: list[tuple[str, int, int]], cuts: set[int], restart: bool
) -> None:
    log, known, answers = clocked(steps), dedupe(), []
    edges = sorted({0, len(log), *(cut for cut in cuts if cut < len(log))})
    for low, high in itertools.pairwise(edges):
        answers += asked(known, log[low:high])
        if restart:
            state, known = known.snapshot(), dedupe()
            known.restore(state)
    assert answers == naive(log)


def test_a_hundred_thousand_ids_are_told_apart_and_forgotten_in_time() -> None:
    known = dedupe()
    for second in range(20):
        log = [(f"e{second}-{i}", 0, 10**6 + second * 1_000) for i in range(5_000)]
        assert all(fresh for fresh, _ in asked(known, log))
        assert not any(fresh for fresh, _ in asked(known, log))
    assert len(known) == 6 * 5_000
    assert len(known._table) <= 1 << 18


def test_a_snapshot_repeats_the_pieces_of_the_one_before() -> None:
    known = dedupe()
    asked(known, [("a", 0, 10**6), ("b", 0, 10**6)])
    before = known.snapshot()
    asked(known, [("c", 0, 10**6), ("d", 0, 10**6 + 10_000)])
    after = known.snapshot()
    assert len(after) == len(before) + 2
    assert all(after[name] is piece for name, piece in before.items())


def test_identities_are_the_same_in_every_process() -> None:
    events = [b"ev-1", "é".encode()]
    assert identities(events).tolist() == [int(identities([each])[0]) for each in events]
    assert identities([b"ev-1"]).tolist() == [IDENTITY]
    assert payloads([b"x"]).dtype == np.uint32


IDENTITY = 3735681015104329483
