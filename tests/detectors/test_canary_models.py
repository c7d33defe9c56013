from detectors.canary_models import ROLLUP, CanaryModels
from tests.detectors.builders import FactsBuilder


def after(rows: dict[tuple[str, ...], tuple[int, int]]) -> CanaryModels:
    models, build = CanaryModels(), FactsBuilder(ROLLUP)
    named = {values: {"attempts": attempts, "known_nanos": nanos} for values, (attempts, nanos) in rows.items()}
    models.take(build.window(0, {ROLLUP: named}).rollups[ROLLUP], 10_000)
    return models


ROWS = {
    ("canary", "large", "v2", "answers"): (10, 10_000_000_000),
    ("canary", "small", "v2", "answers"): (5, 500_000_000),
    ("baseline", "small", "v1", "answers"): (40, 4_000_000_000),
    ("baseline", "small", "v0", "answers"): (3, 1),
    ("canary", "large", "v2", "other"): (99, 1),
}


def test_both_arms_are_shown_model_by_model():
    large, small = after(ROWS).of("answers", "v2")
    assert large == {
        "model": "large",
        "canary": {"attempts": 10, "usd_per_attempt": 1.0},
        "baseline": {"attempts": 0, "usd_per_attempt": None},
    }
    assert (small["canary"]["usd_per_attempt"], small["baseline"]["attempts"]) == (0.1, 43)


def test_the_release_of_the_baseline_is_the_one_with_most_attempts():
    assert after(ROWS).release_of_baseline("answers") == "v1"
    assert after(ROWS).release_of_baseline("nobody") == ""
