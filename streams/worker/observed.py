"""Records of our own topics -> what the whole service has found, decided and done, as one worker knows it. Pure."""

from collections import OrderedDict
from collections.abc import Mapping
from typing import Any, TypeVar

import msgspec

from actions.control import Control, ControlKind
from actions.decision import Decision
from actions.incident import Incident
from actions.quotas import Quotas, decode_quota
from actions.receipt import Outcome, Receipt
from detectors.anomaly import Anomaly, BudgetState, CanaryVerdict, Judgement
from streams.log.append import Record
from streams.log.judgement_wire import Judgements
from streams.log.topics import Topics
from streams.log.wire import END
from streams.outputs import Outputs

KEPT_RESOLVED = 500
KEPT_DECISIONS = 2_000

Value = TypeVar("Value")

_incident = msgspec.json.Decoder(Incident)
_decision = msgspec.json.Decoder(Decision)
_receipt = msgspec.json.Decoder(Receipt)
_control = msgspec.json.Decoder(Control)


class Observed:
    """The latest of everything, by id; repeats change nothing.

    Args:
        outputs: Takes all anomalies, incidents and decisions when a run writes files in the end; else None.
    """

    def __init__(self, topics: Topics, *, outputs: Outputs | None = None) -> None:
        self.outputs = outputs
        self.quotas = Quotas()
        self.controls: OrderedDict[str, Control] = OrderedDict()
        self.incidents: OrderedDict[str, Incident] = OrderedDict()
        self.decisions: OrderedDict[str, Decision] = OrderedDict()
        self.receipts: OrderedDict[str, Receipt] = OrderedDict()
        self.anomalies: OrderedDict[str, Anomaly] = OrderedDict()
        self.budgets: dict[str, BudgetState] = {}
        self.verdicts: dict[tuple[str, str], CanaryVerdict] = {}
        self.last_window_end = ""
        self.blind: dict[str, str] = {}
        """Source partitions that were not seen in the last judged window, and why."""
        self.ends: dict[str, bytes] = {}
        """By topic, the last mark of a run that ended there."""
        self._judgements = Judgements()
        self._takes = {
            topics.anomalies: self._take_anomaly,
            topics.incidents: self._take_incident,
            topics.decisions: self._take_decision,
            topics.receipts: self._take_receipt,
            topics.quotas: self._take_quota,
            topics.control: self._take_control,
        }

    def take(self, topic: str, offset: int, record: Record) -> None:
        """Take one record.

        Raises:
            ValueError: when it is not what the topic holds.
        """
        end = dict(record.headers).get(END)
        if end is not None:
            self.ends[topic] = end
        elif (take := self._takes.get(topic)) is not None:
            take(offset, record)

    def _take_anomaly(self, offset: int, record: Record) -> None:
        judgement = self._judgements.add(offset, record)
        if judgement is not None:
            self._take_judgement(judgement)

    def _take_judgement(self, judgement: Judgement) -> None:
        self.last_window_end, self.blind = judgement.window_end, judgement.blind
        if self.outputs is not None:
            self.outputs.add(judgement.anomalies, (), ())
        for anomaly in judgement.anomalies:
            _put(self.anomalies, anomaly.id, anomaly, KEPT_DECISIONS)
        for budget in judgement.budgets:
            self.budgets[budget.budget] = budget
        for verdict in judgement.verdicts:
            self.verdicts[verdict.service, verdict.release] = verdict

    def _take_incident(self, _offset: int, record: Record) -> None:
        incident = _incident.decode(record.value or b"")
        if self.outputs is not None:
            self.outputs.add((), [incident], ())
        self.incidents[incident.id] = incident
        resolved = [each.id for each in self.incidents.values() if each.resolved is not None]
        for each in resolved[:-KEPT_RESOLVED]:
            del self.incidents[each]

    def _take_decision(self, _offset: int, record: Record) -> None:
        decision = _decision.decode(record.value or b"")
        if self.outputs is not None:
            self.outputs.add((), (), [decision])
        _put(self.decisions, decision.id, decision, KEPT_DECISIONS)

    def _take_receipt(self, _offset: int, record: Record) -> None:
        receipt = _receipt.decode(record.value or b"")
        _put(self.receipts, receipt.decision_id, receipt, KEPT_DECISIONS)

    def _take_quota(self, _offset: int, record: Record) -> None:
        if record.value is not None:
            self.quotas.apply(decode_quota(record.value))

    def _take_control(self, _offset: int, record: Record) -> None:
        control = _control.decode(record.value or b"")
        self.controls.setdefault(control.id, control)

    @property
    def open_incidents(self) -> int:
        """How many are not resolved."""
        return sum(1 for each in self.incidents.values() if each.resolved is None)

    @property
    def frozen(self) -> str:
        """Who froze acting and why; "" when nobody did. The last word in the log counts."""
        last = next((c for c in reversed(self.controls.values()) if c.kind in {ControlKind.FREEZE, ControlKind.UNFREEZE}), None)
        if last is None or last.kind is ControlKind.UNFREEZE:
            return ""
        reason = str(last.params.get("reason", ""))
        return f"{last.by}: {reason}" if reason else last.by

    def acted_by(self, ts: str) -> bool:
        """Whether something was acted on that was decided at `ts` or before: what follows is no history that nobody may act on."""
        acted = (self.decisions.get(each.decision_id) for each in self.receipts.values() if each.outcome is not Outcome.SKIPPED)
        return any(decision is not None and decision.ts <= ts for decision in acted)

    @property
    def blindness(self) -> str:
        """Which source partitions are not seen and why, in words; "" when all are."""
        return "; ".join(
            f"source partition {partition} is {why}" for partition, why in sorted(self.blind.items(), key=lambda each: int(each[0]))
        )

    def answer(self, decision_id: str) -> bool | None:
        """What a person said of a decision; None when nobody has."""
        for control in reversed(self.controls.values()):
            if control.params.get("decision_id") == decision_id and control.kind in {ControlKind.APPROVE, ControlKind.REFUSE}:
                return control.kind is ControlKind.APPROVE
        return None

    def decision_with_receipt(self, decision: Decision) -> Mapping[str, Any]:
        """A decision, and what became of it."""
        receipt = self.receipts.get(decision.id)
        return {**msgspec.to_builtins(decision), "receipt": msgspec.to_builtins(receipt) if receipt else None}


def _put(kept: OrderedDict[str, Value], key: str, value: Value, limit: int) -> None:
    kept[key] = value
    kept.move_to_end(key)
    if len(kept) > limit:
        kept.popitem(last=False)
