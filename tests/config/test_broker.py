"""A worker's messages while Redis, its broker, fails."""

import logging
from collections.abc import Iterator
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


def test_a_connection_to_a_redis_that_went_away_is_closed_without_an_error_that_ends_the_worker(
    redis: OwnRedis, connection: Connection
) -> None:
    """A message is not acknowledged, and two channels wait for more, as in a worker."""
    received: list[object] = []
    for channel, name in ((connection.default_channel, QUEUE), (connection.channel(), "other")):
        Consumer(channel, [Queue(name)], callbacks=[lambda *message: received.append(message)]).consume()
    connection.Producer().publish("wake up", routing_key=QUEUE)
    connection.drain_events(timeout=240)
    cast(Any, connection.transport).cycle.on_poll_start()
    redis.stop()
    connection.collect()
    ignore_errors(connection, connection.close)
    assert (len(received), connection.connected) == (1, False)
