"""The wake-ups: messages that make a worker look for due rows of a kind at once.

A wake-up is sent after the commit, from a separate thread, at most ten times a second for each kind, so that
no caller waits for the broker. While one wake-up of a kind waits for a worker, no other is sent, so that busy
workers do not get further behind with every tick. A lost wake-up costs three seconds: until the first tick
after its mark in Redis has expired.
"""

import logging
import math
import os
import threading
import time
from collections.abc import Callable
from functools import partial
from typing import Any

from celery import current_app
from django.db import transaction
from django_redis import get_redis_connection
from kombu.exceptions import OperationalError
from redis.exceptions import RedisError

from wechat.kernel.registry import Registry

log = logging.getLogger(__name__)

# The queue of every kind of work, by its name.
QUEUES: Registry[str] = Registry("kind of work")

PAUSE_SECONDS = 0.1
# How long a wake-up counts as waiting; if it got lost, the next one is sent after that.
WAITS_SECONDS = 2.0
# How long Redis is not asked for marks again after it failed.
UNKNOWN_SECONDS = 5.0
# Wake-ups expire so that no days of them pile up; far more than the difference of two machines' clocks.
EXPIRES_SECONDS = 3600


def wake(name: str) -> None:
    """Makes a worker look for due rows of this kind after the current transaction is committed."""
    QUEUES.get(name)
    transaction.on_commit(partial(wake_now, name))


def wake_now(name: str) -> None:
    """Makes a worker look at once, without waiting for a commit."""
    _waker.wake(name)


def publish(name: str) -> bool:
    """Sends a wake-up to the broker unless one waits there; returns ``False`` if the broker is away."""
    if not _marks.set(name):
        return True
    try:
        current_app.send_task(name, queue=QUEUES.get(name), expires=EXPIRES_SECONDS)
    except OperationalError as error:
        log.warning("wake_up_lost", extra={"work": name, "error": str(error)})
        _marks.clear(name)
        return False
    return True


def clear_mark(name: str) -> None:
    """Deletes the mark of a kind, because a worker is about to look: later commits send a wake-up again."""
    _marks.clear(name)


class _Marks:
    """The marks in Redis of kinds for which a wake-up waits, shared by all processes.

    Without Redis every wake-up is sent.
    """

    def __init__(self) -> None:
        self._unknown_until = -math.inf

    def set(self, name: str) -> bool:
        """Sets the mark; returns whether there was none."""
        return self._asked(lambda redis: redis.set(_key(name), 1, nx=True, px=int(WAITS_SECONDS * 1000)))

    def clear(self, name: str) -> None:
        self._asked(lambda redis: redis.delete(_key(name)))

    def _asked(self, question: Callable[[Any], Any]) -> bool:
        """Returns the answer of Redis, or ``True`` without one."""
        if time.monotonic() < self._unknown_until:
            return True
        try:
            return bool(question(get_redis_connection("default")))
        except RedisError:
            self._unknown_until = time.monotonic() + UNKNOWN_SECONDS
            return True


def _key(name: str) -> str:
    return f"wc:woken:{name}"


_marks = _Marks()


class _Waker:
    """The thread that sends the wake-ups of a process; a fork starts a new one."""

    def __init__(self) -> None:
        self._names: set[str] = set()
        self._changed = threading.Condition()
        self._is_begun = False

    def wake(self, name: str) -> None:
        # What is still to be published will be: the names are taken before the first of them is sent.
        if name in self._names:
            return
        with self._changed:
            self._names.add(name)
            if not self._is_begun:
                self._is_begun = True
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
