import pytest

from actions.titles import LONGEST, title, together
from tests.actions.said import anomaly


def test_a_title_says_whom_what_and_who_says_so():
    assert title(anomaly("token_spike", "tenant=acme")) == "tenant acme: tokens 9.8x of expected (token_spike)"


def test_everything_has_a_name():
    assert title(anomaly("cost_spike", "global", unit="usd")).startswith("everything: ")


def test_where_nothing_was_expected_the_observed_value_stands_alone():
    seen = anomaly("token_spike", "model=m", observed=12.0, expected=0.0)
    assert title(seen) == "model m: tokens 12, none expected (token_spike)"


def test_a_title_is_short_whatever_names_people_give():
    assert len(title(anomaly("token_spike", f"tenant={'x' * 256}"))) == LONGEST


def test_a_crowd_is_counted():
    both = [anomaly("token_spike", "tenant=a"), anomaly("cost_spike", "tenant=b"), anomaly("cost_spike", "tenant=a")]
    assert together(both, "tenant") == "2 scopes of tenant alarm together (cost_spike, token_spike)"


@pytest.mark.parametrize(
    ("detector", "observed", "words"),
    [
        ("retry_storm", 3.44, "3.44 attempts an operation"),
        ("budget_threshold", 92.3, "budget monthly 92.3 % spent"),
        ("budget_burn", 60.0, "budget monthly burns 60x as fast as it may"),
        ("canary_regression", 2.0, "cost a success 2x of baseline"),
        ("telemetry_silence", 61.0, "silent for 61 s"),
        ("unknown_price", 7.0, "no price known, 7 records at the upper bound"),
    ],
)
def test_detectors_whose_figures_say_more_than_a_ratio_have_words_of_their_own(detector, observed, words):
    seen = anomaly(detector, "tenant=acme", observed=observed, evidence={"budget": "monthly"})
    assert title(seen) == f"tenant acme: {words} ({detector})"
