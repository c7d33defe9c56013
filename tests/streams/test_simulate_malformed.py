import json
import random

import pytest

from streams.decode import RefusedError, decode
from streams.simulate.malformed import REASONS, malform
from tests.streams.scenarios import START_MS, scenario, values_of
from tests.streams.usage_rules import refusal

DLQ_REASONS = (
    "too_large not_utf8 not_json too_deep missing wrong_type out_of_range bad_timestamp subset_exceeds_total too_old future"
)


def test_there_is_a_broken_record_for_every_reason_of_the_closed_list():
    assert set(REASONS) == set(DLQ_REASONS.split())


@pytest.mark.parametrize("reason", REASONS)
def test_a_broken_record_is_refused_for_its_reason(reason):
    good = values_of(scenario(duration="10s"))[0]
    arrival_ms = json.loads(good)["ts"] + 200
    for seed in range(40):
        assert refusal(malform(good, reason, arrival_ms, random.Random(seed)), arrival_ms) == reason


@pytest.mark.parametrize("reason", sorted(set(REASONS) - {"too_old", "future"}))
def test_a_broken_record_of_unknown_usage_is_refused_by_the_decoder_too(reason):
    unknown = values_of(scenario(duration="10s", delivery={"unknown_usage_ratio": 1}))[0]
    for seed in range(40):
        with pytest.raises(RefusedError, match=reason):
            decode(malform(unknown, reason, START_MS, random.Random(seed)))


def test_good_records_are_refused_for_nothing():
    assert {refusal(value, START_MS + 600_000) for value in values_of(scenario(duration="1m"))} == {None}
