"""What the API asks of the service behind it. Every method answers from memory, at once, and returns what has a JSON form."""

from collections.abc import Mapping, Sequence
from typing import Any, Protocol

import msgspec

from actions.control import ControlKind
from actions.decision import Decision
from actions.incident import Incident
from actions.quotas import Quota
from detectors.anomaly import Anomaly, CanaryVerdict


class ControlUnavailableError(Exception):
    """A request of a person could not be written down now; nothing has changed."""


class Status(msgspec.Struct, frozen=True, kw_only=True):
    """The state of the worker, for the top of the console.

    Attributes:
        frozen: who froze acting and why, "" when nobody did.
        blind: which of the traffic is not seen, "" when all is.
        catching_up: history is worked off, and not acted upon.
        lag_s: how far behind the log it is.
        waiting: decisions that wait to be performed, by sender.
    """

    worker: str = ""
    version: str = ""
    mode: str = "shadow"
    policy_version: str = ""
    frozen: str = ""
    blind: str = ""
    catching_up: bool = False
    lag_s: float = 0.0
    waiting: dict[str, int] = {}


class View(Protocol):
    """The service, as the API sees it."""

    def problems(self) -> Sequence[str]:
        """Why the process should be restarted; empty when it should not."""
        ...

    def ready(self) -> bool:
        """Whether its state is restored."""
        ...

    def status(self) -> Status:
        """The state of the worker."""
        ...

    def incidents(self) -> Sequence[Incident]:
        """Open ones, and those resolved lately; newest first."""
        ...

    def anomalies(self) -> Sequence[Anomaly]:
        """Late ones, newest first."""
        ...

    def decisions(self) -> Sequence[Decision | Mapping[str, Any]]:
        """Late ones, newest first; a mapping may add the `receipt`."""
        ...

    def throttles(self) -> Sequence[Quota]:
        """Those that stand."""
        ...

    def budgets(self) -> Sequence[Mapping[str, Any]]:
        """`{"name", "scope", "period_start", "spent_usd", "amount_usd", ...}` each."""
        ...

    def overrides(self) -> Sequence[Mapping[str, Any]]:
        """Those in force, and those that have ended."""
        ...

    def scopes(self) -> Sequence[Mapping[str, Any]]:
        """`{"scope", ...}` each: who has been seen."""
        ...

    def quota(self, scope: str) -> Quota:
        """What a scope (its text) may use now; level 0 when it is not throttled."""
        ...

    def verdict(self, service: str, release: str) -> CanaryVerdict | None:
        """What the canary test says now; None when it has never heard of this release."""
        ...

    async def control(self, kind: ControlKind, *, by: str, params: Mapping[str, Any]) -> str:
        """Write down what a person asks for and return its id.

        Raises:
            ControlUnavailableError: when it could not be written durably.
        """
        ...
