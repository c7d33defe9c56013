"""The tests of the law are tested: each fault that the law forbids is made on purpose, and the comparison has to see it."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace

import numpy as np
import pytest

from detectors.facts import COLUMN
from streams.block import RollupRows, Sealed
from tests.law.answers import FILES, Answers, differences, miscounted, replayed
from tests.law.log import Keying, Log, arrive, dealt
from tests.law.recount import recount
from tests.law.relay import Relay
from tests.law.weather import Kind, sent
from tests.law.world import TINY, policy

PARTITIONS = 2
SENT = sent(TINY, 7)
LOG = arrive(SENT, 7, late=True)
COUNTED = recount(LOG)


@pytest.fixture(scope="module")
def rules(tmp_path_factory):
    return policy(tmp_path_factory.mktemp("policy"))


@pytest.fixture(scope="module")
def right(rules):
    return replayed(rules, dealt(LOG, Keying.EVENT, PARTITIONS))


def some_rows() -> list[int]:
    """Some records of the log that are sent once and never in two versions, from all over it."""
    alone = {SENT.events[row] for row in SENT.rows(Kind.GOOD)} - {
        SENT.events[row] for other in (Kind.REPEAT, Kind.CONFLICT, Kind.POISON) for row in SENT.rows(other)
    }
    rows = [row for row, event in enumerate(LOG.events) if event in alone]
    return rows[:: len(rows) // 3]


def with_rows(rows: list[int], **changes: list[bytes | None]) -> Log:
    columns = {name: [getattr(LOG, name)[row] for row in rows] for name in ("values", "tenants", "events", "arrivals_ms")}
    return Log(**(columns | changes))


def without(row: int) -> Log:
    return with_rows([each for each in range(len(LOG)) if each != row])


def doubled(row: int) -> Log:
    """The record counts twice, as it would if its repeat were not known."""
    rows = sorted([*range(len(LOG)), row])
    log = with_rows(rows)
    log.values[row + 1] = (log.values[row] or b"").replace(LOG.events[row], LOG.events[row] + b"+", 1)
    return log


@pytest.mark.parametrize("mutate", [without, doubled])
@pytest.mark.parametrize("row", some_rows())
def test_a_record_that_is_lost_or_doubled_is_seen_by_the_recount_and_by_the_comparison(rules, right, mutate, row):
    wrong = replayed(rules, dealt(mutate(row), Keying.EVENT, PARTITIONS))
    assert any("usage_records" in each for each in miscounted(wrong, COUNTED))
    found = differences(right, wrong)
    assert any("usage_records" in each for each in found)
    assert any("windows have other facts" in each for each in found)


@dataclass(slots=True)
class Tampered(Relay):
    """Stages of which one block is changed on its way from stage 1 to stage 2."""

    tamper: Callable[[Sealed], Sealed | None] = field(kw_only=True)
    tampered: int = 0

    def _join_all(self, blocks: Iterable[Sealed]) -> None:
        Relay._join_all(self, [self._changed(sealed) for sealed in blocks])

    def _changed(self, sealed: Sealed) -> Sealed:
        changed = self.tamper(sealed) if self.tampered == 0 else None
        self.tampered += changed is not None
        return changed or sealed


def answers(rules, tamper: Callable[[Sealed], Sealed | None]) -> Answers:
    relay = Tampered(rules, 1, 0.0, tamper=tamper)
    found = relay.run(LOG, Keying.EVENT, PARTITIONS)
    assert relay.tampered == 1 or tamper is untouched
    return found


def untouched(_: Sealed) -> None:
    return None


def flipped(rows: RollupRows) -> RollupRows:
    """Late facts as facts in time, in the order of blocks."""
    order = np.lexsort((rows.scope, rows.window))
    place = np.argsort(order)
    histograms = {}
    for name, (row, bucket, count) in rows.histograms.items():
        by = np.lexsort((bucket, place[row]))
        histograms[name] = (place[row][by], bucket[by], count[by])
    late = np.zeros(len(order), np.bool_)
    return replace(
        rows, scope=rows.scope[order], window=rows.window[order], late=late, sums=rows.sums[order], histograms=histograms
    )


def late_flag_swapped(sealed: Sealed) -> Sealed | None:
    if not sealed.rollups[()].late.any():
        return None
    return Sealed(sealed.marker, {rollup: flipped(rows) for rollup, rows in sealed.rollups.items()})


def a_nano_dollar_more(sealed: Sealed) -> Sealed | None:
    rows = sealed.rollups[()]
    if not len(rows.sums):
        return None
    sums = rows.sums.copy()
    sums[0, COLUMN["known_nanos"]] += 1
    return Sealed(sealed.marker, {**sealed.rollups, (): replace(rows, sums=sums)})


def a_bucket_more(sealed: Sealed) -> Sealed | None:
    rows = sealed.rollups[()]
    if not len(rows.sums):
        return None
    row, bucket, count = rows.histograms["cost_nanos"]
    moved = bucket.copy()
    moved[-1] += 1
    return Sealed(
        sealed.marker, {**sealed.rollups, (): replace(rows, histograms={**rows.histograms, "cost_nanos": (row, moved, count)})}
    )


def test_blocks_that_nobody_touched_make_no_difference(rules, right):
    assert differences(right, answers(rules, untouched)) == []


@pytest.mark.parametrize("tamper", [late_flag_swapped, a_nano_dollar_more, a_bucket_more], ids=lambda each: each.__name__)
def test_a_block_that_was_tampered_with_is_seen_in_the_facts(rules, right, tamper):
    assert any("windows have other facts" in each for each in differences(right, answers(rules, tamper)))


def test_a_nano_dollar_is_seen_in_the_budgets(rules, right):
    found = answers(rules, a_nano_dollar_more)
    assert any(each.startswith("budgets") for each in differences(right, found))
    assert any(each.startswith("budgets") for each in miscounted(found, COUNTED))


@pytest.mark.parametrize("name", FILES)
def test_a_line_that_is_missing_or_of_another_byte_is_seen(right, name):
    lines = right.lines[name]
    for other in (lines[: lines.rindex(b"\n", 0, -1) + 1], lines.replace(b"0", b"1", 1)):
        wrong = Answers({**right.lines, name: other}, right.totals)
        assert differences(right, wrong) == [f"{name}.jsonl differ"]


@pytest.mark.parametrize("name", ["usage_records", "operations", "duplicates", "conflicts", "input_tokens", "output_tokens"])
def test_a_count_that_is_off_by_one_is_seen(right, name):
    wrong = Answers(right.lines, {**right.totals, name: right.totals[name] + 1})
    assert len(differences(right, wrong)) == len(miscounted(wrong, COUNTED)) == 1


def test_facts_that_were_not_read_are_no_equal_facts(right):
    wrong = Answers(right.lines, right.totals, {}, {})
    assert len(differences(right, wrong)) == 2
