"""What is known now -> HTTP: figures, quotas, lists, verdicts, a console; and the few requests that change something."""

from actions.api.app import create_app
from actions.api.auth import Auth, Role, Token
from actions.api.view import ControlUnavailableError, Status, View

__all__ = ["Auth", "ControlUnavailableError", "Role", "Status", "Token", "View", "create_app"]
