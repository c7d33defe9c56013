"""An incident's anomalies -> the line that a person reads first."""

from collections.abc import Mapping, Sequence

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
    noun = anomaly.unit.replace("_", " ")
    if anomaly.expected > 0:
        return f"{noun} {number(six_digits(anomaly.observed / anomaly.expected))}x of expected"
    return f"{noun} {number(anomaly.observed)}, none expected"


def _share(anomaly: Anomaly) -> str:
    return f"{number(anomaly.observed)} {anomaly.unit.replace('_', ' ')} against {number(anomaly.expected)}"


PHRASES = {"budget_threshold": _share, "budget_burn": _share}
