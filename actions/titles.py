"""An incident's anomalies -> the line that a person reads first."""

from collections.abc import Callable, Mapping, Sequence

from detectors.anomaly import Anomaly
from detectors.canonical import six_digits

LONGEST = 200


def scope_words(scope: Mapping[str, str]) -> str:
    """A scope as people say it.

    >>> scope_words({"env": "prod", "team": "search"}), scope_words({})
    ('env prod, team search', 'everything')
    """
    return ", ".join(f"{dimension} {value}" for dimension, value in sorted(scope.items())) or "everything"


def title(anomaly: Anomaly) -> str:
    """What is wrong with whom, in one line, and who says so."""
    return shortened(f"{scope_words(anomaly.scope)}: {what(anomaly)} ({anomaly.detector})")


def what(anomaly: Anomaly) -> str:
    """What was observed against what was expected; a detector with words of its own has them in PHRASES."""
    phrase = PHRASES.get(anomaly.detector)
    return phrase(anomaly) if phrase else _times(anomaly)


def together(anomalies: Sequence[Anomaly], rollup: str) -> str:
    """The line of an incident in which very many scopes alarm together."""
    names = sorted({each.detector for each in anomalies})
    scopes = {tuple(sorted(each.scope.items())) for each in anomalies}
    return shortened(f"{len(scopes)} scopes of {rollup} alarm together ({', '.join(names)})")


def shortened(text: str) -> str:
    """At most LONGEST characters."""
    return text if len(text) <= LONGEST else text[: LONGEST - 1] + "…"


def number(value: float) -> str:
    """A number with three digits that matter, without an exponent.

    >>> number(9.8123), number(1234567.0), number(0.00012)
    ('9.81', '1230000', '0.00012')
    """
    text = f"{float(f'{value:.3g}'):.12f}".rstrip("0").rstrip(".")
    return text or "0"


def _times(anomaly: Anomaly) -> str:
    if anomaly.expected > 0:
        return f"{anomaly.unit} {number(six_digits(anomaly.observed / anomaly.expected))}x of expected"
    return f"{anomaly.unit} {number(anomaly.observed)}, none expected"


def _attempts(anomaly: Anomaly) -> str:
    return f"{number(anomaly.observed)} attempts an operation"


def _spent(anomaly: Anomaly) -> str:
    return f"{_budget(anomaly)} {number(anomaly.observed)} % spent"


def _burns(anomaly: Anomaly) -> str:
    return f"{_budget(anomaly)} burns {number(anomaly.observed)}x as fast as it may"


def _budget(anomaly: Anomaly) -> str:
    name = anomaly.evidence.get("budget")
    return f"budget {name}" if isinstance(name, str) else "budget"


def _canary(anomaly: Anomaly) -> str:
    if anomaly.expected > 0:
        return f"cost a success {number(six_digits(anomaly.observed / anomaly.expected))}x of baseline"
    return "costs more a success than its baseline"


def _silent(anomaly: Anomaly) -> str:
    return f"silent for {number(anomaly.observed)} s"


def _unpriced(anomaly: Anomaly) -> str:
    return f"no price known, {number(anomaly.observed)} records at the upper bound"


PHRASES: dict[str, Callable[[Anomaly], str]] = {
    "retry_storm": _attempts,
    "budget_threshold": _spent,
    "budget_burn": _burns,
    "canary_regression": _canary,
    "telemetry_silence": _silent,
    "unknown_price": _unpriced,
}
"""Words for detectors whose figures say more than a ratio."""
