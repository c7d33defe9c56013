"""Facts of chosen scopes -> what a named River anomaly model and a River drift model think of them."""

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

import numpy as np

from detectors.anomaly import Abnormal, Severity
from detectors.canonical import NANOS_PER_USD
from detectors.facts import RollupFacts, WindowFacts
from detectors.river_stream import Opinion, RiverStream
from detectors.scope import Rollup, Scope, parse_scope, rollup_of, scope_text

MOST_SCOPES = 500
"""A River model is a Python object a scope: 0.3 to 300 microseconds an update."""
PERSIST = 3
"""Windows in a row that must score high: single ones do by chance."""


class RiverModel:
    """Any `river.anomaly` detector with its own quantile filter, and any `river.drift` detector, on the scopes that a policy names.

    The features of a window are ln(1 + x) of attempts, tokens and spend (in millionths of a dollar). Three windows in a row that
    score high (RiverStream) are abnormal; so is a drift of the spend upwards. Both are a second opinion: warning at most.

    Args:
        scopes: texts of the scopes to judge, as `tenant=acme`; none judges nothing, more than 500 are refused.
        model, model_keywords: a class of `river.anomaly`, and its keywords.
        drift: a class of `river.drift`.
        quantile: share of the scores kept that a high score exceeds.
        keep: windows that the models are rebuilt from; the first `keep` windows of a scope are warm-up.

    Raises:
        ValueError: for scopes or models that do not exist, and for too many scopes.
    """

    name: ClassVar[str] = "river_model"
    needs_warm_up: ClassVar[bool] = True
    needs_money_floor: ClassVar[bool] = True

    def __init__(
        self,
        *,
        scopes: Sequence[str] = (),
        model: str = "HalfSpaceTrees",
        model_keywords: Mapping[str, Any] | None = None,
        drift: str = "ADWIN",
        quantile: float = 0.995,
        keep: int = 360,
    ) -> None:
        if len(scopes) > MOST_SCOPES:
            raise ValueError(f"{len(scopes)} scopes for river_model; at most {MOST_SCOPES} are judged")
        if not 0 < quantile < 1 or keep < 10:
            raise ValueError("quantile must lie between 0 and 1, keep must be at least 10")
        self._models = (model, drift)
        self._keep = keep
        self._streams = {
            parse_scope(text): RiverStream(
                model=model, model_keywords=model_keywords or {}, drift=drift, quantile=quantile, keep=keep
            )
            for text in sorted(set(scopes))
        }

    @property
    def rollups(self) -> tuple[Rollup, ...]:
        """The roll-ups of the scopes."""
        return tuple(sorted({rollup_of(scope) for scope in self._streams}))

    def judge(self, facts: WindowFacts) -> list[Abnormal]:
        """The scopes that the models find abnormal."""
        found = []
        span_ms = facts.end_ms - facts.start_ms
        for number, (scope, stream) in enumerate(self._streams.items()):
            seen = facts.rollups[rollup_of(scope)]
            slot = seen.roster.slot(tuple(value for _, value in scope))
            if slot is None:
                continue
            turn = (facts.start_ms // span_ms + number * self._keep // len(self._streams)) % self._keep == 0
            warm, opinion = stream.warm, stream.take(_features(seen, slot), turn=turn)
            if warm and (opinion.high_windows >= PERSIST or opinion.drifted):
                earlier_ms = max(0, opinion.high_windows - 1) * span_ms
                found.append(self._abnormal(scope, facts.start_ms - earlier_ms, opinion, int(seen.nanos[slot])))
        return found

    def _abnormal(self, scope: Scope, since_ms: int, opinion: Opinion, nanos: int) -> Abnormal:
        usual_nanos = round(float(np.expm1(opinion.usual_spend)) * 1000)
        model, drift = self._models
        which = f"{model} scores {opinion.score:.3g}, above {opinion.limit:.3g}, in {opinion.high_windows} windows"
        return Abnormal(
            scope=scope,
            severity=Severity.WARNING,
            since_ms=since_ms,
            observed=nanos / NANOS_PER_USD,
            expected=usual_nanos / NANOS_PER_USD,
            unit="USD/window",
            score=min(1.0, max(0.0, opinion.score)),
            reason=f"spend of {scope_text(scope)} is unusual: {f'{drift} sees a drift' if opinion.drifted else which}",
            excess_nanos=max(0, nanos - usual_nanos),
            evidence={
                "model": model,
                "drift": drift,
                "drifted": opinion.drifted,
                "model_score": opinion.score,
                "limit": opinion.limit,
                "high_windows": opinion.high_windows,
            },
        )

    def snapshot(self) -> dict[str, Any]:
        """The features that the models are rebuilt from, by scope text."""
        return {
            scope_text(scope): np.array([list(each.values()) for each in stream.kept], np.float64)
            for scope, stream in self._streams.items()
        }

    def restore(self, state: dict[str, Any]) -> None:
        """Become what `snapshot` saw; a scope that it does not know begins anew."""
        for scope, stream in self._streams.items():
            kept = np.asarray(state.get(scope_text(scope), ())).tolist()
            stream.restore([dict(zip(NAMES, each, strict=True)) for each in kept])


NAMES = ("attempts", "tokens", "spend")


def _features(seen: RollupFacts, slot: int) -> dict[str, float]:
    attempts = int(seen.column("attempts")[slot])
    tokens = int(seen.column("input_tokens")[slot] + seen.column("output_tokens")[slot])
    micros = int(seen.nanos[slot]) / 1000
    return dict(zip(NAMES, (float(np.log1p(each)) for each in (attempts, tokens, micros)), strict=True))
