import re
from pathlib import Path

import pytest

from streams.metrics import DECLARED, DETECTION_DELAY, OTHER, RECORDS, SPEND, THROTTLE_LEVEL, Metrics, metrics_page

FIXED = """tidegate_records_total tidegate_dead_letters_total{reason} tidegate_duplicates_total tidegate_late_total
tidegate_spend_usd_total{model,priced} tidegate_tokens_total{model,direction} inference_cost_per_1k_usd{model}
tidegate_consumer_lag_records{partition} tidegate_watermark_age_seconds{partition} tidegate_anomalies_total{detector,severity}
tidegate_incidents_open tidegate_decisions_total{action} tidegate_receipts_total{action,outcome} tidegate_detection_delay_seconds
tidegate_page_delay_seconds tidegate_budget_spent_ratio{budget} tidegate_throttle_level{scope} tidegate_frozen tidegate_blind"""


def shown(metrics):
    return metrics.page()[0].decode()


def test_the_page_of_the_docs_is_made_from_the_declarations():
    assert Path("docs/metrics.md").read_text() == metrics_page()


@pytest.mark.parametrize("wanted", FIXED.split())
def test_every_metric_that_others_rely_on_is_declared_with_its_labels(wanted):
    name, _, labels = wanted.rstrip("}").partition("{")
    found = next(each for each in DECLARED if each.name == name)
    assert found.labels == tuple(filter(None, labels.split(",")))


def test_names_say_kind_and_are_unique():
    assert len({each.name for each in DECLARED}) == len(DECLARED)
    assert all(each.name.endswith("_total") == (each.kind == "counter") for each in DECLARED)
    assert all(re.fullmatch(r"[A-Z1].*\.", each.meaning) for each in DECLARED)


def test_counters_gauges_and_histograms_are_shown():
    metrics = Metrics()
    metrics.add(RECORDS, 3)
    metrics.set(THROTTLE_LEVEL, 2, "tenant=acme")
    metrics.observe(DETECTION_DELAY, 7.0)
    page = shown(metrics)
    assert "tidegate_records_total 3.0" in page
    assert 'tidegate_throttle_level{scope="tenant=acme"} 2.0' in page
    assert 'tidegate_detection_delay_seconds_bucket{le="10.0"} 1.0' in page


def test_past_the_limit_of_a_metric_all_is_counted_as_other():
    metrics = Metrics()
    for i in range(SPEND.limit + 50):
        metrics.add(SPEND, 1, f"model-{i}", "known")
    assert f'tidegate_spend_usd_total{{model="{OTHER}",priced="known"}} 50.0' in shown(metrics)
    assert shown(metrics).count("tidegate_spend_usd_total{") == SPEND.limit + 1


def test_what_is_no_longer_there_is_no_longer_shown():
    metrics = Metrics()
    metrics.set(THROTTLE_LEVEL, 1, "tenant=a")
    metrics.set(THROTTLE_LEVEL, 1, "tenant=b")
    metrics.keep(THROTTLE_LEVEL, [("tenant=b",)])
    assert 'scope="tenant=a"' not in shown(metrics)
    assert 'scope="tenant=b"' in shown(metrics)
