"""Batches of accepted usages -> running totals, exact, for `summary.json` and for metrics."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any, Self

import numpy as np

from detectors.canonical import usd_text
from detectors.columns import Int32
from detectors.facts import Int64
from detectors.scope import OTHER
from streams.decode import Reason

MODELS = 1000
"""How many models have totals of their own; further ones share `other`."""

_LOW = 20
"""Money is summed in two halves, split here, so that a batch of the largest costs does not overflow."""


@dataclass(slots=True)
class ModelTally:
    """Totals of one model."""

    records: int = 0
    input_tokens: int = 0
    output_tokens: int = 0
    known_nanos: int = 0
    assumed_nanos: int = 0

    def add(self, other: "ModelTally") -> None:
        """Take in the totals of another one."""
        self.records += other.records
        self.input_tokens += other.input_tokens
        self.output_tokens += other.output_tokens
        self.known_nanos += other.known_nanos
        self.assumed_nanos += other.assumed_nanos


@dataclass(slots=True)
class Tally:
    """Running totals of a source partition, or of several.

    Attributes:
        records: values read, of any kind.
        usage_records: accepted once; late ones included, duplicates not.
        operations: accepted records with attempt = 1.
        duplicates: records whose id was known. `conflicts` is the part of them with another payload.
        late_records: accepted ones that came after their window.
        dead_letters: refused ones by reason; `future` and `too_old` included.
        models: totals by model, at most MODELS of them and `other`.
    """

    records: int = 0
    usage_records: int = 0
    operations: int = 0
    duplicates: int = 0
    conflicts: int = 0
    late_records: int = 0
    dead_letters: dict[str, int] = field(default_factory=dict)
    models: dict[str, ModelTally] = field(default_factory=dict)
    _numbers: dict[str, int] = field(default_factory=dict, repr=False)

    @property
    def future_records(self) -> int:
        """Refused because they lie in the future."""
        return self.dead_letters.get(Reason.FUTURE.value, 0)

    @property
    def input_tokens(self) -> int:
        """Of accepted records."""
        return sum(each.input_tokens for each in self.models.values())

    @property
    def output_tokens(self) -> int:
        """Of accepted records."""
        return sum(each.output_tokens for each in self.models.values())

    @property
    def known_nanos(self) -> int:
        """Nano-dollars billed or priced by the book."""
        return sum(each.known_nanos for each in self.models.values())

    @property
    def assumed_nanos(self) -> int:
        """Nano-dollars of models without a price, at the policy's bound."""
        return sum(each.assumed_nanos for each in self.models.values())

    def model_number(self, model: str) -> int:
        """The number under which `count` takes a model."""
        name = model if model in self._numbers or len(self._numbers) < MODELS else OTHER
        number = self._numbers.setdefault(name, len(self._numbers))
        self.models.setdefault(name, ModelTally())
        return number

    def refuse(self, reason: Reason) -> None:
        """Count a dead letter."""
        self.dead_letters[reason.value] = self.dead_letters.get(reason.value, 0) + 1

    def count(self, models: Int32 | Int64, tokens: Int64, known_nanos: Int64, assumed_nanos: Int64) -> None:
        """Add accepted records to the totals by model.

        Args:
            models: numbers of `model_number`, shape (n,).
            tokens: input and output tokens, shape (2, n).
            known_nanos: shape (n,).
            assumed_nanos: shape (n,).
        """
        records = np.bincount(models)
        columns = [_sums(models, column) for column in (*tokens, known_nanos, assumed_nanos)]
        names = list(self._numbers)
        for number in np.flatnonzero(records).tolist():
            self.models[names[number]].add(ModelTally(int(records[number]), *(column[number] for column in columns)))

    def summary(self) -> dict[str, Any]:
        """The part of `summary.json` (design 4.4) that stage 1 knows."""
        return {
            "usage_records": self.usage_records,
            "operations": self.operations,
            "dead_letters": {
                reason.value: self.dead_letters[reason.value] for reason in Reason if reason.value in self.dead_letters
            },
            "late_records": self.late_records,
            "future_records": self.future_records,
            "duplicates": self.duplicates,
            "conflicts": self.conflicts,
            "input_tokens": self.input_tokens,
            "output_tokens": self.output_tokens,
            "cost_usd": usd_text(self.known_nanos),
            "cost_usd_assumed": usd_text(self.assumed_nanos),
        }

    @classmethod
    def total(cls, tallies: Iterable["Tally"]) -> Self:
        """The totals of several source partitions."""
        total = cls()
        for tally in tallies:
            for name in _COUNTS:
                setattr(total, name, getattr(total, name) + getattr(tally, name))
            for reason, count in tally.dead_letters.items():
                total.dead_letters[reason] = total.dead_letters.get(reason, 0) + count
            for model, each in tally.models.items():
                total.models.setdefault(model, ModelTally()).add(each)
        return total

    def snapshot(self) -> dict[str, Any]:
        """State that `restore` takes back; sums as text, since they may pass 64 bits."""
        models = {model: [str(getattr(each, name)) for name in ModelTally.__slots__] for model, each in self.models.items()}
        return {**{name: getattr(self, name) for name in _COUNTS}, "dead_letters": dict(self.dead_letters), "models": models}

    def restore(self, state: dict[str, Any]) -> None:
        """Become what `snapshot` saw."""
        for name in _COUNTS:
            setattr(self, name, state[name])
        self.dead_letters = dict(state["dead_letters"])
        self.models = {model: ModelTally(*map(int, sums)) for model, sums in state["models"].items()}
        self._numbers = {model: number for number, model in enumerate(self.models)}


_COUNTS = ("records", "usage_records", "operations", "duplicates", "conflicts", "late_records")


def _sums(models: Int32 | Int64, column: Int64) -> Sequence[int]:
    """Exact sums of a column by model: each half stays below 2^53, which floats hold exactly."""
    high = np.bincount(models, column >> _LOW)
    low = np.bincount(models, column & ((1 << _LOW) - 1))
    return [(int(a) << _LOW) + int(b) for a, b in zip(high.tolist(), low.tolist(), strict=True)]
