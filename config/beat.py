"""The beat process: it sends one tick a second (``CELERY_BEAT_SCHEDULE``) and loads nothing but the settings.

Start it with ``celery -A config.beat beat``. Only workers act on a tick, so beat loads no Django app; it
needs a third of the memory of ``celery -A config beat``.
"""

import os
from typing import Any

from celery import Celery, beat
from celery.signals import setup_logging

from config.logs import log_as_django_does

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")


class Scheduler(beat.Scheduler):
    """The Celery scheduler that takes a pooled connection for each tick and keeps nothing on disk.

    Celery's own scheduler opens one connection and keeps it: after a restart of RabbitMQ it could not send
    any tick.
    """

    producer: Any = None


app = Celery("wechat_console", fixups=[], set_as_current=False)
app.config_from_object("django.conf:settings", namespace="CELERY")
setup_logging.connect(log_as_django_does)
