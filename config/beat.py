"""Beat: one tick a second, sent by a process that knows the settings and nothing else.

``celery -A config.beat beat``. What a tick leads to is the workers' business, so no app is loaded here, which
saves three quarters of the memory.
"""

import os
from typing import Any

from celery import Celery, beat
from celery.signals import setup_logging
from django.conf import settings
from django.utils.log import configure_logging

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")

TICK_SECONDS = 1.0


class Scheduler(beat.Scheduler):
    """Celery's, with a connection of the pool for each tick, and nothing kept on disk.

    Its own is made once: after a restart of RabbitMQ every tick failed on it for ever.
    """

    producer: Any = None


app = Celery("wechat_console", fixups=[], set_as_current=False)
app.config_from_object("django.conf:settings", namespace="CELERY")
# Without `expires`, which compares the clocks of two machines: a worker that was ahead by more than a second
# would take no tick at all. Those that gather while no worker runs are skipped by the tick itself.
app.conf.beat_schedule = {"tick": {"task": "kernel.tick", "schedule": TICK_SECONDS}}
app.conf.beat_scheduler = "config.beat:Scheduler"


@setup_logging.connect
def log_as_django_does(**_told: object) -> None:
    configure_logging(settings.LOGGING_CONFIG, settings.LOGGING)
