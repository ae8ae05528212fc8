"""What beat sends its tick with."""

from typing import Any

from celery import beat


class Scheduler(beat.Scheduler):
    """Celery's, with a connection of the pool for each tick, and nothing kept on disk.

    Its own is made once: after a restart of RabbitMQ every tick failed on it for ever.
    """

    producer: Any = None
