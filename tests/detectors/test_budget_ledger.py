import dataclasses

from hypothesis import given
from hypothesis import strategies as st

from detectors.budget import Budget
from detectors.budget_ledger import BudgetLedger
from detectors.canonical import parse_time
from detectors.facts import SUMS, LateFacts
from tests.detectors.builders import FactsBuilder

ACME = (("tenant", "acme"),)
MIDNIGHT_MS = parse_time("2024-05-02T00:00:00Z")
DAY_MS = 86_400_000


def day(**more) -> Budget:
    return Budget(**{"name": "b", "scope": ACME, "amount_nanos": 100, "period": "day", **more})


def window(build: FactsBuilder, at_ms: int, nanos: int, *, late: tuple[LateFacts, ...] = ()):
    return build.window(
        at_ms, {("tenant",): {("acme",): {"known_nanos": nanos - nanos // 3, "assumed_nanos": nanos // 3}}}, late=late
    )


def late(at_ms: int, nanos: int) -> LateFacts:
    return LateFacts(at_ms, ACME, tuple(nanos if name == "known_nanos" else 0 for name in SUMS))


@given(st.lists(st.integers(0, 10**15), min_size=1, max_size=30))
def test_no_nano_dollar_is_lost_or_counted_twice(spends):
    ledger, build = BudgetLedger((day(),)), FactsBuilder(("tenant",))
    for number, nanos in enumerate(spends):
        ledger.book(window(build, MIDNIGHT_MS + number * 10_000, nanos))
    assert ledger.spent(0) == sum(spends)


def test_a_new_period_starts_at_zero():
    ledger, build = BudgetLedger((day(),)), FactsBuilder(("tenant",))
    ledger.book(window(build, MIDNIGHT_MS - 10_000, 70))
    ledger.book(window(build, MIDNIGHT_MS, 5))
    assert ledger.spent(0) == 5
    assert ledger.period(0) == (MIDNIGHT_MS, MIDNIGHT_MS + DAY_MS)


def test_late_facts_are_booked_into_the_period_of_their_own_window():
    ledger, build = BudgetLedger((day(),)), FactsBuilder(("tenant",))
    ledger.book(window(build, MIDNIGHT_MS - 10_000, 70))
    ledger.book(window(build, MIDNIGHT_MS, 5, late=(late(MIDNIGHT_MS - 20_000, 9), late(MIDNIGHT_MS, 1))))
    assert (ledger.spent(0), ledger.spent(0, MIDNIGHT_MS - DAY_MS)) == (6, 79)
    assert ledger.moved() == [(0, MIDNIGHT_MS - DAY_MS), (0, MIDNIGHT_MS)]


def test_what_was_spent_before_counts_in_the_first_period_only():
    ledger, build = BudgetLedger((day(spent_before_nanos=50),)), FactsBuilder(("tenant",))
    ledger.book(window(build, MIDNIGHT_MS - 10_000, 1))
    assert ledger.spent(0) == 51
    ledger.book(window(build, MIDNIGHT_MS, 2))
    assert ledger.spent(0) == 2


def test_a_budget_whose_period_was_changed_begins_anew_and_others_go_on():
    build, other = FactsBuilder(("tenant",)), day(name="other")
    ledger = BudgetLedger((day(), other))
    ledger.book(window(build, MIDNIGHT_MS, 7))
    reloaded = BudgetLedger((day(period="month", spent_before_nanos=3), other))
    reloaded.restore(ledger.snapshot())
    reloaded.book(window(build, MIDNIGHT_MS + 10_000, 1))
    assert (reloaded.spent(0), reloaded.spent(1)) == (4, 8)


def test_periods_long_over_are_forgotten():
    ledger, build = BudgetLedger((day(),)), FactsBuilder(("tenant",))
    for number in range(20):
        ledger.book(window(build, MIDNIGHT_MS + number * DAY_MS, 1))
    assert len(ledger.snapshot()["b"]["spent"]) <= 3


def test_a_scope_that_was_never_seen_has_spent_nothing():
    ledger = BudgetLedger((day(scope=(("tenant", "nobody"),)),))
    assert ledger.book(window(FactsBuilder(("tenant",)), MIDNIGHT_MS, 7)) == [0]


def test_late_facts_of_others_move_nothing():
    ledger, build = BudgetLedger((day(),)), FactsBuilder(("tenant",))
    other = dataclasses.replace(late(MIDNIGHT_MS, 9), scope=(("tenant", "bolt"),))
    ledger.book(window(build, MIDNIGHT_MS, 0, late=(other,)))
    assert ledger.moved() == []
