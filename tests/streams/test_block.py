import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from streams.batch import Batch
from streams.block import Marker, Sealed, _least_size, _piece, decode_parts, encode_parts
from tests.streams.records import T0, partition, record


def block(tenants: int, *, step_ms: int = 0) -> Sealed:
    source = partition()
    values = [record(f"e{i}", ts=T0 + i % 7 * step_ms, tenant=f"t{i:05d}", latency_ms=i) for i in range(tenants)]
    source.feed(Batch(values, range(tenants), [T0] * tenants))
    return source.end()


def numbered(sealed: Sealed, parts: int) -> Sealed:
    return Sealed(msgspec.structs.replace(sealed.marker, parts=parts), sealed.rollups)


@settings(deadline=None, max_examples=20)
@given(st.integers(0, 60), st.sampled_from([4_000, 9_000, 512 * 1024]), st.randoms())
def test_a_block_comes_back_as_it_was_in_whatever_order_its_parts_come(tenants: int, max_bytes: int, random: object) -> None:
    sealed = block(tenants, step_ms=2_000)
    parts = encode_parts(sealed, max_bytes)
    shuffled = sorted(parts, key=lambda _: random.random())  # type: ignore[attr-defined]
    assert decode_parts(shuffled) == numbered(sealed, len(parts))
    assert encode_parts(decode_parts(parts), max_bytes) == parts


def test_rows_are_never_taken_for_more_bytes_than_they_are() -> None:
    """Else a block would be cut elsewhere than by whoever builds its pieces to see."""
    sizes = [
        (_least_size(rows, low, high), len(msgspec.msgpack.encode(_piece(rows, low, high))))
        for rows in block(40, step_ms=700).rollups.values()
        for low in range(0, len(rows.scope), 7)
        for high in range(low + 1, len(rows.scope) + 1, 5)
    ]
    assert all(0 < least <= real for least, real in sizes)


def test_no_part_is_larger_than_it_may_be() -> None:
    parts = encode_parts(block(3_000), 64 * 1024)
    assert len(parts) > 2
    assert max(map(len, parts)) <= 64 * 1024


def test_equal_blocks_are_equal_bytes_and_others_are_not() -> None:
    assert encode_parts(block(5)) == encode_parts(block(5))
    assert block(5) == block(5)
    assert block(5) != block(6)


def test_parts_of_different_blocks_or_too_few_are_refused() -> None:
    one, two = encode_parts(block(300), 20_000), encode_parts(block(301), 20_000)
    for wrong in (one[:-1], [one[0], *two[1:]], one + one[:1]):
        with pytest.raises(ValueError, match="not the parts"):
            decode_parts(wrong)


def test_a_marker_comes_back_as_it_was() -> None:
    marker = block(1).marker
    assert Marker.decode(marker.encode()) == marker
    assert marker.encode().startswith(b'{"partition":0,"chunk":')


def test_rows_are_sorted_and_scopes_are_each_there_once() -> None:
    rows = block(200, step_ms=2_000).rollups[("model", "tenant")]
    order = list(zip(rows.late.tolist(), rows.window.tolist(), rows.scope.tolist(), strict=True))
    assert order == sorted(set(order))
    assert rows.scopes == sorted(set(rows.scopes))
    row, bucket, count = rows.histograms["latency_us"]
    pairs = list(zip(row.tolist(), bucket.tolist(), strict=True))
    assert pairs == sorted(set(pairs))
    assert int(count.sum()) == int(rows.sums[:, 0].sum()) == 200
