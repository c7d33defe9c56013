"""Records of `tidegate.ledger` in log order -> who may send what, and what has become of it. Pure.

States of a decision: *proposed*, *claimed* (somebody may be sending it), *settled* (it has a receipt, for good). A claim names the
claim that it follows, so the first claim after another wins by the order of the log alone: a compare-and-swap on a topic that has
none. The winner's offset is the fence. A claim is good for 5 s; a claim without a receipt after that is *unknown*: its
effect may or may not be there.
"""

from collections import OrderedDict
from collections.abc import Iterator
from dataclasses import dataclass, replace

import msgspec

from actions.decision import Decision
from actions.receipt import Outcome, Receipt

CLAIM_S = 5.0
"""How long a claim is good for, on the monotonic clock: for its owner since before it was written, for others since it was read."""

KEPT_SETTLED = 100_000
"""Settled decisions that are remembered; older evidence than that is stale anyway."""


class Proposed(msgspec.Struct, frozen=True, kw_only=True, tag_field="kind", tag="proposed"):
    """A decision waits to be performed. The first proposal of an id counts."""

    decision: Decision


class Claim(msgspec.Struct, frozen=True, kw_only=True, tag_field="kind", tag="claim"):
    """`worker` wants to perform the decision. It wins if `after` is the fence of the last winner (None: nobody has claimed yet)."""

    decision_id: str
    worker: str
    after: int | None = None


class Settled(msgspec.Struct, frozen=True, kw_only=True, tag_field="kind", tag="receipt"):
    """What became of a decision. `fence` is the claim it was performed under, None when it was held back without one."""

    receipt: Receipt
    worker: str
    fence: int | None = None


LedgerRecord = Proposed | Claim | Settled

_decoder: msgspec.json.Decoder[LedgerRecord] = msgspec.json.Decoder(LedgerRecord)
_encoder = msgspec.json.Encoder()


def encode_record(record: LedgerRecord) -> bytes:
    """One value of the topic."""
    return _encoder.encode(record)


def decode_record(value: bytes) -> LedgerRecord:
    """What `encode_record` wrote.

    Raises:
        msgspec.DecodeError: when it is none.
    """
    return _decoder.decode(value)


def record_key(record: LedgerRecord) -> str:
    """The id of the decision that a record is about; the key on the topic."""
    if isinstance(record, Proposed):
        return record.decision.id
    return record.receipt.decision_id if isinstance(record, Settled) else record.decision_id


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """Where a decision stands.

    Attributes:
        decision: None while only a claim or a receipt of it was seen.
        fence: offset of the winning claim, None without one.
        worker: whose claim it is.
        read_s: monotonic time at which the claim was read here.
        receipt: the last word; `pending_approval` is not for good.
        receipt_offset: where it stands in the log.
        receipt_by: the worker who wrote it.
    """

    decision: Decision | None = None
    fence: int | None = None
    worker: str = ""
    read_s: float = 0.0
    receipt: Receipt | None = None
    receipt_offset: int | None = None
    receipt_by: str = ""

    @property
    def settled(self) -> bool:
        """Whether nothing is left to be done."""
        return self.receipt is not None and self.receipt.outcome is not Outcome.PENDING_APPROVAL

    def lapsed(self, now_s: float, claim_s: float = CLAIM_S) -> bool:
        """Whether nobody holds it: no claim, or one that is no longer good."""
        return self.fence is None or now_s - self.read_s >= claim_s


_UNKNOWN = Standing()


class Ledger:
    """The state after a prefix of the log. Two readers of one prefix agree on everything but `read_s`."""

    def __init__(self, *, kept_settled: int = KEPT_SETTLED) -> None:
        self._kept = kept_settled
        self._open: dict[str, Standing] = {}
        self._settled: OrderedDict[str, Standing] = OrderedDict()
        self.next_offset = 0

    def apply(self, offset: int, record: LedgerRecord, now_s: float) -> bool:
        """Take the record at `offset`, read at monotonic `now_s`; False when it changes nothing: seen before, beaten or late."""
        if offset < self.next_offset:
            return False
        self.next_offset = offset + 1
        key = record_key(record)
        old = self.standing(key)
        if isinstance(record, Proposed):
            new = replace(old, decision=record.decision) if old.decision is None else old
        elif isinstance(record, Claim):
            new = _claimed(old, offset, record, now_s)
        else:
            new = _receipted(old, offset, record)
        if new is old:
            return False
        self._put(key, new)
        return True

    def standing(self, decision_id: str) -> Standing:
        """Where the decision stands; all empty when it was never seen."""
        return self._open.get(decision_id) or self._settled.get(decision_id) or _UNKNOWN

    def open_decisions(self) -> Iterator[Decision]:
        """What is proposed and not settled, in the order of the log."""
        return (each.decision for each in list(self._open.values()) if each.decision is not None)

    def receipts(self) -> Iterator[tuple[Decision, Receipt]]:
        """Decisions with their receipts, in the order of the log: those that wait for a person first."""
        standings = [*self._open.values(), *self._settled.values()]
        return ((each.decision, each.receipt) for each in standings if each.decision is not None and each.receipt is not None)

    def _put(self, key: str, new: Standing) -> None:
        if not new.settled:
            self._open[key] = new
            return
        self._open.pop(key, None)
        self._settled[key] = new
        if len(self._settled) > self._kept:
            self._settled.popitem(last=False)


def _claimed(old: Standing, offset: int, claim: Claim, now_s: float) -> Standing:
    if old.settled or claim.after != old.fence:
        return old
    return replace(old, fence=offset, worker=claim.worker, read_s=now_s)


def _receipted(old: Standing, offset: int, record: Settled) -> Standing:
    """A receipt counts under the claim that stands; that an effect was done is true under any."""
    if old.settled:
        return old
    if record.fence != old.fence and record.receipt.outcome is not Outcome.DONE:
        return old
    return replace(old, receipt=record.receipt, receipt_offset=offset, receipt_by=record.worker)
