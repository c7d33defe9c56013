"""Facts of tenants and providers -> those whose operations are tried again and again, and whose fault it is."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, ClassVar

import numpy as np

from detectors.anomaly import Abnormal, Severity
from detectors.canonical import time_text, usd_text
from detectors.facts import ERRORS, WindowFacts
from detectors.retry_blame import PROVIDER, TENANT, RetryBlame
from detectors.retry_fault import PAIR, RetryFault
from detectors.retry_trail import INDEX
from detectors.retry_watch import RetryWatch, Storms
from detectors.scope import Rollup

HORIZONS = ("in the last window", "in the last two windows", "since the retries rose")


class RetryStorm:
    """Attempts against operations: A = attempts / operations, 1 when nothing is ever retried.

    A scope storms when a token bucket of retries is empty and an e-CUSUM is sure that more than `budget_ratio` of the operations
    are retried (RetryBudget). How bad it is says A, the largest of the last window, the last two, and all since the onset.

    Throttled attempts neither begin a storm nor count in A, because it is mostly Tidegate that throttles; the exception is a
    provider that throttles more tenants than Tidegate ever would. RetryWatch says what they mean for a storm that is open.

    Fault: a provider that fails most of its tenants is the cause of their storms, which then suspect the provider. Otherwise the
    client is suspected, and the provider is not abnormal as long as it is normal without the tenants that storm.

    Retries of client errors (400, 401, 404, ...) can never succeed: 20 of them are a warning whatever A is.

    Args:
        budget_ratio: retries an operation that are allowed (SRE book, chapter 21: 0.1).
        warning_ratio, error_ratio, critical_ratio: A that makes the severity.
        min_attempts: attempts that were let through before anything is said.
        rollups: whom to judge.
    """

    name: ClassVar[str] = "retry_storm"
    needs_warm_up: ClassVar[bool] = True
    needs_money_floor: ClassVar[bool] = False

    def __init__(
        self,
        *,
        budget_ratio: float = 0.1,
        warning_ratio: float = 1.2,
        error_ratio: float = 2.0,
        critical_ratio: float = 3.0,
        min_attempts: int = 30,
        rollups: Sequence[Rollup] = (TENANT, PROVIDER),
    ) -> None:
        if not 0 < budget_ratio < warning_ratio - 1 < error_ratio - 1 < critical_ratio - 1:
            raise ValueError("0 < budget_ratio < warning_ratio - 1 and warning_ratio < error_ratio < critical_ratio must hold")
        self._budget_ratio = budget_ratio
        self._error_ratio = error_ratio
        self._critical_ratio = critical_ratio
        self._fault = RetryFault()
        self._watches = {
            tuple(rollup): RetryWatch(budget_ratio=budget_ratio, warning_ratio=warning_ratio, min_attempts=min_attempts)
            for rollup in rollups
        }

    @property
    def rollups(self) -> tuple[Rollup, ...]:
        """Those it judges, and the pairs that tell whose fault it is."""
        return tuple(sorted({*self._watches, PAIR}))

    def judge(self, facts: WindowFacts) -> list[Abnormal]:
        """The scopes that storm, and those that retry client errors."""
        pairs = self._fault.take(facts.rollups[PAIR])
        widespread = pairs.widespread()
        storms = {}
        for rollup, watch in self._watches.items():
            seen = facts.rollups[rollup]
            throttling = np.zeros(len(seen.roster), np.bool_)
            for slot, scope in enumerate(seen.roster.scopes if rollup == PROVIDER else ()):
                throttling[slot] = widespread.get(scope[0][1], False)
            span_ms = facts.end_ms - facts.start_ms
            storms[rollup] = watch.take(seen, start_ms=facts.start_ms, span_ms=span_ms, throttling=throttling)
        blame = RetryBlame(pairs, widespread, storms, rest_ratio=self._budget_ratio * 2)
        return [each for seen in storms.values() for each in self._say(seen, blame)]

    def _say(self, seen: Storms, blame: RetryBlame) -> Iterator[Abnormal]:
        for row in np.flatnonzero(seen.storm | seen.bug):
            scope = seen.facts.roster.scopes[row]
            dimension, value = scope[0] if len(scope) == 1 else ("", "")
            by_clients = not seen.storm[row] or blame.lifted_by_clients(dimension, value, seen.sums[1, :, row])
            if by_clients and dimension == "provider":
                continue
            suspected = blame.suspect(dimension, value) if seen.storm[row] else {"kind": "client"}
            sums = dict(zip(INDEX, seen.sums[seen.horizon[row], :, row].tolist(), strict=True))
            since = dict(zip(INDEX, seen.sums[2, :, row].tolist(), strict=True))
            yield Abnormal(
                scope=scope,
                severity=self._severity(float(seen.ratio[row]) if seen.storm[row] else 1.0),
                since_ms=int(seen.since_ms[row]),
                observed=float(seen.ratio[row]),
                expected=1.0,
                unit="attempts/operation",
                score=float(1 - np.exp(-seen.nats[row])) if seen.storm[row] else 1.0,
                reason=_reason(seen, int(row), sums, suspected),
                excess_nanos=int(seen.facts.column("wasted_nanos")[row]),
                evidence={
                    "horizon": HORIZONS[seen.horizon[row]],
                    **{name: sums[name] for name in ("attempts", "operations", "retries", "throttled")},
                    "errors": {name: sums[name] for name in ("cancelled", *ERRORS) if sums[name]},
                    "since": time_text(int(seen.since_ms[row])),
                    "wasted_usd": usd_text(since["wasted_nanos"]),
                    "client_error_repeats": int(seen.repeats[row]),
                    "retry_budget_ratio": self._budget_ratio,
                    "contributors": blame.contributors(dimension, value),
                },
                suspected_change=suspected,
            )

    def _severity(self, ratio: float) -> Severity:
        if ratio >= self._critical_ratio:
            return Severity.CRITICAL
        return Severity.ERROR if ratio >= self._error_ratio else Severity.WARNING

    def snapshot(self) -> dict[str, Any]:
        """State that `restore` takes back."""
        return {"fault": self._fault.snapshot(), "watches": [watch.snapshot() for watch in self._watches.values()]}

    def restore(self, state: dict[str, Any]) -> None:
        """Become what `snapshot` saw."""
        self._fault.restore(state["fault"])
        for watch, each in zip(self._watches.values(), state["watches"], strict=True):
            watch.restore(each)


def _reason(seen: Storms, row: int, sums: Mapping[str, int], suspected: Mapping[str, Any] | None) -> str:
    if not seen.storm[row]:
        return f"{int(seen.repeats[row])} retries of client errors, which can never succeed"
    whose = ""
    if suspected:
        whose = f", a fault of provider {suspected['provider']}" if "provider" in suspected else ", a fault of the client"
    return (
        f"{seen.ratio[row]:.1f} attempts an operation {HORIZONS[seen.horizon[row]]}: {sums['attempts']} attempts, "
        f"{sums['throttled']} of them throttled, for {sums['operations']} operations{whose}"
    )
