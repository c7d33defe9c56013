from detectors.anomaly import Severity
from detectors.unknown_price import UnknownPrice
from tests.detectors.builders import FactsBuilder


class Run:
    def __init__(self) -> None:
        self.detector, self.build = UnknownPrice(), FactsBuilder(("model",))

    def window(self, number: int, records: int):
        sums = {"attempts": records, "unknown_price": records, "assumed_nanos": records * 10**7}
        return self.detector.judge(self.build.window(number * 10_000, {("model",): {("new",): sums, ("old",): {"attempts": 9}}}))


def test_one_record_without_a_price_is_a_warning_within_its_window():
    (abnormal,) = Run().window(0, 1)
    assert abnormal.scope == (("model", "new"),)
    assert abnormal.severity is Severity.WARNING
    assert (abnormal.observed, abnormal.expected, abnormal.excess_nanos) == (1.0, 0.0, 0)


def test_records_and_assumed_money_are_summed_until_the_model_is_gone_for_ten_minutes():
    run = Run()
    run.window(0, 3)
    (abnormal,) = run.window(5, 4)
    assert (abnormal.evidence["records"], abnormal.evidence["assumed_usd"], abnormal.since_ms) == (7, "0.07", 0)
    (abnormal,) = run.window(66, 1)
    assert (abnormal.evidence["records"], abnormal.since_ms) == (1, 660_000)


def test_models_with_a_price_are_nothing():
    assert Run().window(0, 0) == []
