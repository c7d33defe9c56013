"""Rows: a place for every slot of every roll-up, kept when others come."""

import numpy as np

from detectors.rows import Rows
from tests.detectors.builders import FactsBuilder

TENANT, MODEL = ("tenant",), ("model",)


def windows():
    build = FactsBuilder(TENANT, MODEL)
    yield build.window(0, {TENANT: {("acme",): {"attempts": 3}}, MODEL: {("gpt",): {"attempts": 4}}})
    yield build.window(
        10_000,
        {TENANT: {("acme",): {"attempts": 5}, ("bolt",): {"attempts": 6}}, MODEL: {("gpt",): {"attempts": 11}}},
        {TENANT: {("bolt",): {"cost_nanos": {500: 6}}}, MODEL: {("gpt",): {"cost_nanos": {500: 11}}}},
    )


def test_a_scope_keeps_its_row_when_others_come():
    first, second = windows()
    rows = Rows((TENANT, MODEL))
    rows.grow(first)
    before = rows.of(TENANT)[0], rows.of(MODEL)[0]
    rows.grow(second)
    assert (rows.of(TENANT)[0], rows.of(MODEL)[0]) == before
    assert [rows.place(row) for row in range(3)] == [(TENANT, 0), (MODEL, 0), (TENANT, 1)]


def test_sums_and_histograms_are_found_under_their_rows():
    _, facts = windows()
    rows = Rows((TENANT, MODEL))
    rows.grow(facts)
    attempts = rows.gather(facts, ["attempts"])[0]
    assert attempts[rows.of(TENANT)].tolist() == [5, 6]
    assert attempts.sum() == 22
    found = [of[each.row].tolist() + each.count.tolist() for of, each in rows.histograms(facts, "cost_nanos")]
    assert found == [[rows.of(TENANT)[1], 6], [rows.of(MODEL)[0], 11]]


def test_capacity_grows_seldom():
    _, facts = windows()
    rows = Rows((TENANT, MODEL))
    assert rows.grow(facts)
    assert not rows.grow(facts)
    assert rows.capacity > 3


def test_it_becomes_what_it_was():
    _, facts = windows()
    rows, copy = Rows((TENANT, MODEL)), Rows((TENANT, MODEL))
    rows.grow(facts)
    copy.restore(rows.snapshot())
    assert not copy.grow(facts)
    assert (copy.gather(facts, ["attempts"]) == rows.gather(facts, ["attempts"])).all()
    assert np.array_equal(copy.of(MODEL), rows.of(MODEL))
