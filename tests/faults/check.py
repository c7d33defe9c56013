"""An installation whose incidents go on -> it comes to rest, and every promise is checked on what it left."""

import json
import time
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

from detectors.canonical import parse_time
from streams.log.kafka import TopicPartition
from tests.faults.evidence import Evidence, gather
from tests.faults.expected import arrived_too_late, differences, replayed
from tests.faults.feed import now_ms
from tests.faults.invariants import Sent, Verdict, judge, outcomes, unsettled
from tests.faults.kept import said_lost
from tests.faults.recount import Recount, recount
from tests.faults.rejudged import plan_of, unlike_answers, unlike_blocks
from tests.faults.rig import Rig

GATHERINGS, AGAIN_S = 4, 3.0
REST_S = 180.0
"""Throttles are lifted after a minute; the rest is quicker."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Checked:
    """What was left, and what is broken of it.

    Attributes:
        excused: records that came to an idle partition later than the grace: a replay of the records alone may differ then.
        unlike: lines in which it does.
    """

    evidence: Evidence
    counted: Recount
    verdict: Verdict
    excused: int
    unlike: list[str]
    endings: Counter[str]
    repeated: int


def check(its: Rig, folder: Path, *, replay: bool = True) -> Checked:
    """End the stream, wait until every decision is settled, and look at everything."""
    its.feed.stop()
    rests = _come_to_rest(its, now_ms())
    evidence, sent = _at_rest(its)
    counted = recount(evidence.telemetry)
    verdict = judge(evidence, counted, its.seen, sent)
    if not rests:
        verdict.say("I4 every decision is settled", [f"it did not come to rest in {REST_S:.0f} s"])
    if counted.records + evidence.lost < its.feed.acknowledged:
        verdict.say("I1 nothing is lost", [f"the broker acknowledged {its.feed.acknowledged} and has {counted.records}"])
    _hold_to_the_law(its, evidence, verdict)
    unlike, excused = [], arrived_too_late(evidence)
    if replay and not evidence.lost:
        unlike = differences(its, evidence, replayed(its, folder))
        if not excused and not evidence.incomplete:
            verdict.say("law: the same log, the same answer", unlike)
    verdict.say("I9 health is honest", list(_unhealthy(its)))
    return Checked(
        evidence=evidence,
        counted=counted,
        verdict=verdict,
        excused=excused,
        unlike=unlike,
        endings=outcomes(evidence),
        repeated=its.seen.repeated,
    )


def _hold_to_the_law(its: Rig, evidence: Evidence, verdict: Verdict) -> None:
    """Every stage has made of its log what there is to be made of it."""
    plan, topics = plan_of(its.policy), its.service.topics
    lost = said_lost(its.service).get(TopicPartition(topics.windows, 0), [])
    if {range(each.first, each.last + 1) for each in evidence.losses} != _said_of_telemetry(its):
        verdict.say("I1 nothing is lost", ["workers name other records as lost than the marks on tidegate.windows"])
    verdict.say("law: the same records, the same blocks", list(unlike_blocks(plan, evidence)))
    verdict.say("law: the same blocks, the same answer", list(unlike_answers(plan, evidence, topics, lost)))


def _said_of_telemetry(its: Rig) -> set[range]:
    said = said_lost(its.service)
    return {lost for tp, ranges in said.items() if tp.topic == its.service.topics.telemetry for lost in ranges}


def _at_rest(its: Rig) -> tuple[Evidence, Sent]:
    """All topics, and what had been sent before they were read; read again when a decision was just on its way."""
    for _ in range(GATHERINGS):
        sent = Sent(its.seen.keys, its.seen.messages, frozenset({"fence", "signature"} if its.setting.clocks else {"fence"}))
        evidence = gather(its.service, its.setting.partitions, its.kept)
        if not any(True for _ in unsettled(evidence)):
            break
        time.sleep(AGAIN_S)
    return evidence, sent


def _come_to_rest(its: Rig, ended_ms: int) -> bool:
    """Wait until windows are judged past the end of the stream and no decision waits; whether it came to that."""
    deadline_s = time.monotonic() + REST_S
    while time.monotonic() < deadline_s:
        time.sleep(1.0)
        if _rests(its, ended_ms):
            return True
    return False


def _rests(its: Rig, ended_ms: int) -> bool:
    judged = [record.key for record in its.service.read(its.service.topics.anomalies)[-1:]]
    if not judged or not judged[0].startswith(b"window/"):
        return False
    if parse_time(judged[0].removeprefix(b"window/").decode()) < ended_ms:
        return False
    decided = {record.key for record in its.service.read(its.service.topics.decisions)}
    settled = {record.key for record in its.service.read(its.service.topics.receipts)}
    return decided <= settled


def _unhealthy(its: Rig) -> list[str]:
    found = []
    for name, worker in its.workers.items():
        if worker.process.poll() is None:
            status = worker.get("api/v1/status")
            if not worker.ready():
                found.append(f"{name} is at rest and not ready")
            if status["blind"] or status["catching_up"]:
                found.append(f"{name} says {json.dumps(status)}")
    return found
