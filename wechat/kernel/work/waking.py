"""Making a worker look at once for due rows of a kind, by the kind's name.

A wake-up is sent after the transaction is committed, from a thread of its own, and at most every tenth of a
second a kind: whoever commits never waits for the broker. One that gets lost costs a second, until beat's
next tick.
"""

import logging
import os
import threading
import time
from functools import partial

from celery import current_app
from django.db import transaction
from kombu.exceptions import OperationalError

from wechat.kernel.registry import Registry

log = logging.getLogger(__name__)

# The queue of every kind of work, by its name.
QUEUES: Registry[str] = Registry("kind of work")

PAUSE_SECONDS = 0.1
# Only so that nobody works off days of them: far more than the clocks of two machines differ by.
EXPIRES_SECONDS = 3600


def wake(name: str) -> None:
    """Has a worker look for due rows of this kind, once the current transaction is committed."""
    QUEUES.get(name)
    transaction.on_commit(partial(wake_now, name))


def wake_now(name: str) -> None:
    """Has a worker look at once, without waiting for a transaction."""
    _waker.wake(name)


def publish(name: str) -> bool:
    """Sends the wake-up to the broker; returns ``False`` while the broker is away."""
    try:
        current_app.send_task(name, queue=QUEUES.get(name), expires=EXPIRES_SECONDS)
    except OperationalError as error:
        log.warning("wake_up_lost", extra={"work": name, "error": str(error)})
        return False
    return True


class _Waker:
    """The thread of a process that sends its wake-ups; begun anew after a fork."""

    def __init__(self) -> None:
        self._names: set[str] = set()
        self._changed = threading.Condition()
        self._pid = 0

    def wake(self, name: str) -> None:
        with self._changed:
            self._names.add(name)
            if self._pid != os.getpid():
                self._pid = os.getpid()
                threading.Thread(target=self._publish_on, name="waker", daemon=True).start()
            self._changed.notify()

    def _publish_on(self) -> None:
        while True:
            with self._changed:
                while not self._names:
                    self._changed.wait()
                names, self._names = self._names, set()
            for name in sorted(names):
                publish(name)
            time.sleep(PAUSE_SECONDS)


_waker = _Waker()
os.register_at_fork(after_in_child=lambda: _waker.__init__())  # type: ignore[misc]  # a lock held at a fork stays held
