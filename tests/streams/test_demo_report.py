import io
import json
from pathlib import Path

from rich.console import Console

from streams.demo.report import Report, unscripted
from streams.demo.screen import Lines, State, board
from streams.demo.script import Step
from streams.demo.watch import Case
from tests.streams.demo_looks import BEGAN_MS, found, incident, scripted

DONE = dict.fromkeys(scripted("budget_burn", tenant="pilot-1").steps, 10.0)


def case(**marks):
    return Case(scripted("budget_burn", tenant="pilot-1"), marks=marks.get("marks", dict(DONE)), incident=incident())


def test_a_demo_in_which_everything_was_seen_has_nothing_to_complain_of():
    assert Report(cases=[case()]).complaints == []
    assert Report(cases=[case()]).plain()["passed"]


def test_a_step_that_is_missing_is_named():
    report = Report(cases=[case(marks={Step.FOUND: 9.0, Step.PAGED: 9.5})])
    assert report.complaints == ["budget_burn tenant=pilot-1: not resolved"]
    assert "missing: budget_burn tenant=pilot-1: not resolved" in report.words()


def test_a_demo_that_never_got_to_its_script_has_failed():
    assert Report().complaints == ["no incident was scripted: the service was not ready in time"]


def test_to_act_on_history_is_a_failure():
    assert not Report(cases=[case()], history=1).plain()["passed"]


def test_delays_and_dollars_are_told():
    plain = json.loads(json.dumps(Report(cases=[case()], spend_usd=3.14159).plain()))
    assert plain["incidents"][0]["after_s"] == {"found": 10.0, "paged": 10.0, "resolved": 10.0}
    assert plain["incidents"][0]["cost_usd"] == "12.5"
    assert plain["spend_usd"] == 3.14


def test_a_kept_stream_can_be_judged_anew():
    assert "replay" in (Report(kept=Path("there")).replay or "")
    assert Report().replay is None


def test_a_page_for_what_nobody_scripted_is_told():
    alerts = [{"dedup_key": "i-1", "summary": "scripted"}, {"dedup_key": "i-9", "summary": "surprise"}]
    assert unscripted([case()], alerts) == ["surprise"]


def shown(drawn):
    console = Console(file=io.StringIO(), width=160)
    console.print(drawn)
    return console.file.getvalue()


def test_the_table_shows_what_was_seen_and_what_is_still_to_come():
    its = Case(scripted(), marks={Step.FOUND: 18.0}, incident=found()["incidents"][0])
    text = shown(board(State(phase="things go wrong", now_ms=BEGAN_MS + 20_000, throttles={"tenant=acme": 0.25}, cases=[its])))
    for part in ("things go wrong", "tenant=acme at 25%", "20 s ago", "18 s", "$12.50", "…"):
        assert part in text


def test_without_a_terminal_each_phase_is_one_line():
    console = Console(file=io.StringIO(), width=160)
    lines = Lines(console)
    for elapsed_s in (1.0, 2.0):
        lines.show(State(phase="calm", elapsed_s=elapsed_s))
    assert console.file.getvalue() == "    1 s  calm\n"


def test_what_a_person_cut_short_is_no_fault():
    its = Case(scripted(), cut_short=True)
    report = Report(cases=[case(), its], interrupted=True)
    assert report.complaints == []
    assert report.words()[0].startswith("1 of 1 incidents")
    assert "stopped by hand" in report.words()
