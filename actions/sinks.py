"""The receivers of a policy and their secrets -> the receiver of each decision."""

from collections.abc import Awaitable, Callable, Iterable, Mapping

from actions.decision import Action, Decision
from actions.http_client import HttpClient
from actions.pagerduty import PagerDuty
from actions.policy.receivers import Receiver
from actions.quotas import Quota
from actions.secret import read_secret
from actions.sink import Endpoint, Sink
from actions.throttle import Throttle
from actions.webhook import Webhook


class Sinks:
    """Who performs what: a throttle goes to the quotas, all else to the receiver that the decision names."""

    def __init__(self, receivers: Mapping[str, Sink], *, throttle: Sink | None = None) -> None:
        self.receivers = receivers
        self._throttle = throttle

    def of(self, decision: Decision) -> Sink | None:
        """The receiver; None when the policy has none of that name."""
        if decision.action in {Action.THROTTLE, Action.LIFT_THROTTLE}:
            return self._throttle
        return self.receivers.get(decision.target)


def open_receivers(
    receivers: Iterable[Receiver],
    *,
    client: HttpClient,
    environ: Mapping[str, str],
    monotonic: Callable[[], float],
    client_url: str | None = None,
) -> dict[str, Sink]:
    """The receivers of the policy by name, with their secrets read.

    Raises:
        SecretMissingError: when a secret is not where the policy says.
        BadKeyError: when a signing secret cannot sign.
    """
    found: dict[str, Sink] = {}
    for receiver in receivers:
        key = read_secret(env=receiver.key_env, file=receiver.key_file, environ=environ)
        endpoint = Endpoint(name=receiver.name, url=receiver.url, key=key, allow_insecure=receiver.allow_insecure)
        if receiver.type == "pagerduty":
            found[receiver.name] = PagerDuty(endpoint=endpoint, client=client, monotonic=monotonic, client_url=client_url)
        else:
            found[receiver.name] = Webhook(endpoint=endpoint, client=client)
    return found


def sinks_of(receivers: Mapping[str, Sink], publish: Callable[[Quota], Awaitable[None]]) -> Sinks:
    """All that decisions may go to."""
    return Sinks(receivers, throttle=Throttle(publish=publish, gateways=receivers))
