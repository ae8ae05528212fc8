"""A worker's messages while Redis, its broker, fails."""

import logging
from collections.abc import Callable, Iterator
from typing import Any, cast

import pytest
from kombu import Connection, Consumer, Message, Queue
from kombu.common import ignore_errors
from kombu.transport.virtual import Channel
from redis import Redis

from bench.own_redis import OwnRedis
from config.celery import app

QUEUE = "interactive"


@pytest.fixture
def connection(redis: OwnRedis) -> Iterator[Connection]:
    with app.connection_for_read(redis.url) as connection:
        yield connection


@pytest.fixture
def channel(connection: Connection) -> Channel:
    """A channel that takes one message at a time."""
    channel = cast(Channel, connection.default_channel)
    channel.basic_qos(prefetch_count=1)
    return channel


@pytest.fixture
def taken(connection: Connection, channel: Channel) -> Message:
    queue = Queue(QUEUE)(channel)
    queue.declare()
    connection.Producer().publish("wake up", routing_key=QUEUE)
    found = queue.get()
    assert found is not None
    assert not channel.qos.can_consume()
    return found


def test_an_acknowledgement_that_fails_takes_no_place_in_the_worker(
    redis: OwnRedis, connection: Connection, channel: Channel, taken: Message
) -> None:
    redis.stop()
    taken.ack_log_error(logging.getLogger(), connection.connection_errors)
    assert channel.qos.can_consume()


def test_a_redis_whose_memory_is_full_ends_no_worker(
    redis: OwnRedis, connection: Connection, channel: Channel, taken: Message
) -> None:
    with Redis.from_url(redis.url) as client:
        client.config_set("maxmemory", "1")
    taken.ack_log_error(logging.getLogger(), connection.connection_errors)
    assert channel.qos.can_consume()


@pytest.mark.parametrize("requeue", [True, False])
def test_a_rejection_that_fails_takes_no_place_in_the_worker(
    redis: OwnRedis, connection: Connection, channel: Channel, taken: Message, requeue: bool
) -> None:
    redis.stop()
    taken.reject_log_error(logging.getLogger(), connection.connection_errors, requeue)
    assert channel.qos.can_consume()


@pytest.fixture
def outlived(redis: OwnRedis, connection: Connection) -> Message:
    """A message whose connection is closed after Redis went away, as a worker does it.

    Two channels wait for more, as in a worker.
    """
    received: list[Message] = []
    for channel, name in ((connection.default_channel, QUEUE), (connection.channel(), "other")):
        Consumer(channel, [Queue(name)], on_message=received.append).consume()
    connection.Producer().publish("wake up", routing_key=QUEUE)
    connection.drain_events(timeout=240)
    cast(Any, connection.transport).cycle.on_poll_start()
    redis.stop()
    connection.collect()
    ignore_errors(connection, connection.close)
    assert not connection.connected
    return received[0]


@pytest.mark.parametrize("settle", [Message.ack_log_error, Message.reject_log_error])
def test_a_message_that_outlives_its_connection_ends_no_worker(
    connection: Connection, outlived: Message, settle: Callable[..., None]
) -> None:
    settle(outlived, logging.getLogger(), connection.connection_errors)
    assert outlived.channel.qos.can_consume()
