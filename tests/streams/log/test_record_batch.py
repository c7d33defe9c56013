"""What we unpack of an answer is what aiokafka makes of it, whatever stands there; what is damaged is refused by both."""

import random

import google_crc32c
import pytest
from aiokafka.consumer import fetcher
from aiokafka.errors import CorruptRecordException
from aiokafka.structs import TopicPartition

from streams.log import record_batch
from streams.log.bare import bare
from streams.log.record_batch import RecordBatches, checksum
from tests.streams.log.answers import BY_LOG, TRANSACTIONAL, batch, mark, old_batch, sealed

TP = TopicPartition("telemetry", 0)
READ_COMMITTED = 1
RECORDS = [
    (0, 1_700_000_000_000, b"acme", b"{}"),
    (1, 1_700_000_000_001, None, None),
    (2, 1_699_999_999_000, b"", b"x" * 1000),
    (3, 1_700_000_000_002, b"k" * 300, b""),
]


def opened(raw, deserializer, *, offset=0, aborted=()):
    answer = fetcher.MemoryRecords(raw)
    return fetcher.PartitionRecords(TP, answer, list(aborted), offset, None, deserializer, True, READ_COMMITTED)


def ours(raw, *, most=None, **settings):
    """What we read, in pieces of at most so many records, and where we would go on."""
    records = opened(raw, bare, **settings)
    found, more = [], True
    while more:
        taken, more = records.take(most)
        keyless = taken.numbers[2].tolist()
        found += zip(taken.offsets.tolist(), taken.arrivals_ms.tolist(), keyless, taken.values, strict=True)
        assert len(taken) <= (most or len(taken))
    return found, records.next_fetch_offset


def theirs(raw, **settings):
    """The same by aiokafka."""
    records = opened(raw, None, **settings)
    return [(each.offset, each.timestamp, each.key is None, each.value) for each in records], records.next_fetch_offset


def same(raw, **settings):
    found = theirs(raw, **settings)
    for most in (None, 1, 3, 700):
        assert ours(raw, most=most, **settings) == found
    return found[0]


@pytest.fixture(params=[True, False], ids=["compiled", "without a compiler"])
def either(request, monkeypatch):
    """Both ways of reading."""
    assert record_batch.unpack is not None
    if not request.param:
        monkeypatch.setattr(record_batch, "unpack", None)


@pytest.mark.usefixtures("either")
@pytest.mark.parametrize("codec", range(5))
def test_every_codec_is_read(codec):
    found = same(batch(RECORDS, base=70, codec=codec))
    assert found == [(70 + at, sent_ms, key is None, value) for at, sent_ms, key, value in RECORDS]


@pytest.mark.usefixtures("either")
def test_records_that_are_stamped_by_the_log_have_its_time():
    found = same(batch(RECORDS, flags=BY_LOG, largest_ms=1_800_000_000_000))
    assert {sent_ms for _, sent_ms, _, _ in found} == {1_800_000_000_000}


@pytest.mark.usefixtures("either")
def test_what_compaction_took_is_passed_over():
    rare = [(3, 1, b"a", b"1"), (9, 2, b"b", b"2"), (10, 3, b"c", b"3")]
    assert [offset for offset, *_ in same(batch(rare, base=100))] == [103, 109, 110]
    assert [offset for offset, *_ in same(batch(rare, base=100), offset=105)] == [109, 110]


@pytest.mark.usefixtures("either")
def test_a_position_within_a_batch_is_where_reading_begins():
    assert [offset for offset, *_ in same(batch(RECORDS) + batch(RECORDS, base=4), offset=2)] == [2, 3, 4, 5, 6, 7]


@pytest.mark.usefixtures("either")
@pytest.mark.parametrize("length", [1, 7, 900])
def test_batches_of_every_length_follow_each_other(length):
    records = [(at, 1_700_000_000_000 + at, b"k", b"%d" % at) for at in range(length)]
    raw = b"".join(batch(records, base=number * length, codec=number % 5) for number in range(2_000 // length))
    assert len(same(raw)) == 2_000 // length * length


@pytest.mark.usefixtures("either")
def test_an_aborted_transaction_is_not_read_and_a_committed_one_is():
    raw = b"".join(
        [
            batch(RECORDS, base=0),
            batch(RECORDS, base=4, flags=TRANSACTIONAL, producer=7),
            batch(RECORDS, base=8, flags=TRANSACTIONAL, producer=8),
            mark(12, producer=7, commits=False),
            mark(13, producer=8, commits=True),
            batch(RECORDS, base=14, flags=TRANSACTIONAL, producer=7),
            mark(18, producer=7, commits=True),
            batch(RECORDS, base=19, producer=9),
        ]
    )
    found = same(raw, aborted=[(7, 4)])
    assert [offset for offset, *_ in found] == [*range(4), *range(8, 12), *range(14, 18), *range(19, 23)]
    assert len(same(raw)) == len(found) + 4


@pytest.mark.usefixtures("either")
def test_older_formats_are_read():
    assert len(same(old_batch(RECORDS))) == 4
    both, _ = ours(old_batch(RECORDS) + batch(RECORDS, base=4))  # aiokafka does not read an answer that has both
    assert [(offset, value) for offset, _, _, value in both] == [(at, RECORDS[at % 4][3]) for at in range(8)]


@pytest.mark.usefixtures("either")
@pytest.mark.parametrize("cut", [1, 11, 12, 60, 61, 62, 500])
def test_a_batch_that_was_cut_off_is_left_for_the_next_answer(cut):
    whole, last = batch(RECORDS), batch(RECORDS, base=4)
    assert same(whole + last[:cut]) == same(whole)


def test_an_empty_answer_holds_nothing():
    assert not RecordBatches(b"").has_next()
    assert ours(b"") == ([], 0)


def outcome(read, raw, *refusals):
    try:
        return read(raw)
    except (CorruptRecordException, *refusals):
        return "refused"


@pytest.mark.parametrize("seed", range(4))
def test_damage_is_refused(seed):
    chance = random.Random(seed)
    whole = batch(RECORDS, codec=seed) + batch(RECORDS, base=4)
    for _ in range(300):
        raw = bytearray(whole)
        raw[chance.randrange(len(raw))] ^= 1 << chance.randrange(8)
        assert outcome(ours, bytes(raw)) == outcome(theirs, bytes(raw))


@pytest.mark.parametrize("seed", range(4))
def test_a_batch_that_says_what_is_not_so_is_refused_or_read_as_by_aiokafka(seed):
    """Its checksum is right, so that everything behind it is looked at: nobody may read beyond its bytes."""
    chance = random.Random(seed)
    refused = 0
    short = [(at, sent_ms, key, (value or b"")[:20]) for at, sent_ms, key, value in RECORDS]
    for _ in range(1_500):
        raw = bytearray(batch(short))
        for _ in range(chance.randrange(1, 4)):
            raw[chance.randrange(57, len(raw))] = chance.randrange(256)
        found, known = outcome(ours, sealed(raw)), outcome(theirs, sealed(raw), UnicodeDecodeError)
        refused += found == "refused"
        assert found in (known, "refused") or known == "refused"  # it looks into headers, and we at the order of offsets
    assert refused > 100


@pytest.mark.parametrize("implementation", ["c", "python"])
def test_the_checksum_is_that_of_castagnoli(implementation, monkeypatch):
    """RFC 3720, B.4: 32 bytes of zeros."""
    monkeypatch.setattr(google_crc32c, "implementation", implementation)
    assert checksum(b"\x01" + bytes(32) + b"\x01", 1, 33) == 0x8A9136AA
    long = random.Random(1).randbytes(200_000)
    assert checksum(long, 5, len(long)) == google_crc32c.value(long[5:])
