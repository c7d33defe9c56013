import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from detectors.retry_budget import CEILING_NATS, RetryBudget


def after(pairs: list[tuple[int, int]]) -> RetryBudget:
    budget = RetryBudget(share=0.1)
    for operations, retries in pairs:
        budget.take(np.array([operations]), np.array([retries]), 10_000)
    return budget


@given(st.lists(st.integers(0, 10_000), min_size=1, max_size=50))
def test_a_tenth_of_retries_is_within_the_budget(operations):
    assert not after([(each, each // 10) for each in operations]).overspent(1)[0]


@given(st.integers(10, 10_000))
def test_as_many_retries_as_operations_overspend_it_within_a_minute(operations):
    assert after([(operations, operations)] * 6).overspent(1)[0]


def test_evidence_is_not_hoarded():
    budget = after([(100, 400)] * 1_000)
    assert budget.evidence(1)[0] <= CEILING_NATS
    for _ in range(20):
        budget.take(np.array([100]), np.array([0]), 10_000)
    assert not budget.running(1)[0]
