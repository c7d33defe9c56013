"""Peers are timed only when they are right, and what is told of them is what was measured."""

import json
from dataclasses import replace

import pytest

from bench import beside, beside_page
from bench.bar import Target, bar_table
from bench.beside_page import Found, Round
from bench.child import ChildError, peak_mb, run
from bench.dense import Dense
from bench.one_rollup import one_rollup
from bench.peers import answer
from bench.peers.answer import Answer, Recount
from bench.peers.programs import FAST, MIDDLE, SLOW
from bench.took import Took, steady
from streams.batch import Batch
from streams.merge import Join
from streams.simulate.traffic import Traffic, stream

WINDOW = ("acme", 10_000)


def record(tenant="acme", ts=12_345, tokens=(3, 4), attempt=1):
    return json.dumps(
        {"ts": ts, "tenant": tenant, "input_tokens": tokens[0], "output_tokens": tokens[1], "attempt": attempt}
    ).encode()


def test_a_recount_sums_up_by_tenant_and_window():
    recount = Recount()
    recount.take([record(), record(ts=19_999, attempt=2), record(ts=20_000), record(tenant="globex")])
    assert recount.sums[WINDOW] == (2, 14, 35_000, 1)
    assert set(recount.sums) == {WINDOW, ("acme", 20_000), ("globex", 10_000)}
    assert (recount.records, recount.last_ms) == (4, 20_000)


def test_an_answer_is_complete_when_every_record_is_counted_and_right_when_every_sum_is():
    told = Answer({WINDOW: (2, 14, 35_000, 1)}, answer.plain)
    told.take(b"", json.dumps({"tenant": "acme", "start": 10_000, "value": [1, 7, 17_500, 0]}).encode())
    assert not told.complete
    told.take(b"", json.dumps({"tenant": "acme", "start": 10_000, "value": [2, 15, 35_000, 1]}).encode())
    assert told.complete
    assert "1 of 1 windows are wrong" in told.wrong
    told.take(b"", json.dumps({"tenant": "acme", "start": 10_000, "value": [2, 14, 35_000, 1]}).encode())
    told.take(b"", json.dumps({"tenant": "acme", "start": 90_000, "value": [1, 1, 1, 1]}).encode())
    assert not told.wrong


@pytest.mark.parametrize(
    ("read", "key", "value"),
    [
        (answer.plain, b"", {"tenant": "acme", "start": 10_000, "value": [1, 2, 3, 4]}),
        (answer.by_key, b"acme", {"start": 10_000, "end": 20_000, "value": [1, 2, 3, 4]}),
        (answer.windowed_table, b'["acme", [10.0, 19.9]]', [1, 2, 3, 4]),
        (answer.joined_key, b'"acme|10000"', [1, 2, 3, 4]),
    ],
)
def test_each_peer_is_read_in_its_own_words(read, key, value):
    assert read(key, value) == (WINDOW, (1, 2, 3, 4))


def test_tidegate_cut_to_one_rollup_sums_up_what_a_recount_does():
    plan, recount = one_rollup(), Recount()
    source = plan.source(0, has_arrival=True)
    join = Join([0], rollups=plan.rollups, timing=plan.timing)
    for arrivals in stream(Traffic(Dense(records=3_000, records_per_s=150, tenants=3).scenario())):
        recount.take(arrivals.values)
        first = source.next_offset
        batch = Batch(arrivals.values, range(first, first + len(arrivals)), arrivals.arrivals_ms.tolist())
        for sealed in source.feed(batch):
            join.add(sealed)
    for sealed in [*source.settle(), source.end()]:
        join.add(sealed)
    found = {}
    for window in join.close():
        facts = window.rollups[("tenant",)]
        tokens = facts.column("input_tokens") + facts.column("output_tokens")
        for scope, *sums in zip(facts.roster.scopes, facts.column("attempts"), tokens, facts.column("retries"), strict=True):
            if sums[0]:
                found[scope[0][1], window.start_ms] = tuple(map(int, sums))
    assert found == {window: (count, tokens, retries) for window, (count, tokens, _, retries) in recount.sums.items()}


def test_ratios_are_those_of_one_round():
    rates = {"fetch": 400, "decode": 400, "full": 100, "one_rollup": 150, "faust_table": 2, "kafka_streams": 100}
    rounds = [
        Round({name: Took(rate * k, 2.0, 1.0) for name, rate in rates.items()}, dict.fromkeys(rates, 100.0)) for k in (1, 2, 3)
    ]
    mb = {"full": 200.0, "one_rollup": 150.0, "faust_table": 100.0, "kafka_streams": 600.0}
    crowded = {name: [most + 9, most, most - 90] for name, most in mb.items()}
    found = Found(rounds=rounds, crowded_mb=crowded, scopes=20_000, record_bytes=450.0, dense=Dense())
    part = beside_page.part(found, "python -m bench.beside")
    assert part.figures["ratio_faust_table"] == 50
    assert part.figures["ratio_kafka_streams"] == 1.5
    assert part.figures["ratio_raw_limit"] == 0.75
    assert part.figures["rss_ratio_kafka_streams"] == 0.25
    assert "ratio_flink_sql" not in part.figures
    for table in part.tables:
        assert len({len(row) for row in (table.columns, *table.rows)}) == 1


def test_a_target_is_kept_or_not_or_was_not_measured():
    targets = [Target(what="a", key="a", least=2, aim=3), Target(what="b", key="b", least=2, aim=1, most=True)]
    assert [row[-1] for row in bar_table(targets, {"a": 2.5, "b": 2.5}).rows] == ["kept", "NOT KEPT"]
    assert [row[-1] for row in bar_table(targets, {"b": 1.5}).rows] == ["-", "kept"]


def test_memory_of_a_child_is_its_own():
    ballast = b"x" * 100_000_000
    ran = run(["sleep", "0.2"])
    assert 0 < ran.resident_mb < 50 < len(ballast) / 1e6
    assert peak_mb(2**22 + 1) == 0


def test_starting_does_not_count():
    ran = run(["true"])
    later = type(ran)("", ran.wall_s + 4, ran.cpu_s + 2, 1.0)
    took = steady((100, ran), (500, later))
    assert (took.records, round(took.per_s), round(took.per_cpu_s)) == (400, 100, 200)


@pytest.mark.kafka
@pytest.mark.slow
def test_peers_answer_a_real_kafka_and_what_is_wrong_is_not_timed():
    lengths = {SLOW: (300, 600), MIDDLE: (500, 1_500), FAST: (2_000, 6_000)}
    with beside.beside() as bench:
        bench.fill(lengths, Dense(records=6_000, records_per_s=500, tenants=5))
        found = bench.round(["faust_table", "faust_take"])
        assert found.took["faust_take"].records == 1_000
        assert found.took["one_rollup"].records == 4_000
        few = bench.write("few.", Dense(records=500, records_per_s=100, tenants=5), 500)
        assert few.sent == 505
        spoilt = {window: (count, tokens + 1, nanos, retries) for window, (count, tokens, nanos, retries) in few.expected.items()}
        with pytest.raises(ChildError, match="windows are wrong"):
            bench.run("faust_take", replace(few, expected=spoilt))
