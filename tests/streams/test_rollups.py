import numpy as np
import pytest

from detectors.buckets import bucket_of
from detectors.facts import ERRORS, HISTOGRAMS, SUMS
from streams import incidence
from streams.batch import Batch
from streams.block import Sealed, encode_parts
from streams.cells import ordered
from streams.leaves import FATES, fate_of
from streams.rollups import DEFAULT_ROLLUPS, DETECTORS_OWN, with_rollups
from streams.window import Timing
from tests.streams.records import T0, partition, record, totals


def block(*values: bytes) -> Sealed:
    source = partition()
    source.feed(Batch(values, range(len(values)), [T0] * len(values)))
    return source.end()


def histogram(sealed: Sealed, name: str) -> dict[int, int]:
    _, bucket, count = sealed.rollups[()].histograms[name]
    return dict(zip(bucket.tolist(), count.tolist(), strict=True))


def test_a_record_joins_a_rollup_only_with_a_value_for_each_dimension() -> None:
    sealed = block(record("a", tenant="t", env="prod"), record("b", tenant="", team="x"), record("c", env="prod", team="x"))
    assert sealed.rollups[()].sums[0, 0] == 3
    assert sealed.rollups["tenant",].scopes == [("t",)]
    assert sealed.rollups["env", "team"].scopes == [("prod", "x")]


def test_every_record_has_one_fate() -> None:
    assert set(FATES) == {"successes", "throttled", "cancelled", *ERRORS}
    for status in (None, 0, 200, 399, 400, 404, 408, 418, 429, 499, 500, 503, 504, 529, 999):
        sums = totals([block(record(status=status))])[False, T0 // 10_000, ()]
        assert [name for name in FATES if sums.get(name)] == [fate_of(None, status)]


def test_what_did_not_succeed_is_wasted() -> None:
    sums = totals([block(record("a", status=200), record("b", status=500, cost_usd=1), record("c", model="nobody", status=503))])
    assert sums[False, T0 // 10_000, ()]["wasted_nanos"] == 10**9 + 100 * 15_000 + 10 * 75_000


def test_histograms_count_the_figures_that_records_have() -> None:
    sealed = block(
        record("a", latency_ms=12.3456, input_tokens=300, output_tokens=0, cost_usd="0.5"),
        record("b", input_tokens=None, output_tokens=7),
        record("c", latency_ms=1e300, input_tokens=None, output_tokens=None, cost_usd=0),
    )
    expected = {"latency_us": [12_346, 1 << 50], "input_tokens": [300], "output_tokens": [0, 7], "cost_nanos": [5 * 10**8, 0]}
    assert list(expected) == list(HISTOGRAMS)
    for name, figures in expected.items():
        buckets = bucket_of(np.array(figures)).tolist()
        assert histogram(sealed, name) == dict.fromkeys(buckets, 1)


def test_scopes_that_only_explain_have_sums_and_no_histograms() -> None:
    texts = {"tenant": "t", "feature": "f", "service": "s", "release": "v1", "cohort": "canary", "env": "prod", "team": "x"}
    sealed = block(*[record(f"e{i}", latency_ms=i, **texts) for i in range(3)])
    for rollup, rows in sealed.rollups.items():
        assert rows.sums[:, 0].tolist() == [3]
        counted = [int(count.sum()) for _, _, count in rows.histograms.values()]
        assert counted == ([0, 0, 0, 0] if rollup in DETECTORS_OWN else [3, 3, 3, 3])


def test_few_and_many_products_give_the_same_bytes(monkeypatch: pytest.MonkeyPatch) -> None:
    values = [record(f"e{i}", tenant=f"t{i % 17}", latency_ms=i * 37 % 101, team="x", env=f"v{i % 3}") for i in range(400)]
    blocks = []
    for few in (0, 10**9):
        monkeypatch.setattr(incidence, "FEW", few)
        blocks.append(encode_parts(block(*values)))
    assert blocks[0] == blocks[1]


def test_many_new_leaves_in_one_batch_find_room() -> None:
    sealed = block(*[record(f"e{i}", tenant=f"t{i}") for i in range(5_000)])
    assert len(sealed.rollups["tenant",].scopes) == 5_000
    assert sealed.rollups["tenant",].sums.shape == (5_000, len(SUMS))


def test_the_default_rollups_are_those_of_the_engine() -> None:
    assert len(DEFAULT_ROLLUPS) == len(set(DEFAULT_ROLLUPS)) == 11
    assert all(rollup == tuple(sorted(rollup)) for rollup in DEFAULT_ROLLUPS)
    assert with_rollups([["tenant"], ["session_id"], ["team", "env"]]) == (*DEFAULT_ROLLUPS, ("session_id",))


def test_a_rollup_of_what_no_record_has_is_refused() -> None:
    with pytest.raises(ValueError, match="no dimension of a usage record: latency_ms"):
        with_rollups([["latency_ms"]])


@pytest.mark.parametrize("settings", [{"window_ms": 0}, {"grace_ms": -1}, {"window_ms": 1}])
def test_settings_of_time_that_cannot_work_are_refused(settings: dict[str, int]) -> None:
    with pytest.raises(ValueError, match="window_ms"):
        Timing(**settings)


def test_other_windows_give_the_same_totals() -> None:
    values = [record(f"e{i}", ts=T0 + i * 377, tenant=f"t{i % 3}") for i in range(200)]
    for window_ms in (50, 1_000, 3_600_000):
        source = partition(timing=Timing(window_ms=window_ms))
        blocks = [*source.feed(Batch(values, range(200), [T0 + i * 377 for i in range(200)])), source.end()]
        assert sum(sums["attempts"] for sums in totals(blocks).values()) == 200
        assert {key[1] for key in totals(blocks)} == {(T0 + i * 377) // window_ms for i in range(200)}


@pytest.mark.parametrize(("top", "value"), [(1 << 20, 1 << 11), (1 << 20, 1 << 40), (1 << 60, 1 << 40)])
def test_keys_are_ordered_with_their_values_however_long_a_word_they_take(top: int, value: int) -> None:
    keys, values = np.array([top, 3, 9]), np.array([7, value, 0])
    assert [each.tolist() for each in ordered(keys, values)] == [[3, 9, top], [value, 0, 7]]
    assert {each.dtype for each in ordered(keys, values)} == {np.dtype(np.int64)}
