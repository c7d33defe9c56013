"""Features of one scope, window after window -> scores of a River anomaly model and drifts of a River drift model."""

import inspect
import math
from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

SEED = 1
TREES = "HalfSpaceTrees"
LATELY = 30
"""Windows whose mean says whether a drift leads upwards."""


class RiverStream:
    """One scope's models. They are a function of a bounded stretch of features, so that they can be rebuilt from it.

    River models have no serial form of their own. Instead the last `keep` to `2 * keep` features are kept: every `keep` windows, in
    turns, models are made anew and learn the last `keep` again. Models restored from the kept features are therefore the same as
    those that went on, to the last bit.

    A model that is fed with the target alone (GaussianScorer and its like) gets the spend; all others get all features,
    standardised and squashed to 0..1. A constant stream has the score 0: there is nothing to be told apart (GaussianScorer
    says 1.0 there). Half-space trees look back over half of `keep` unless told otherwise.

    The quantile filter: a window is high when its score is above the `quantile` of the scores of windows that were not high, and
    its spend above the mean. After `keep` high windows in a row all scores count again: then high is the new normal.
    """

    def __init__(self, *, model: str, model_keywords: Mapping[str, Any], drift: str, quantile: float, keep: int) -> None:
        self._names = (model, dict(model_keywords), drift)
        self._quantile = quantile
        self._keep = keep
        self.kept: list[dict[str, float]] = []
        self._begin()

    def _begin(self) -> None:
        model, keywords, drift = self._names
        self._model, self._alone = _anomaly_model(
            model, {**({"window_size": self._keep // 2} if model == TREES else {}), **keywords}
        )
        self._drift = _drift_model(drift)
        self._scores: deque[float] = deque(maxlen=self._keep)
        self._lately: deque[float] = deque(maxlen=LATELY)
        self._count = 0
        self._mean = 0.0
        self._constant = True
        self.opinion = Opinion(score=0.0, limit=0.0, high_windows=0, drifted=False, usual_spend=0.0)

    @property
    def warm(self) -> bool:
        """Whether `keep` windows were learnt."""
        return len(self.kept) >= self._keep

    def take(self, features: dict[str, float], *, turn: bool) -> "Opinion":
        """What the models think of one window's features, which are learnt afterwards; made anew first when it is their turn."""
        if len(self.kept) >= self._keep * (1 if turn else 2):
            self.restore(self.kept[-self._keep :])
        self.kept.append(features)
        return self._take(features)

    def restore(self, kept: list[dict[str, float]]) -> None:
        """Become what a stream with these features is."""
        self.kept = [dict(each) for each in kept]
        self._begin()
        for features in self.kept:
            self._take(features)

    def _take(self, features: dict[str, float]) -> "Opinion":
        spend, usual = features["spend"], self._mean
        score = self._score(features)
        limit = float(np.quantile(np.array(self._scores), self._quantile)) if self._scores else 1.0
        drifted = bool(self._learn(features).drift_detected)
        self._lately.append(spend)
        high = self.opinion.high_windows + 1 if spend > usual and score > limit else 0
        if not 0 < high < self._keep:
            self._scores.append(score)
        self._count += 1
        self._mean += (spend - self._mean) / min(self._count, self._keep)
        drifted = drifted and sum(self._lately) > usual * len(self._lately)
        self.opinion = Opinion(score=score, limit=limit, high_windows=high, drifted=drifted, usual_spend=usual)
        return self.opinion

    def _score(self, features: dict[str, float]) -> float:
        self._constant = self._constant and features["spend"] == self.kept[0]["spend"]
        if self._constant or self._count == 0:
            return 0.0
        return float(self._model.score_one(None, features["spend"]) if self._alone else self._model.score_one(features))

    def _learn(self, features: dict[str, float]) -> Any:
        if self._alone:
            self._model.learn_one(None, features["spend"])
        else:
            self._model.learn_one(features)
        self._drift.update(features["spend"])
        return self._drift


@dataclass(frozen=True, slots=True, kw_only=True)
class Opinion:
    """What the models of a scope think of one window.

    Attributes:
        score, limit: of the anomaly model, and what the quantile filter lets pass.
        high_windows: windows in a row that scored high, this one included.
        drifted: the drift model sees a change, and the spend of late is above the usual.
        usual_spend: mean of the feature before this window.
    """

    score: float
    limit: float
    high_windows: int
    drifted: bool
    usual_spend: float


def _anomaly_model(name: str, keywords: Mapping[str, Any]) -> tuple[Any, bool]:
    """The model, and whether it is fed with the target alone.

    Raises:
        ValueError: when `river.anomaly` has no such detector.
    """
    from river import anomaly, base, compose, preprocessing  # noqa: PLC0415 - takes seconds, and only a policy asks for it

    kind: Any = getattr(anomaly, name, None)
    alone = inspect.isclass(kind) and issubclass(kind, base.SupervisedAnomalyDetector)
    if not alone and not (inspect.isclass(kind) and issubclass(kind, base.AnomalyDetector)):
        raise ValueError(f"river.anomaly has no detector {name!r}")
    keywords = dict(keywords)
    if "seed" in inspect.signature(kind).parameters:
        keywords.setdefault("seed", SEED)
    model = kind(**keywords)
    return (model, True) if alone else (preprocessing.StandardScaler() | compose.FuncTransformer(_squashed) | model, False)


def _squashed(deviations: dict[str, float]) -> dict[str, float]:
    """Standard deviations to 0..1, so that what is usual keeps to the middle and half-space trees have room around it."""
    return {name: 1 / (1 + math.exp(-max(-30.0, min(30.0, each)))) for name, each in deviations.items()}


def _drift_model(name: str) -> Any:
    from river import base, drift  # noqa: PLC0415 - as above

    kind: Any = getattr(drift, name, None)
    if not (inspect.isclass(kind) and issubclass(kind, base.DriftDetector)):
        raise ValueError(f"river.drift has no detector {name!r}")
    keywords = {"seed": SEED} if "seed" in inspect.signature(kind).parameters else {}
    return kind(**keywords)
