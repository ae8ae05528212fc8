"""The Celery application of the workers: it has two queues; the work itself is rows in Postgres."""

import os
import tempfile
from pathlib import Path
from typing import Any

from celery import Celery
from celery.signals import (
    celeryd_after_setup,
    setup_logging,
    task_postrun,
    worker_process_init,
    worker_process_shutdown,
    worker_ready,
)
from django.conf import settings
from django.db import close_old_connections

from config import broker
from config.logs import log_as_django_does

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
# Workers share work only through the rows in Postgres. Celery would have each of them listen to all others,
# and log errors whenever the broker is away. It reads these as options of the command ``worker``.
os.environ.setdefault("CELERY_WORKER_WITHOUT_GOSSIP", "1")
os.environ.setdefault("CELERY_WORKER_WITHOUT_MINGLE", "1")

broker.correct()

app = Celery("wechat_console")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()
# Celery would close the connection pool after each task: the next task would have to connect again, and the
# pool would be closed under other threads (such as the one of ``wechat.kernel.versioned_cache``).
app.conf["CELERY_DB_REUSE_MAX"] = 2**62
setup_logging.connect(log_as_django_does)


@task_postrun.connect
def give_the_connection_back(**_arguments: object) -> None:
    close_old_connections()


@worker_process_init.connect
def collect_traces(**_arguments: object) -> None:
    from config import telemetry

    telemetry.start("wechat-console-worker")


@worker_process_shutdown.connect
def send_last_traces(**_arguments: object) -> None:
    from config import telemetry

    telemetry.finish()


@worker_process_init.connect
def compare_clocks(**_arguments: object) -> None:
    from wechat.kernel.work import clock

    clock.watch.start()


@worker_ready.connect
def serve_metrics(**_arguments: object) -> None:
    """Serves the metrics of a worker in a container of its own to Prometheus, on ``METRICS_PORT``."""
    if settings.METRICS_PORT:
        from wechat.kernel import exposition

        exposition.serve(settings.METRICS_PORT)


@celeryd_after_setup.connect
def keep_a_place_for_interactive_work(instance: Any, **_arguments: object) -> None:
    """Reserves one process of a worker for the interactive queue if the worker reads both queues."""
    from wechat.kernel.work import INTERACTIVE, places

    processes = int(instance.concurrency or 1)
    if processes > 1 and INTERACTIVE in instance.app.amqp.queues.consume_from:
        folder = tempfile.TemporaryDirectory(prefix="wechat-console-worker-")
        instance.places = folder  # kept, and deleted, with the worker
        places.bulk.limit(Path(folder.name), processes - 1)
