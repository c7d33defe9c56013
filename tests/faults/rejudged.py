"""Telemetry and blocks as they are on their topics -> what each stage has to have made of them, and where it made something else.

This is the law without exceptions: stage 1 is a function of the records, and stages 2 and 3 are one of `tidegate.windows`. What an
idle or a blind mark made of the clock is in that topic, so it is the same here.
"""

import json
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

import msgspec

from actions.policy import load_policy
from detectors.canonical import encode
from streams.batch import Batch
from streams.block import Sealed, encode_parts
from streams.log.append import Record
from streams.log.topics import Topics
from streams.log.wire import Assembly, blind_mark_of, loss_mark_of
from streams.loss import loss_of
from streams.merge import Join
from streams.outputs import Outputs
from streams.pipeline import Plan
from tests.faults.evidence import Evidence

SLICE = 2_000
SHOWN = 200


def plan_of(policy: Path) -> Plan:
    """What a policy means for every stage."""
    return Plan.of(load_policy(policy))


def unlike_blocks(plan: Plan, evidence: Evidence) -> Iterator[str]:
    """Chunks of which the largest block is not what the records give."""
    expected = dict(_chunks(plan, evidence))
    found = {place: each for place, each in evidence.blocks.items() if place[1] is not None}
    for place in sorted(expected.keys() | found.keys(), key=str):
        if place not in found:
            yield f"partition {place[0]}, chunk {place[1]}: no block"
        elif place not in expected:
            yield f"partition {place[0]}, chunk {place[1]}: a block without records"
        elif _facts(found[place]) != _facts(expected[place]):
            upto = found[place].marker.upto, expected[place].marker.upto
            yield f"partition {place[0]}, chunk {place[1]}: another block, upto {upto[0]} instead of {upto[1]}"


def _chunks(plan: Plan, evidence: Evidence) -> Iterator[tuple[tuple[int, int | None], Sealed]]:
    for partition, values in evidence.telemetry.items():
        source = plan.source(partition, has_arrival=True, partitions=len(evidence.telemetry))
        arrivals = evidence.arrivals_ms[partition]
        for at in range(0, len(values), SLICE):
            part = values[at : at + SLICE]
            batch = Batch([value for _, value in part], [offset for offset, _ in part], arrivals[at : at + SLICE])
            for sealed in source.feed(batch):
                yield (partition, sealed.marker.chunk), sealed
            source.take_dead_letters()
        if (sealed := source.sealed_so_far()).marker.chunk is not None:
            yield (partition, sealed.marker.chunk), sealed


def _facts(sealed: Sealed) -> list[bytes]:
    """The bytes of a block, without what a mark of idleness adds."""
    marker = msgspec.structs.replace(sealed.marker, watermark_ms=None, idle_at_ms=None)
    return encode_parts(Sealed(marker, sealed.rollups))


def unlike_answers(plan: Plan, evidence: Evidence, topics: Topics, lost: Sequence[range]) -> Iterator[str]:
    """Anomalies and decisions that are not what the blocks give, up to the last window that was judged.

    Args:
        lost: offsets of `tidegate.windows` that were deleted before they were read.
    """
    last = evidence.last_window_end
    ends = ((topics.anomalies, "window_end"), (topics.decisions, "ts"))
    found = {name: {each for each in evidence.raw[name] if json.loads(each)[key] <= last} for name, key in ends}
    outputs = rejudged(plan, evidence.windows, range(len(evidence.telemetry)), lost=lost)
    anomalies = {encode(each) for each in outputs.anomalies.values() if each.window_end <= last}
    decisions = {encode(each) for each in outputs.decisions.values() if each.ts <= last}
    for name, theirs in ((topics.anomalies, anomalies), (topics.decisions, decisions)):
        own = found[name]
        yield from (f"{name}: not from the blocks: {each.decode()[:SHOWN]}" for each in sorted(own - theirs))
        yield from (f"{name}: missing: {each.decode()[:SHOWN]}" for each in sorted(theirs - own))


def rejudged(
    plan: Plan, windows: Iterable[tuple[int, Record]], partitions: Sequence[int], *, lost: Sequence[range] = ()
) -> Outputs:
    """What stages 2 and 3 make of `tidegate.windows`, in one process."""
    outputs, join, panel, act = Outputs(), plan.join(partitions), plan.panel(), plan.act()
    assembly, gaps = Assembly(), sorted(lost, key=lambda each: each.start)
    for offset, record in windows:
        if any(offset in gap for gap in gaps):
            continue
        while gaps and offset >= gaps[0].stop:
            assembly = Assembly()
            gaps.pop(0)
            join.lost_blocks()
        _take(join, assembly, offset, record)
        for facts in join.complete():
            judgement = panel.judge(facts)
            changes, decisions = act.take(judgement)
            outputs.add(judgement.anomalies, [each.incident for each in changes], decisions)
    return outputs


def _take(join: Join, assembly: Assembly, offset: int, record: Record) -> None:
    if (blind := blind_mark_of(record)) is not None:
        join.blind(blind)
    elif (loss := loss_mark_of(record)) is not None:
        join.lose(loss.partition, loss_of(loss))
    elif (arrived := assembly.add(offset, record)) is not None:
        join.add(arrived.sealed)
