"""A policy as a whole: the keys of a policy file -> frozen, checked settings."""

import hashlib
import json
from collections.abc import Mapping
from decimal import Decimal
from enum import StrEnum
from functools import cached_property
from typing import Annotated, Any, Literal

from pydantic import ConfigDict, Field

from actions.policy.money import BudgetRule, ModelPrice, Quota
from actions.policy.receivers import Receiver, Route
from actions.policy.remedies import Canary, Remedy, Safety
from actions.policy.words import DETECTOR_NAMES, Duration, Flag, RollupKey, Section, Text, Whole, within, written

DetectorName = Literal[DETECTOR_NAMES]  # type: ignore[valid-type]  # the list is data


class Mode(StrEnum):
    """How much of what is decided is done; each mode does what the one before does, and more."""

    OBSERVE = "observe"  # records anomalies and incidents
    SHADOW = "shadow"  # also records what would be done
    PAGE = "page"  # tells people
    APPROVE = "approve"  # takes remedies that a person agreed to
    ACT = "act"  # takes remedies


class WarmUp(Section):
    """How much has to be known of a scope before anybody is paged for it: time since its first window, and operations."""

    after_ms: Annotated[Duration, within("0s", "30d")] = written("after", "1h")
    operations: Annotated[Whole, Field(ge=0, le=10**9)] = 50


class DetectorSettings(Section):
    """Settings of one detector; keys that are not named here are parameters of the detector itself.

    Attributes:
        scopes: the roll-ups that it judges, instead of its default ones.
        calm_ms: instead of `safety.calm`.
    """

    model_config = ConfigDict(extra="allow")

    enabled: Flag = True
    scopes: Annotated[tuple[RollupKey, ...], Field(min_length=1)] | None = None
    calm_ms: Annotated[Duration, within("10s", "1d")] | None = written("calm", None)

    @property
    def parameters(self) -> Mapping[str, Any]:
        """Parameters of the detector itself, as written."""
        return self.model_extra or {}


class DeadLetter(Section):
    """What is kept of a refused record: its bytes, or only their hash."""

    body: Literal["full", "hash"] = "full"


def _assumed_price() -> ModelPrice:
    return ModelPrice(input_usd_per_mtok=Decimal(15), output_usd_per_mtok=Decimal(75))


class Policy(Section):
    """What is abnormal, who hears of it, and what is done about it.

    Attributes:
        version: version of the file format.
        rollups: sums to keep besides the default ones.
        prices: what models cost, where the price book is wrong or silent.
        unknown_price: upper bound that models without a price are charged at.
    """

    version: Literal[1] = 1
    mode: Mode = Mode.SHADOW
    warm_up: WarmUp = WarmUp()
    rollups: Annotated[tuple[RollupKey, ...], Field(max_length=50)] = ()
    prices: Mapping[Text, ModelPrice] = {}
    unknown_price: ModelPrice = Field(default_factory=_assumed_price)
    budgets: tuple[BudgetRule, ...] = ()
    quotas: tuple[Quota, ...] = ()
    detectors: Mapping[DetectorName, DetectorSettings] = {}
    receivers: tuple[Receiver, ...] = ()
    routes: tuple[Route, ...] = ()
    remedies: Mapping[DetectorName, tuple[Remedy, ...]] = {}
    canary: Canary = Canary()
    safety: Safety = Safety()
    dead_letter: DeadLetter = DeadLetter()

    @cached_property
    def digest(self) -> str:
        """12 hex of sha256 of the policy in canonical form; comments, order of keys and spelling of numbers do not matter."""
        plain = self.model_dump(mode="json", by_alias=True)
        text = json.dumps(plain, sort_keys=True, separators=(",", ":"), ensure_ascii=False, default=str)
        return hashlib.sha256(text.encode()).hexdigest()[:12]
