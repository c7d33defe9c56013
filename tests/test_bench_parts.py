"""Lines of the bar are measured, and their tables say what was measured."""

import numpy as np
import pytest

from bench import latency, restore, scopes, turnover, workers
from bench.dense import Dense
from bench.everyone import FEWEST
from bench.held import Scales
from bench.latency import Delays, Live
from bench.restore import Restart
from bench.workers import Rate
from streams.simulate.load import scenario_of


def well_formed(part):
    for table in part.tables:
        assert len({len(row) for row in (table.columns, *table.rows)}) == 1
    return part


def test_live_telemetry_is_as_long_and_as_wide_as_was_asked_for():
    live = Live(scopes=60, records_per_s=100, warm_s=30, spikes=7)
    scenario = scenario_of(live.scenario())
    assert len(scenario.faults) == 7
    assert live.seconds == 30 + 2 * latency.STEP_S + latency.LASTS_S
    assert sum(each.count for each in scenario.tenants) == 30 == live.tenants


def test_delays_are_told_by_their_quantiles():
    sender = {"records": 10_000, "start_ms": 0.0, "lag_p99_ms": 3.0, "lag_most_ms": 4.0}
    found = Delays(judgement_ms=[40.0], detection_ms=[float(n) for n in range(1, 101)], page_ms=[50.0, 2_500.0], sender=sender)
    part = well_formed(latency.part(found, Live(scopes=60, records_per_s=100, warm_s=30, spikes=7), "python -m bench.latency"))
    detection, judgement = {"detection_p50_ms": 50, "detection_p99_ms": 99}, {"judgement_p50_ms": 40, "judgement_p99_ms": 40}
    assert part.figures == {**detection, **judgement, "page_p50_ms": 50, "page_p99_ms": 2_500}
    assert [row[-1] for row in part.tables[-1].rows] == ["kept", "NOT KEPT"]


def test_a_pager_notes_the_first_page_of_an_incident():
    pager = latency.TimedPager()
    for action in ("trigger", "trigger", "resolve"):
        pager.apply({"routing_key": "r" * 32, "dedup_key": "k", "event_action": action})
    assert list(pager.accepted_ms) == ["k"]


def test_two_workers_are_told_against_one():
    part = workers.part([(Rate(100, 2.0, 1.0), Rate(100, 1.0, 1.25))], "python -m bench.workers")
    assert well_formed(part).figures == {"ratio_two_workers": 2.0, "ratio_two_workers_per_cpu_s": 0.8}


def test_starts_are_told_by_their_state():
    none = Restart(records=0, live_mb=0.0, log_mb=0.0, stop_s=0.0, ready_s=2.0, cpu_s=1.0)
    some = Restart(records=100, live_mb=3.0, log_mb=4.0, stop_s=1.0, ready_s=5.0, cpu_s=2.0)
    part = well_formed(restore.part([none, some], "python -m bench.restore"))
    assert part.figures == {"start_s": 2.0, "restore_s": 5.0, "restore_state_mb": 3.0}


def test_a_size_is_measured_in_a_process_of_its_own():
    (size,) = scopes.measure([30], 2)
    assert size.scopes > 2 * 30
    assert size.records >= FEWEST
    assert size.us_a_record > 0
    assert {scopes.IDS, scopes.HISTOGRAMS, "blocks", "token_spike"} <= {name for name, held in size.parts.items() if held > 0}
    assert well_formed(scopes.part([size], "python -m bench.scopes")).figures["us_per_record_by_tenants"].keys() == {"30"}


def test_tenants_that_come_and_go_are_counted_to_the_last_one():
    days = turnover.measure("days", 4_000, 3)
    assert [(each.scopes, each.reused) for each in days.lines] == [(4_000, 0), (8_000, 0), (8_000, 4_000)]
    crowds = [turnover.measure("crowd", tenants, 100) for tenants in (100, 400)]
    assert [each.lines[0].scopes for each in crowds] == [100, 101]
    assert [each.lines[0].in_other for each in crowds] == [0.0, 0.75]
    figures = well_formed(turnover.part(days, crowds, 100, "python -m bench.turnover")).figures
    assert (figures["turnover_missed"], figures["other_missed"]) == (0, 0)
    assert figures["turnover_scopes_held"] < figures["turnover_scopes_seen"]


@pytest.mark.kafka
@pytest.mark.slow
def test_workers_and_restarts_are_measured_on_a_real_kafka():
    ((one, two),) = workers.measure(60_000, rounds=1, dense=Dense(records=60_000, tenants=50))
    assert min(one.records, two.records) > 0
    first, again = restore.measure([1_000], 5)
    assert (first.records, again.records) == (0, 1_005)
    assert 0 < again.live_mb <= again.log_mb


def test_what_two_objects_share_is_weighed_once():
    shared = np.ones(1000)
    scales = Scales()
    assert scales.weigh([shared]) > shared.nbytes > scales.weigh([shared, "more"])
