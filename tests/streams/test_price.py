import datetime as dt
import random
from decimal import ROUND_HALF_EVEN, Decimal
from typing import Any

import genai_prices
import numpy as np
import pytest
from genai_prices.data import providers
from genai_prices.data_snapshot import get_snapshot
from hypothesis import given, settings
from hypothesis import strategies as st

from actions.policy import DEFAULT_POLICY
from streams.catalogue import find_model
from streams.charge import Charges
from streams.decode import decode
from streams.price import CONTEXTS, Book, ModelPrice, PriceState, half_even
from streams.tariff import FlatTariff, Rates, femto, has_price
from tests.streams.records import T0, record

BOOK = Book.compile()
PRICED = [(p.id, m) for p in providers for m in p.models if has_price(m)]


def cost(**fields: Any) -> tuple[int, PriceState]:
    return tuple(BOOK.cost(decode(record(**fields))))  # type: ignore[return-value]


def listed_nanos(provider: str, model: str, at_ms: int, tokens: dict[str, int], context: Any) -> Decimal:
    usage = genai_prices.Usage(
        input_tokens=tokens["input_tokens"],
        output_tokens=tokens["output_tokens"],
        cache_read_tokens=tokens["cached_input_tokens"],
        cache_write_tokens=tokens["cache_write_tokens"],
        output_reasoning_tokens=tokens["reasoning_tokens"],
    )
    at = dt.datetime.fromtimestamp(at_ms / 1000, dt.UTC)
    found = genai_prices.calc_price(usage, model, provider_id=provider or None, genai_request_timestamp=at, price_context=context)
    return found.total_price * 10**9


def drawn_tokens(rng: random.Random) -> dict[str, int]:
    total = rng.choice([0, 1, 999, 128_000, 128_001, 200_000, 200_001, 272_001, 1_000_003])
    output = rng.choice([0, 1, 777, 20_001])
    read = rng.randint(0, total)
    return {
        "input_tokens": total,
        "output_tokens": output,
        "cached_input_tokens": read,
        "cache_write_tokens": rng.randint(0, total - read),
        "reasoning_tokens": rng.randint(0, output),
    }


def test_every_listed_model_costs_what_genai_prices_says() -> None:
    rng = random.Random(1)
    for provider, model in PRICED:
        tokens, at_ms = drawn_tokens(rng), rng.randrange(1_700_000_000_000, 1_900_000_000_000)
        tier = rng.choice(["", "", *CONTEXTS])
        if find_model(provider, model.id) is None:
            continue
        nanos, _ = cost(ts=at_ms, model=model.id, provider=provider, service_tier=tier, **tokens)
        listed = listed_nanos(provider, model.id, at_ms, tokens, CONTEXTS.get(tier))
        # Rounding a price moves a token by half a femto-dollar at most, rounding the sum moves it by half a nano-dollar.
        assert abs(nanos - listed) <= Decimal("0.501") + Decimal(sum(tokens.values())) / 2_000_000, (provider, model.id, tier)


def test_names_are_looked_up_as_genai_prices_does() -> None:
    rng = random.Random(2)
    ids = [model.id for _, model in PRICED]
    for _ in range(1500):
        name = rng.choice(ids) + rng.choice(["", "", "-latest", "-20251211", "-2025-12-11", "-20259999", ":free", "x"])
        provider = rng.choice(
            [None, "openai", "azure", "aws", "google", "my-anthropic", "litellm", "nobody", rng.choice(PRICED)[0]]
        )
        name = rng.choice([name, name.upper(), f"openai/{name}", f"nobody/{name}"])
        try:
            expected = get_snapshot().find_provider_model(name, None, provider, None)
        except LookupError:
            expected = None
        assert find_model(provider or "", name) == expected, (provider, name)


def test_a_tier_is_a_cliff_that_prices_all_tokens_anew() -> None:
    below, _ = cost(model="gemini-2.5-pro", provider="google", input_tokens=200_000, output_tokens=0)
    above, _ = cost(model="gemini-2.5-pro", provider="google", input_tokens=200_001, output_tokens=0)
    assert above > 1.9 * below


def test_the_time_of_day_is_the_records() -> None:
    night, noon = (cost(model="deepseek-chat", provider="deepseek", ts=f"2026-09-21T{hour}:00:00Z")[0] for hour in ("20", "12"))
    assert noon == 2 * night > 0


def test_batch_requests_cost_half() -> None:
    full, half = (
        cost(model="gpt-4o", provider="openai", service_tier=tier, ts="2026-11-20T00:00:00Z")[0] for tier in ("", "Batch")
    )
    assert full == 2 * half > 0


def test_the_model_that_answered_is_billed() -> None:
    assert cost(model="gpt-4o", response_model="gpt-4o-mini") == cost(model="gpt-4o-mini")
    assert cost(model="gpt-4o", response_model="never-heard-of") == cost(model="gpt-4o")


@pytest.mark.parametrize("fields", [{"model": "made-up"}, {"model": "gpt-4o", "provider": "my-cellar"}, {"model": "whisper-1"}])
def test_what_has_no_price_is_charged_at_the_bound_and_never_nothing(fields: dict[str, str]) -> None:
    nanos, state = cost(input_tokens=1000, cached_input_tokens=900, output_tokens=100, **fields)
    assert (nanos, state) == (1000 * 15_000 + 100 * 75_000, PriceState.UNKNOWN)


def test_a_price_of_nothing_is_free_and_known() -> None:
    assert cost(model="gemma-3", provider="google") == (0, PriceState.FREE)


def test_a_billed_cost_wins_over_every_price() -> None:
    assert cost(model="made-up", cost_usd="0.5") == (500_000_000, PriceState.PRICED)
    assert cost(model="gpt-4o", cost_usd=0) == (0, PriceState.PRICED)


def test_the_policy_wins_over_the_book_about_either_model() -> None:
    own = Book.compile(overrides={"gpt-4o": ModelPrice(input_usd_per_mtok=Decimal(1), output_usd_per_mtok=Decimal(2))})
    for fields in (
        {"model": "gpt-4o"},
        {"model": "x", "response_model": "gpt-4o"},
        {"model": "gpt-4o", "response_model": "gpt-4o-mini"},
    ):
        usage = decode(record(input_tokens=1000, output_tokens=100, cached_input_tokens=500, **fields))
        assert own.cost(usage) == (1_200_000, PriceState.PRICED)


def test_parts_without_a_price_of_their_own_cost_what_the_whole_costs() -> None:
    price = ModelPrice(input_usd_per_mtok=Decimal(3), output_usd_per_mtok=Decimal(5), cache_write_usd_per_mtok=Decimal(4))
    assert price.rates() == Rates(3 * 10**9, 3 * 10**9, 4 * 10**9, 5 * 10**9, 5 * 10**9)


def test_the_built_in_policy_has_the_built_in_book() -> None:
    usage = decode(record(model="made-up"))
    assert Book.of_policy(DEFAULT_POLICY).cost(usage) == BOOK.cost(usage)


def test_unknown_tokens_cost_nothing_and_neither_do_their_parts() -> None:
    assert cost(model="gpt-4o", input_tokens=None, output_tokens=None, cached_input_tokens=9)[0] == 0
    assert cost(model="gpt-4o", input_tokens=None)[0] == cost(model="gpt-4o", input_tokens=0)[0]


@given(st.integers(0, 10**30))
def test_rounding_is_half_even(amount: int) -> None:
    assert half_even(amount) == int((Decimal(amount) / 10**6).to_integral_value(ROUND_HALF_EVEN)) or amount > 10**28


@given(st.decimals(0, 10**6, places=12))
def test_a_price_is_rounded_once_when_it_is_compiled(usd: Decimal) -> None:
    assert abs(femto(usd) - usd * 10**9) <= Decimal("0.5")


MODELS = ["gpt-4o", "gemini-2.5-pro", "deepseek-chat", "claude-sonnet-4-5", "made-up", "gemma-3", "deepseek-v4-pro"]
TOKENS = st.integers(0, 10**9) | st.sampled_from([0, 1, 200_000, 200_001, 10**9])


@settings(deadline=None, max_examples=60)
@given(st.lists(st.tuples(st.sampled_from(MODELS), TOKENS, TOKENS, st.integers(T0 - 10**11, T0 + 10**11)), min_size=1, max_size=20))
def test_columns_cost_what_their_records_cost_one_by_one(rows: list[tuple[str, int, int, int]]) -> None:
    charges = Charges()
    raws = [record(model=m, ts=at, input_tokens=i, output_tokens=o, cached_input_tokens=i // 3) for m, i, o, at in rows]
    numbers = [charges.admit(BOOK.tariff(provider="", response_model="", model=m, service_tier="")) for m, *_ in rows]
    tokens = np.array([[i for _, i, _, _ in rows], [o for _, _, o, _ in rows], [i // 3 for _, i, _, _ in rows]], np.int64)
    tokens = np.concatenate([tokens, np.zeros((2, len(rows)), np.int64)])
    nanos = charges.nanos(np.array(numbers), np.array([at for *_, at in rows]), tokens)
    assert nanos.tolist() == [BOOK.cost(decode(raw)).nanos for raw in raws]


def test_costs_that_pass_64_bits_of_femto_dollars_are_exact() -> None:
    charges = Charges()
    number = charges.admit(FlatTariff(Rates(75 * 10**9, 0, 0, 600 * 10**9, 0, 0), known=True))
    tokens = np.array([[10**9, 3], [10**9, 5], [0, 0], [0, 0], [0, 0]], np.int64)
    assert charges.nanos(np.array([number] * 2), np.array([T0] * 2), tokens).tolist() == [675 * 10**12, 3_225_000]


def test_made_up_names_do_not_fill_the_memory() -> None:
    book = Book.compile()
    for i in range(200):
        book.cost(decode(record(model=f"made-up-{i}", provider="openai")))
    assert len(get_snapshot()._provider_misses) < 10_000
