"""Laws of episodes: one anomaly when one opens, one more for each rise, an end after calm."""

import pytest

from detectors.anomaly import Abnormal, Severity
from detectors.episodes import Episodes
from detectors.scope import Scope

ACME: Scope = (("tenant", "acme"),)
BOB: Scope = (("tenant", "bob"),)


def abnormal(scope: Scope = ACME, severity: Severity = Severity.ERROR, excess_nanos: int = 5) -> Abnormal:
    return Abnormal(
        scope=scope, severity=severity, since_ms=0, observed=10, expected=1, unit="tokens/min", score=1,
        reason="rate", excess_nanos=excess_nanos, evidence={},
    )  # fmt: skip


@pytest.fixture
def episodes() -> Episodes:
    return Episodes(calm_ms=30_000, policy_version="0" * 12)


def test_an_episode_that_lasts_is_written_once(episodes: Episodes):
    written = [list(episodes.take("token_spike", [abnormal()], end)) for end in (10_000, 20_000, 30_000)]
    assert [len(each) for each in written] == [1, 0, 0]


def test_only_of_what_is_written_more_is_asked(episodes: Episodes):
    asked = []

    def say(each: Abnormal) -> Abnormal:
        asked.append(each.scope)
        return each

    for end in (10_000, 20_000):
        list(episodes.take("token_spike", [abnormal(), abnormal(BOB)], end, say=say))
    assert asked == [ACME, BOB]


def test_a_rise_is_written_again_with_another_id_and_the_cost_so_far(episodes: Episodes):
    (first,) = episodes.take("token_spike", [abnormal(severity=Severity.WARNING)], 10_000)
    (second,) = episodes.take("token_spike", [abnormal(severity=Severity.CRITICAL)], 20_000)
    assert first.id != second.id
    assert (first.cost_usd, second.cost_usd) == ("0.000000005", "0.00000001")


def test_a_fall_of_severity_is_not_written(episodes: Episodes):
    list(episodes.take("token_spike", [abnormal(severity=Severity.CRITICAL)], 10_000))
    assert not list(episodes.take("token_spike", [abnormal(severity=Severity.WARNING)], 20_000))


def test_input_that_swings_around_the_threshold_stays_one_episode(episodes: Episodes):
    written = 0
    for end in range(10_000, 3_600_000, 20_000):
        written += len(list(episodes.take("token_spike", [abnormal()], end)))
        assert not list(episodes.end(end + 10_000, calm_ms={}))
    assert written == 1


def test_an_episode_ends_after_calm_and_may_open_again(episodes: Episodes):
    list(episodes.take("token_spike", [abnormal()], 10_000))
    (ended,) = episodes.end(40_000, calm_ms={})
    assert (ended.scope, ended.cost_usd) == ({"tenant": "acme"}, "0.000000005")
    assert list(episodes.take("token_spike", [abnormal()], 50_000))


def test_a_detector_may_have_a_calm_time_of_its_own(episodes: Episodes):
    list(episodes.take("token_spike", [abnormal()], 10_000))
    assert not list(episodes.end(20_000, calm_ms={"cost_spike": 10_000}))
    assert list(episodes.end(20_000, calm_ms={"token_spike": 10_000}))


def test_anomalies_come_in_the_order_of_scope_texts(episodes: Episodes):
    written = episodes.take("token_spike", [abnormal(BOB), abnormal(ACME)], 10_000)
    assert [each.scope["tenant"] for each in written] == ["acme", "bob"]


def test_only_scopes_that_are_abnormal_now_are_alarming(episodes: Episodes):
    list(episodes.take("token_spike", [abnormal(ACME), abnormal(BOB, Severity.WARNING)], 10_000))
    assert episodes.alarming(10_000) == {"tenant": 1}
    assert episodes.alarming(20_000) == {}


def test_a_restored_copy_goes_on_where_the_first_one_was(episodes: Episodes):
    list(episodes.take("token_spike", [abnormal()], 10_000))
    copy = Episodes(calm_ms=30_000, policy_version="0" * 12)
    copy.restore(episodes.snapshot())
    assert not list(copy.take("token_spike", [abnormal()], 20_000))
    assert copy.cost_nanos("token_spike", ACME) == 10


def test_time_in_which_nothing_could_be_seen_is_no_calm_time(episodes: Episodes):
    list(episodes.take("d", [abnormal()], 10_000))
    for end_ms in range(20_000, 1_000_000, 10_000):
        episodes.hold(end_ms - 10_000, end_ms)
        assert list(episodes.end(end_ms, calm_ms={})) == []
    assert episodes.alarming(990_000) == {"tenant": 1}
