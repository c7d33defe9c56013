import json

from streams.demo.meter import Meter

STEP = [json.dumps({"tenant": "acme", "status": status}).encode() for status in (200, 200, 429, 500)]


def test_what_is_turned_away_is_not_served():
    meter = Meter()
    for second in range(10):
        meter.count(STEP, second * 1000)
    assert meter.records == 40
    assert meter.served_per_s("tenant=acme", 0, 10_000) == 3
    assert meter.served_per_s("tenant=acme", 2_000, 4_000) == 3


def test_a_stretch_without_records_serves_nobody():
    meter = Meter()
    meter.count(STEP, 1000)
    assert meter.served_per_s("tenant=acme", 2_000, 9_000) == 0
    assert meter.served_per_s("tenant=globex", 0, 9_000) == 0
    assert meter.served_per_s("tenant=acme", 9_000, 9_000) == 0


def test_the_last_record_of_a_canary_is_remembered():
    meter = Meter()
    meter.count([b'{"service":"chat-api","release":"v2","cohort":"canary"}'], 7_000)
    meter.count([b'{"service":"chat-api","release":"v2","cohort":"baseline"}'], 9_000)
    assert meter.canary_seen_ms("chat-api", "v2") == 7_000
    assert meter.canary_seen_ms("chat-api", "v3") is None
