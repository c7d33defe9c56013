from detectors.client_repeats import ClientRepeats
from tests.detectors.builders import FactsBuilder


def repeats(**sums: int) -> float:
    own, build = ClientRepeats(), FactsBuilder(("tenant",))
    own.take(build.window(0, {("tenant",): {("acme",): sums}}).rollups[("tenant",)], 10_000)
    return round(float(own.repeats(1)[0]))


def test_retries_beyond_the_retryable_failures_follow_client_errors():
    assert repeats(retries=30, server_errors=5, timeouts=3, throttled=2, client_errors=40) == 20


def test_there_are_no_more_of_them_than_client_errors():
    assert repeats(retries=30, client_errors=7) == 7


def test_retries_of_what_may_succeed_are_none():
    assert repeats(retries=30, overloaded=31, client_errors=9) == 0
