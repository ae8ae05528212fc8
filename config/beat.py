"""Beat: one tick a second (``CELERY_BEAT_SCHEDULE``), sent by a process that knows the settings alone.

``celery -A config.beat beat``. What a tick leads to is the workers' business, so no Django app is loaded:
two thirds less memory than with ``celery -A config beat``.
"""

import os
from typing import Any

from celery import Celery, beat
from celery.signals import setup_logging

from config.logs import log_as_django_does

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")


class Scheduler(beat.Scheduler):
    """Celery's scheduler, with a connection of the pool for each tick, and nothing kept on disk.

    Its own is made once: after a restart of RabbitMQ every tick failed on it for ever.
    """

    producer: Any = None


app = Celery("wechat_console", fixups=[], set_as_current=False)
app.config_from_object("django.conf:settings", namespace="CELERY")
setup_logging.connect(log_as_django_does)
