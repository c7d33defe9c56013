import msgspec
import pytest

from actions.control import ControlKind
from actions.quotas import Quota, encode_quota
from actions.receipt import Hindrance, Outcome, Receipt
from detectors.anomaly import Judgement
from detectors.canonical import encode
from streams.controls import control_of, record_of_control
from streams.log.append import Record
from streams.log.judgement_wire import records_of_judgement
from streams.log.topics import Topics
from streams.worker.observed import Observed
from tests.actions.builders import decision

TOPICS = Topics()


def asked(*controls):
    observed = Observed(TOPICS)
    for offset, (kind, params) in enumerate(controls):
        observed.take(TOPICS.control, offset, record_of_control(control_of(kind, by="ann", params=params)))
    return observed


def test_the_last_word_on_a_freeze_counts():
    freeze, unfreeze = (ControlKind.FREEZE, {"reason": "look"}), (ControlKind.UNFREEZE, {})
    assert asked().frozen == ""
    assert asked(freeze).frozen == "ann: look"
    assert asked(freeze, unfreeze).frozen == ""
    assert asked(unfreeze, freeze, (ControlKind.LIFT, {"scope": "tenant=a"})).frozen == "ann: look"


def test_a_decision_is_approved_or_refused_or_nothing_was_said():
    observed = asked((ControlKind.APPROVE, {"decision_id": "a"}), (ControlKind.REFUSE, {"decision_id": "b"}))
    assert [observed.answer(each) for each in "abc"] == [True, False, None]


def test_a_control_that_comes_twice_counts_once():
    observed, record = Observed(TOPICS), record_of_control(control_of(ControlKind.FREEZE, by="ann", params={}))
    for offset in (0, 1):
        observed.take(TOPICS.control, offset, record)
    assert len(observed.controls) == 1


def test_a_late_quota_changes_nothing():
    observed = Observed(TOPICS)
    for fence, level in ((5, 2), (3, 1)):
        quota = Quota(scope="tenant=a", level=level, factor=0.5, until="2100-01-01T00:00:00Z", fence=fence)
        observed.take(TOPICS.quotas, fence, Record(b"tenant=a", encode_quota(quota)))
    assert observed.quotas.get("tenant=a", 0).level == 2


def test_what_is_not_of_the_topic_is_an_error_of_values():
    with pytest.raises(msgspec.DecodeError):
        Observed(TOPICS).take(TOPICS.decisions, 0, Record(b"x", b"{}"))
    assert issubclass(msgspec.DecodeError, ValueError)


def test_a_source_partition_that_was_not_seen_is_named_until_a_window_has_seen_it():
    observed = Observed(TOPICS)
    said = []
    for offset, blind in enumerate(({}, {"3": "without a leader", "10": "lagging"}, {})):
        start, end = (f"2026-03-02T08:00:{offset + more}0Z" for more in (0, 1))
        (record,) = records_of_judgement(Judgement(window_start=start, window_end=end, blind=blind))
        observed.take(TOPICS.anomalies, offset, record)
        said.append(observed.blindness)
    assert said == ["", "source partition 3 is without a leader; source partition 10 is lagging", ""]


@pytest.mark.parametrize(("outcome", "acted"), [(Outcome.PENDING_APPROVAL, True), (Outcome.DONE, True), (Outcome.SKIPPED, False)])
def test_what_was_acted_on_says_from_when_on_nothing_is_history(outcome, acted):
    observed, taken = Observed(TOPICS), decision()
    receipt = Receipt(
        decision_id=taken.id, at=taken.ts, dry_run=False, outcome=outcome, reason=Hindrance.NOTHING, detail="", attempts=1
    )
    observed.take(TOPICS.decisions, 0, Record(taken.id.encode(), encode(taken)))
    observed.take(TOPICS.receipts, 0, Record(taken.id.encode(), encode(receipt)))
    assert observed.acted_by(taken.ts) is acted
    assert not observed.acted_by("1999-01-01T00:00:00Z")
