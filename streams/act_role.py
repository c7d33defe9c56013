"""The parts of stage 3 put together: deciding and performing in one Faust app, over what the worker knows."""

import asyncio
import os
import time

from actions.http_client import HttpClient
from actions.policy.model import Policy
from actions.secret import SecretMissingError
from actions.sink import Sink
from actions.sinks import open_receivers
from actions.webhook_message import BadKeyError
from streams.act import Deciding
from streams.append import Appender
from streams.audit_trail import AuditTrail
from streams.errors import WrongUseError
from streams.faust_role import FaustRole
from streams.kafka import Kafka
from streams.ledger_kafka import KafkaLedger
from streams.metrics import Metrics
from streams.now import Now
from streams.observed import Observed
from streams.performing import ActOutput, Gates, Performing
from streams.pipeline import Plan
from streams.progress import ClockWatch, Progress
from streams.settings import Clock, KafkaSettings
from streams.snapshot import Snapshots
from streams.stateful import Stateful
from streams.topics import Topics
from streams.worker_metrics import ActMetrics


def receivers_of(policy: Policy, client: HttpClient, clock: Clock) -> dict[str, Sink]:
    """The receivers of the policy, ready to be sent to.

    Raises:
        WrongUseError: when a secret is missing, or when the clock is the stream's and a receiver is not on loopback.
    """
    if clock is Clock.STREAM:
        far = [receiver.name for receiver in policy.receivers if not is_loopback(receiver.url)]
        if far:
            raise WrongUseError(f"--clock stream acts on history: the receiver {far[0]} is not on loopback")
    try:
        return open_receivers(policy.receivers, client=client, environ=os.environ, monotonic=time.monotonic)
    except (SecretMissingError, BadKeyError) as error:
        raise WrongUseError(str(error)) from error
