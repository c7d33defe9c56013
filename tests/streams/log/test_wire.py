import itertools
import random

from streams.log.append import Record
from streams.log.wire import Assembly, record_of, records_of
from tests.streams.records import T0, fed, partition, record


def block(records=50):
    source = partition()
    fed(source, [(record(f"e{i}", ts=T0 + i, tenant=f"t{i}"), T0 + i) for i in range(records)])
    return source.sealed_so_far()


def test_a_block_comes_back_equal_and_whole_with_its_last_part():
    sealed, assembly = block(), Assembly()
    *first, last = [assembly.add(offset, each) for offset, each in enumerate(records_of(sealed, end=b"end"))]
    assert not any(first)
    assert last.sealed == sealed
    assert last.end == b"end"


def test_parts_of_two_writers_of_one_block_may_be_mixed(monkeypatch):
    monkeypatch.setattr("streams.log.wire.PART_BYTES", 6_000)
    sealed = block(300)
    records = records_of(sealed)
    assert len(records) > 2
    mixed = list(itertools.chain.from_iterable(zip(records, records, strict=True)))
    random.Random(1).shuffle(mixed)
    assembly = Assembly()
    whole = [each for offset, one in enumerate(mixed) if (each := assembly.add(offset, one)) is not None]
    assert whole
    assert all(each.sealed == sealed for each in whole)


def test_a_block_that_is_not_whole_is_read_again_from_its_first_part(monkeypatch):
    monkeypatch.setattr("streams.log.wire.PART_BYTES", 6_000)
    records, assembly = records_of(block(300)), Assembly()
    assert assembly.needed_from(7) == 7
    assembly.add(7, records[0])
    assert assembly.needed_from(8) == 7


def test_what_is_no_part_is_passed_over():
    assert Assembly().add(0, Record(b"", b"x")) is None
    assert record_of(None, None, None) == Record(b"", None)


def cut(sealed, monkeypatch, part_bytes):
    monkeypatch.setattr("streams.log.wire.PART_BYTES", part_bytes)
    return records_of(sealed)


def test_what_a_killed_writer_of_another_version_left_is_no_part_of_the_block(monkeypatch):
    sealed = block(300)
    old, new = cut(sealed, monkeypatch, 6_000), cut(sealed, monkeypatch, 11_000)
    assert len(new) < len(old)
    for first, second in ((old, new), (new, old)):
        for killed in range(1, len(first)):
            assembly = Assembly()
            found = [assembly.add(offset, each) for offset, each in enumerate([*first[:killed], *second])]
            assert [each.sealed for each in found if each] == [sealed]


def test_a_block_that_nobody_goes_on_with_is_forgotten_when_a_later_one_is_whole(monkeypatch):
    source, assembly = partition(), Assembly()
    fed(source, [(record(f"e{i}", ts=T0 + i, tenant=f"t{i}"), T0 + i) for i in range(300)])
    idle = cut(source.sealed_so_far(idle_at_ms=T0 + 5_000), monkeypatch, 6_000)
    assembly.add(7, idle[0])
    assert assembly.needed_from(8) == 7
    for offset, each in enumerate(cut(source.sealed_so_far(idle_at_ms=T0 + 9_000), monkeypatch, 6_000), start=8):
        assembly.add(offset, each)
    assert assembly.needed_from(20) == 20
