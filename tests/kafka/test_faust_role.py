"""A role is ready once it takes part in its group. A standby whose join fails tries again, or ends with one line."""

import asyncio
import contextlib
from types import SimpleNamespace

import pytest
from aiokafka.errors import GroupAuthorizationFailedError, KafkaError

from streams.errors import BrokerError
from streams.log.kafka import Kafka
from streams.log.topics import Topic
from streams.settings import KafkaSettings
from streams.worker.faust_app import heard_error
from streams.worker.faust_role import FaustRole


class Idle:
    """A member that reads what comes and keeps nothing."""

    def __init__(self):
        self.failed = asyncio.get_running_loop().create_future()

    async def read(self, stream):
        async for _ in stream.events():
            """Pass on."""

    async def assigned(self):
        """Have nothing to restore."""

    async def revoked(self):
        """Have nothing to give."""


async def comes_true(condition, within_s=30.0):
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(within_s):
            while not condition():  # noqa: ASYNC110 - a role has no event for it
                await asyncio.sleep(0.01)
    return condition()


def coordinator_of(role):
    """What joins the role's group, when it is there."""
    return getattr(role._app.consumer._thread._consumer, "_coordinator", None)


async def ready(role):
    return await comes_true(lambda: role.ready)


async def gone(role):
    return await comes_true(lambda: not role.ready)


@contextlib.asynccontextmanager
async def standby(kafka, prefix):
    """Of two roles on a topic of one partition, both ready, the one that stands by, and its task."""
    settings, topic = KafkaSettings.of(bootstrap=kafka.bootstrap, topic_prefix=prefix), f"{prefix}work"
    await Kafka(settings).ensure([Topic(topic, 1, {})])
    # without a name of their own they leave the group when they stop, and neither waits for the other
    roles = [FaustRole(settings, group=f"{prefix}idle", instance=None, members={topic: Idle()}) for _ in range(2)]
    running = [asyncio.create_task(role.run()) for role in roles]
    try:
        for role in roles:
            assert await ready(role)
            assert coordinator_of(role).generation > 0, "ready before it joined"
        assert await comes_true(lambda: sorted(len(role._app.consumer.assignment()) for role in roles) == [0, 1])
        yield next(pair for pair in zip(roles, running, strict=True) if not pair[0]._app.consumer.assignment())
    finally:
        for task in running:
            task.cancel()
        await asyncio.gather(*running, return_exceptions=True)
        await asyncio.gather(*(role.stop() for role in roles))


def fail_to_join_once(role, error):
    """Have the role join its group again, and the first attempt fail."""
    coordinator = coordinator_of(role)
    join = coordinator._do_rejoin_group

    async def failing(_subscription):
        coordinator._do_rejoin_group = join
        coordinator.request_rejoin()
        raise error

    coordinator._do_rejoin_group = failing
    role._app.consumer._thread.thread_loop.call_soon_threadsafe(coordinator.request_rejoin)


async def test_a_standby_whose_join_fails_for_an_unknown_reason_joins_again(kafka, topic_prefix, caplog):
    async with standby(kafka, topic_prefix) as (role, running):
        fail_to_join_once(role, KafkaError("UnknownError()"))
        assert await gone(role)
        assert await ready(role)
        assert not running.done()
    assert "could not join its group, and tries again: KafkaError: UnknownError()" in caplog.text


async def test_a_standby_that_is_not_let_into_its_group_says_so_and_ends(kafka, topic_prefix):
    async with standby(kafka, topic_prefix) as (role, running):
        fail_to_join_once(role, GroupAuthorizationFailedError("its group"))
        with pytest.raises(BrokerError, match="does not let us into a group"):
            await asyncio.wait_for(running, 30)


async def test_an_app_that_has_stopped_is_not_asked_any_more(kafka, topic_prefix):
    async with standby(kafka, topic_prefix) as (role, _):
        coordinator = coordinator_of(role)
    coordinator._pending_exception = KafkaError("too late")
    role._app.consumer._thread._consumer = SimpleNamespace(_coordinator=coordinator)
    assert heard_error(role._app) is coordinator._pending_exception
