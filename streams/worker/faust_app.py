"""Settings and a role -> a Faust app that carries the agents of that role. The only file that builds Faust apps."""

import contextlib
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

import faust

from streams.log.append import Record
from streams.log.kafka import HEARTBEAT_MS, SESSION_MS, KafkaError, tls_context
from streams.log.topics import MESSAGE_BYTES
from streams.log.wire import record_of
from streams.settings import KafkaSettings

Read = Callable[[Any], Awaitable[None]]
"""Works off a Faust stream; called once when the app starts."""


class App(faust.App):
    """Faust without folders: what counts is in Kafka, and a worker has to start where the disk is full or read-only."""

    def _create_directories(self) -> None:
        """Make none."""


def faust_app(settings: KafkaSettings, *, group: str, instance: str | None, agents: Mapping[str, Read]) -> Any:
    """A Faust app, not started, with one agent a topic.

    Its id is its consumer group. Its own web server is off, since it has no authentication and shows state; topics are declared
    by us; values are raw bytes. Agents acknowledge what a durable snapshot contains, so a stopping app waits for none of them.

    Args:
        settings: Which Kafka.
        group: The group of the role.
        instance: Unique name of this worker for static membership, else None.
        agents: By topic, what reads it.
    """
    app = App(
        group,
        broker=[f"kafka://{server}" for server in settings.bootstrap],
        broker_credentials=_credentials(settings),
        broker_client_id="tidegate",
        broker_session_timeout=SESSION_MS / 1000,
        broker_heartbeat_interval=HEARTBEAT_MS / 1000,
        broker_request_timeout=20.0,
        broker_commit_interval=1.0,
        consumer_auto_offset_reset="earliest",
        consumer_group_instance_id=instance,
        consumer_max_fetch_size=4 * MESSAGE_BYTES,
        processing_guarantee="at_least_once",
        topic_disable_leader=True,
        topic_allow_declare=False,
        stream_wait_empty=False,
        web_enabled=False,
        store="memory://",
        key_serializer="raw",
        value_serializer="raw",
        logging_config=None,
        loghandlers=[],
    )
    for name, read in agents.items():
        topic = app.topic(name, key_serializer="raw", value_serializer="raw")
        app.agent(topic, name=f"{group}.{name}", concurrency=1)(read)
    app.finalize()
    return app


def heard_error(app: Any) -> KafkaError | None:
    """The error at which a started app's part in its group stands still; asking for it lets it go on.

    After an error of which aiokafka knows no more than its number, as when the broker dies that has to store who gets what, it
    waits until somebody asks for it. Faust never does: a standby, which fetches nothing, would wait for ever.
    """
    thread = app.consumer._thread  # noqa: SLF001 - neither has a way to ask from outside
    coordinator: Any = getattr(thread._consumer, "_coordinator", None)  # noqa: SLF001
    error: KafkaError | None = getattr(coordinator, "_pending_exception", None)
    if error is not None and not thread.thread_loop.is_closed():
        thread.thread_loop.call_soon_threadsafe(_ask, coordinator)
    return error


def _ask(coordinator: Any) -> None:
    with contextlib.suppress(KafkaError):
        coordinator.check_errors()


def record_of_event(event: Any) -> tuple[int, Record]:
    """Offset and record of a Faust event."""
    message = event.message
    headers = message.headers.items() if isinstance(message.headers, Mapping) else message.headers
    return int(message.offset), record_of(message.key, message.value, headers)


def _credentials(settings: KafkaSettings) -> Any:
    security = settings.security
    context = tls_context(settings) if security.tls else None
    if security.mechanism:
        return faust.SASLCredentials(
            username=security.username, password=security.password, mechanism=security.mechanism, ssl_context=context
        )
    return faust.SSLCredentials(context) if context else None
