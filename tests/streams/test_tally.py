import json
from decimal import Decimal

import pytest

from streams.batch import Batch
from streams.partition import SourcePartition
from streams.tally import MODELS, Tally
from tests.streams.records import T0, amounts, partition, record


def fed_with(*values: bytes) -> SourcePartition:
    source = partition()
    source.feed(Batch(values, range(len(values)), [T0] * len(values)))
    return source


RAWS = (
    record("a", cost_usd="0.1"),
    record("b", model="nobody", attempt=2),
    record("b", model="nobody", attempt=3),
    record("c", ts=T0 + 10**9),
    b"{}",
    b"[",
    record("d", model="gpt-4o", input_tokens=None),
)


def test_the_summary_has_what_design_4_4_asks_for() -> None:
    assert fed_with(*RAWS).tally.summary() == {
        "usage_records": 3,
        "operations": 2,
        "dead_letters": {"not_json": 1, "missing": 1, "future": 1},
        "late_records": 0,
        "future_records": 1,
        "duplicates": 1,
        "conflicts": 1,
        "input_tokens": 200,
        "output_tokens": 30,
        "cost_usd": "0.1001",
        "cost_usd_assumed": "0.00225",
    }


def test_totals_by_model_are_those_of_counting_one_by_one() -> None:
    raws = [record(f"e{i}", model=f"m{i % 5}", cost_usd=str(Decimal(i) / 7**9), input_tokens=i) for i in range(300)]
    tally = fed_with(*raws).tally
    for model, total in tally.models.items():
        own = [amounts(raw) for raw in raws if json.loads(raw)["model"] == model]
        assert total.records == len(own)
        assert total.known_nanos == sum(each.get("known_nanos", 0) for each in own)
        assert total.input_tokens == sum(each.get("input_tokens", 0) for each in own)


def test_past_the_limit_models_share_other_and_nothing_is_lost() -> None:
    tally = fed_with(*[record(f"e{i}", model=f"m{i}") for i in range(MODELS + 500)]).tally
    assert len(tally.models) == MODELS + 1
    assert tally.models["other"].records == 500
    assert tally.input_tokens == 100 * (MODELS + 500)


def test_tallies_add_up_and_come_back_from_a_snapshot() -> None:
    one, two = fed_with(*RAWS).tally, fed_with(*RAWS[:2]).tally
    total, again = Tally.total([one, two]), Tally()
    assert total.summary()["cost_usd"] == "0.2001"
    assert total.records == 9
    again.restore(json.loads(json.dumps(total.snapshot())))
    assert again.summary() == total.summary()


@pytest.mark.parametrize("name", ["input_tokens", "output_tokens", "known_nanos", "assumed_nanos", "usage_records"])
def test_a_new_tally_is_zero(name: str) -> None:
    assert getattr(Tally(), name) == 0
