"""Evidence of an installation that has come to rest -> what was broken of the promises I1 to I9; nothing, if all is well."""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from actions.decision import Action, Decision
from detectors.canonical import parse_time
from detectors.facts import COLUMN
from tests.faults.evidence import Evidence
from tests.faults.recount import Recount
from tests.faults.witnesses import Witnesses
from tests.kafka.receivers import SECRETS

LONGEST_LEASE_MS = 15 * 60_000


@dataclass(slots=True)
class Verdict:
    """What was found.

    Attributes:
        broken: promise -> what breaks it.
        lost: records that are neither counted nor refused, plus those that were counted twice.
        duplicate_effects: effects that were there twice.
    """

    broken: dict[str, list[str]] = field(default_factory=dict)
    lost: int = 0
    duplicate_effects: int = 0

    def say(self, promise: str, what: Sequence[str]) -> None:
        """Keep what breaks a promise."""
        if what:
            self.broken.setdefault(promise, []).extend(what)


@dataclass(frozen=True, slots=True)
class Sent:
    """What the witnesses had got at some time: dedup keys of pages, and ids of messages.

    Attributes:
        refused: what the gateway may have refused: a late worker's fence, and signatures where clocks are wrong, since they tell
            the time.
    """

    keys: set[str]
    messages: set[str]
    refused: frozenset[str] = frozenset({"fence"})


def judge(evidence: Evidence, counted: Recount, seen: Witnesses, sent: Sent) -> Verdict:
    """Check every promise that can be read from topics and witnesses.

    Args:
        sent: what the witnesses had got before the topics were read: throttles are renewed and lifted meanwhile.
    """
    verdict = Verdict()
    totals = totals_of(evidence)
    verdict.lost = abs(counted.accepted - totals["attempts"]) + len(counted.refused ^ evidence.dead.keys())
    verdict.say("I1 nothing is lost", list(_lost(evidence, counted, totals)))
    twice = seen.twice()
    verdict.duplicate_effects = len(twice)
    verdict.say("I2 one effect an action", twice)
    verdict.say("I3 no effect without a decision", list(_unexpected(evidence, seen, sent)))
    verdict.say("I4 every decision is settled", list(unsettled(evidence)))
    verdict.say("I5 no throttle outlives its lease", list(_overdue(evidence)))
    verdict.say("I8 no secret in an output", list(_told(evidence)))
    return verdict


def totals_of(evidence: Evidence) -> Counter[str]:
    """Sums of all blocks, late facts included: of each chunk the largest block counts."""
    totals: Counter[str] = Counter()
    for sealed in evidence.blocks.values():
        rows = sealed.rollups[()]
        for name in ("attempts", "input_tokens", "output_tokens", "known_nanos", "assumed_nanos"):
            totals[name] += int(rows.sums[:, COLUMN[name]].sum())
    return totals


def _lost(evidence: Evidence, counted: Recount, totals: Counter[str]) -> Iterator[str]:
    wanted = {
        "attempts": counted.accepted,
        "input_tokens": counted.input_tokens,
        "output_tokens": counted.output_tokens,
        "known_nanos": counted.nanos,
        "assumed_nanos": 0,
    }
    for name, value in wanted.items():
        if totals[name] != value:
            yield f"{name}: the blocks have {totals[name]}, the recount {value}"
    wrong = counted.refused ^ evidence.dead.keys()
    if wrong:
        yield f"{len(wrong)} dead letters too many or too few: {sorted(wrong)[:5]}"


def _unexpected(evidence: Evidence, seen: Witnesses, sent: Sent) -> Iterator[str]:
    incidents = {each.dedup_key for each in evidence.decisions.values() if each.action in {Action.PAGE, Action.NOTIFY}}
    for key in sorted(sent.keys - incidents):
        yield f"the pager heard of {key}, which nobody decided"
    for message_id in sorted(sent.messages - evidence.decisions.keys()):
        yield f"the gateway got {message_id}, which nobody decided"
    refused = {why: count for why, count in seen.gateway.refused.items() if why not in sent.refused}
    if refused:
        yield f"the gateway refused {refused}"


def unsettled(evidence: Evidence) -> Iterator[str]:
    """Decisions of which nobody knows what became of them."""
    settled = evidence.settled
    for each in evidence.decisions.values():
        outcomes = {one.receipt.outcome for one in settled.get(each.id, [])}
        if not outcomes:
            yield f"{each.action} {each.target} {each.ts} has no receipt in the ledger"
        elif each.id not in evidence.receipts:
            yield f"{each.action} {each.target} {each.ts} has a receipt in the ledger and none on the topic"


def _overdue(evidence: Evidence) -> Iterator[str]:
    for each in evidence.decisions.values():
        until = each.params.get("until") if each.action is Action.THROTTLE else None
        if isinstance(until, str) and parse_time(until) - parse_time(each.ts) > LONGEST_LEASE_MS:
            yield f"{each.target} is throttled until {until}, decided at {each.ts}"


def _told(evidence: Evidence) -> Iterator[str]:
    secrets = [secret.encode() for secret in SECRETS.values()]
    for topic, values in evidence.raw.items():
        if any(secret in value for value in values for secret in secrets):
            yield f"{topic} holds a secret"


def outcomes(evidence: Evidence) -> Counter[str]:
    """How decisions ended: `action outcome reason` -> count."""
    return Counter(_ending(each, evidence) for each in evidence.decisions.values())


def _ending(decision: Decision, evidence: Evidence) -> str:
    receipt: Any = evidence.receipts.get(decision.id)
    return f"{decision.action} {receipt.outcome} {receipt.reason}".strip() if receipt else f"{decision.action} open"
