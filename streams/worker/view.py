"""What a worker knows of the service -> the answers of the HTTP API."""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import msgspec

from actions.api.view import ControlUnavailableError, Status
from actions.control import ControlKind
from actions.decision import Decision
from actions.incident import Incident
from actions.policy.model import Policy
from actions.quotas import Quota
from detectors.anomaly import Anomaly, CanaryVerdict
from detectors.scope import scope_of, scope_text
from streams.controls import control_of, record_of_control
from streams.errors import BrokerError
from streams.log.append import Appender
from streams.log.topics import Topics
from streams.now import Now
from streams.worker.observed import Observed
from streams.worker.progress import Progress

CONTROL_S = 5.0
LISTED = 500


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkerFacts:
    """The worker behind the view.

    Attributes:
        problems: why it should be restarted.
        ready: whether its state is restored.
        waiting: decisions that wait to be performed, by sender.
        catching_up: whether it works off history.
    """

    name: str
    version: str
    problems: Callable[[], Sequence[str]]
    ready: Callable[[], bool]
    waiting: Callable[[], dict[str, int]]
    catching_up: Callable[[], bool]


class ServiceView:
    """Keeps to `actions.api.view.View`; answers from memory."""

    def __init__(
        self,
        *,
        worker: WorkerFacts,
        policy: Policy,
        observed: Observed,
        progress: Progress,
        now: Now,
        write: tuple[Appender, Topics],
    ) -> None:
        self._worker = worker
        self._policy = policy
        self._observed = observed
        self._progress = progress
        self._now = now
        self._appender, self._topics = write

    def problems(self) -> Sequence[str]:
        """Why the process should be restarted."""
        return self._worker.problems()

    def ready(self) -> bool:
        """Whether its state is restored."""
        return self._worker.ready()

    def status(self) -> Status:
        """The state of the worker."""
        return Status(
            worker=self._worker.name,
            version=self._worker.version,
            mode=self._policy.mode.value,
            policy_version=self._policy.digest,
            frozen=self._observed.frozen,
            blind="; ".join(filter(None, (self._observed.blindness, self._progress.blind))),
            catching_up=self._worker.catching_up(),
            lag_s=round(self._progress.lag_s, 3),
            waiting=self._worker.waiting(),
        )

    def incidents(self) -> Sequence[Incident]:
        """Newest first."""
        return sorted(self._observed.incidents.values(), key=lambda each: (each.opened, each.id), reverse=True)[:LISTED]

    def anomalies(self) -> Sequence[Anomaly]:
        """Newest first."""
        return list(reversed(self._observed.anomalies.values()))[:LISTED]

    def decisions(self) -> Sequence[Decision | Mapping[str, Any]]:
        """Newest first, with what became of them."""
        latest = list(self._observed.decisions.values())[-LISTED:]
        return [self._observed.decision_with_receipt(each) for each in reversed(latest)]

    def throttles(self) -> Sequence[Quota]:
        """Those that stand."""
        return self._observed.quotas.standing(self._now.ms)

    def budgets(self) -> Sequence[Mapping[str, Any]]:
        """What is spent of each budget of the policy; one without spend yet is at 0."""
        known = self._observed.budgets
        return [
            {
                "name": rule.name,
                "scope": scope_text(scope_of(dict(rule.scope))),
                "period": str(rule.period),
                **(
                    {"period_start": state.period_start, "spent_usd": state.spent_usd, "amount_usd": state.amount_usd}
                    if (state := known.get(rule.name)) is not None
                    else {"period_start": None, "spent_usd": "0", "amount_usd": str(rule.amount_usd)}
                ),
            }
            for rule in self._policy.budgets
        ]

    def overrides(self) -> Sequence[Mapping[str, Any]]:
        """The lifts and approvals that people asked for, newest first."""
        kinds = {ControlKind.LIFT, ControlKind.APPROVE, ControlKind.REFUSE}
        asked = [each for each in self._observed.controls.values() if each.kind in kinds]
        return [msgspec.to_builtins(each) for each in reversed(asked[-LISTED:])]

    def scopes(self) -> Sequence[Mapping[str, Any]]:
        """Scopes with an anomaly or a quota, with what was last found of each."""
        found: dict[str, dict[str, Any]] = {}
        for anomaly in self._observed.anomalies.values():
            text = scope_text(scope_of(anomaly.scope))
            found[text] = {"scope": text, "detector": anomaly.detector, "severity": anomaly.severity, "at": anomaly.window_end}
        for quota in self.throttles():
            found.setdefault(quota.scope, {"scope": quota.scope})["level"] = quota.level
        return [found[text] for text in sorted(found)]

    def quota(self, scope: str) -> Quota:
        """What a scope may use now."""
        return self._observed.quotas.get(scope, self._now.ms)

    def verdict(self, service: str, release: str) -> CanaryVerdict | None:
        """What the canary test says now."""
        return self._observed.verdicts.get((service, release))

    async def control(self, kind: ControlKind, *, by: str, params: Mapping[str, Any]) -> str:
        """Write down what a person asks for.

        Raises:
            ControlUnavailableError: when that takes more than 5 s.
        """
        control = control_of(kind, by=by, params=params, now_ms=self._now.ms)
        try:
            async with asyncio.timeout(CONTROL_S):
                await self._appender.append(self._topics.control, [record_of_control(control)])
        except (TimeoutError, BrokerError) as error:
            raise ControlUnavailableError from error
        return control.id
