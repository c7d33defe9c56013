import msgspec

from detectors.anomaly import Abnormal, Anomaly, Judgement, Severity
from detectors.canonical import time_text
from streams.log.judgement_wire import Judgements, records_of_judgement

T0 = 1_790_000_000_000


def anomaly(tenant):
    abnormal = Abnormal(
        scope=(("tenant", tenant),), severity=Severity.ERROR, since_ms=T0, observed=1.0, expected=0.5, unit="USD", score=1.0,
        reason="r", excess_nanos=1, evidence={"a": 1},
    )  # fmt: skip
    return Anomaly.of(abnormal, detector="cost_spike", since_ms=T0, end_ms=T0 + 10_000, cost_nanos=1, policy_version="0" * 12)


def judgement(window=0, tenants=()):
    start_ms = T0 + window * 10_000
    return Judgement(
        window_start=time_text(start_ms), window_end=time_text(start_ms + 10_000), anomalies=tuple(map(anomaly, tenants)),
        alarming={"tenant": 1},
    )  # fmt: skip


def read(records, judgements=None):
    judgements = judgements or Judgements()
    return [found for offset, record in enumerate(records) if (found := judgements.add(offset, record)) is not None]


def test_a_judgement_comes_back_as_it_was():
    sent = judgement(tenants=("b", "a"))
    assert read(records_of_judgement(sent)) == [sent]


def test_a_naive_reader_sees_anomalies_and_tombstones_alone():
    *anomalies, marker = records_of_judgement(judgement(tenants=("a", "b")))
    assert [msgspec.json.decode(each.value)["scope"] for each in anomalies] == [{"tenant": "a"}, {"tenant": "b"}]
    assert marker.value is None


def test_what_a_second_writer_says_again_changes_nothing():
    first, second = records_of_judgement(judgement(0, ("a",))), records_of_judgement(judgement(1, ("b",)))
    assert read([first[0], *first, *first, *second, *first, *second]) == [judgement(0, ("a",)), judgement(1, ("b",))]


def test_an_anomaly_without_its_marker_is_read_again():
    judgements = Judgements()
    read(records_of_judgement(judgement(0, ("a",)))[:1], judgements)
    assert judgements.needed_from(9) == 0
