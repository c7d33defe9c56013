"""An incident's severity and scope -> who hears of it, and how loudly."""

from collections.abc import Mapping, Sequence

from actions.decision import Action
from actions.policy.receivers import Route
from detectors.anomaly import Severity

NOBODY = ""
"""Receiver of what the policy routes to nobody; the receipt says so."""

LOUDNESS = {Action.NOTIFY: 0, Action.TICKET: 1, Action.PAGE: 2}


def telling(severity: Severity) -> Action:
    """Error and critical page, a warning is a ticket, info is a note."""
    return {Severity.INFO: Action.NOTIFY, Severity.WARNING: Action.TICKET}.get(severity, Action.PAGE)


def receivers(routes: Sequence[Route], severity: Severity, scope: Mapping[str, str]) -> tuple[str, ...]:
    """Names of receivers, each once.

    Of the routes whose scope fits, those of the highest severity that is reached apply. Without any, a warning or worse goes to
    NOBODY, and info goes nowhere.
    """
    fitting = [each for each in routes if set(each.scope) <= set(scope.items()) and each.severity.rank <= severity.rank]
    highest = max((each.severity.rank for each in fitting), default=-1)
    names = dict.fromkeys(name for each in fitting if each.severity.rank == highest for name in each.to)
    if not names and severity is not Severity.INFO:
        return (NOBODY,)
    return tuple(names)
