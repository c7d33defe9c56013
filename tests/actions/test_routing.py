import pytest

from actions.decision import Action
from actions.policy.receivers import Route
from actions.routing import receivers, telling
from detectors.anomaly import Severity

ROUTES = [
    Route.model_validate(each)
    for each in (
        {"severity": "warning", "to": "tickets"},
        {"severity": "error", "to": ["on-call", "chat"]},
        {"severity": "error", "scope": {"team": "search"}, "to": ["search", "chat"]},
        {"severity": "critical", "scope": {"tenant": "acme"}, "to": "acme"},
    )
]


@pytest.mark.parametrize(
    ("severity", "scope", "heard"),
    [
        ("info", {}, ()),
        ("warning", {"team": "search"}, ("tickets",)),
        ("error", {}, ("on-call", "chat")),
        ("error", {"team": "search", "env": "prod"}, ("on-call", "chat", "search")),
        ("critical", {"tenant": "globex"}, ("on-call", "chat")),
        ("critical", {"tenant": "acme"}, ("acme",)),
    ],
)
def test_the_routes_of_the_highest_severity_that_is_reached_apply(severity, scope, heard):
    assert receivers(ROUTES, Severity(severity), scope) == heard


def test_what_nobody_asked_for_goes_to_nobody_unless_it_is_info():
    assert [receivers([], severity, {}) for severity in Severity] == [(), ("",), ("",), ("",)]


def test_error_and_critical_page():
    assert [telling(severity) for severity in Severity] == [Action.NOTIFY, Action.TICKET, Action.PAGE, Action.PAGE]
