"""The corrections of kombu's Redis transport; without them a worker ends, or takes no more messages."""

from typing import Any

from kombu.transport import redis, virtual
from redis.exceptions import InvalidResponse, ResponseError


class QoS(redis.QoS):
    """The messages that a worker has taken and not yet acknowledged; they limit how many more it takes.

    kombu counts a message forever if Redis does not answer its acknowledgement in time. After as many of them
    as it has processes, a worker would take nothing more. Here such a message no longer counts; Redis
    delivers it again after the visibility timeout, which does no harm, as all are wake-ups. The same applies
    to a message whose channel has lost its connection.
    """

    def ack(self, delivery_tag: str) -> None:
        try:
            if self._is_connected():
                super().ack(delivery_tag)
        finally:
            virtual.QoS.ack(self, delivery_tag)

    def reject(self, delivery_tag: str, requeue: bool = False) -> None:
        try:
            if self._is_connected():
                super().reject(delivery_tag, requeue)
        finally:
            virtual.QoS.ack(self, delivery_tag)

    def restore_unacked(self, client: Any = None) -> None:
        if self._is_connected():
            super().restore_unacked(client)

    def _is_connected(self) -> bool:
        """Returns whether the channel knows the address of Redis; without it kombu's error ends a worker.

        kombu closes a channel again after its connection was lost, and a task may acknowledge even later.
        """
        return getattr(self.channel.connection, "client", None) is not None


def correct() -> None:
    redis.Channel.QoS = QoS
    # After an invalid response from Redis, or a refusal as when its memory is full, the worker reconnects; it
    # would exit without this line.
    redis.Transport.connection_errors += (InvalidResponse, ResponseError)
