"""The in-process cache of values built from tables that every callback reads and that are rarely edited.

A statement trigger on each table numbers its edits in ``kernel_cacheversion``. One watcher thread per process
compares the numbers twice a second and rebuilds edited values. So a reader never waits for Postgres, and
keeps the last value while Postgres is away.
"""

import asyncio
import logging
import threading
import time
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any, Generic, TypeVar

from django.conf import settings
from django.db import Error, connection
from django.db.migrations.operations import RunSQL

from wechat.kernel import outage_errors
from wechat.kernel.models import CacheVersion

log = logging.getLogger(__name__)
T = TypeVar("T")

# From a sequence: a number once seen never comes back, whatever is rolled back or restored.
CREATE_COUNTER = """
CREATE SEQUENCE kernel_cacheversion_numbers;
CREATE FUNCTION kernel_count_edit() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO kernel_cacheversion (name, number) VALUES (TG_ARGV[0], nextval('kernel_cacheversion_numbers'))
    ON CONFLICT (name) DO UPDATE SET number = excluded.number;
    RETURN NULL;
END $$
"""
DROP_COUNTER = "DROP FUNCTION kernel_count_edit(); DROP SEQUENCE kernel_cacheversion_numbers"


def count_edits(table: str, cache: str, trigger: str = "count_edits", columns: Sequence[str] = ()) -> RunSQL:
    """Returns a migration operation with a trigger: each edit of the table makes a new version of the cache.

    With ``columns``, an update counts only if it sets one of them. If several caches use a table, each needs
    a trigger with its own name.
    """
    update = f"UPDATE OF {', '.join(columns)}" if columns else "UPDATE"
    return RunSQL(
        f"CREATE TRIGGER {trigger} AFTER INSERT OR {update} OR DELETE OR TRUNCATE ON {table} "
        f"FOR EACH STATEMENT EXECUTE FUNCTION kernel_count_edit('{cache}')",
        f"DROP TRIGGER {trigger} ON {table}",
    )


_all: "list[Cached[Any]]" = []
# Those that nobody has tried to build yet.
_unbuilt: "set[Cached[Any]]" = set()


class Unbuilt(Exception):
    """The error for a value that could not be built from its rows; an edit of the rows can repair it."""


def all_built() -> bool:
    """Returns whether every value that can be built is in memory."""
    return not _unbuilt and settings.CACHE_VERSION_INTERVAL != 0


_building = ThreadPoolExecutor(1, thread_name_prefix="building")
_build: "Future[None] | None" = None
_build_lock = threading.Lock()


async def build_all(seconds: float) -> None:
    """Builds all values in a thread; concurrent callers wait for the same build.

    A value that cannot be built is left out until its rows are edited.
    Raises ``django.db.Error`` while Postgres is away, ``TimeoutError`` after that many seconds.
    """
    global _build
    with _build_lock:
        if _build is None or _build.done():
            _build = _building.submit(_refresh_all)
        build = _build
    await asyncio.wait_for(asyncio.shield(asyncio.wrap_future(build)), seconds)


def _refresh_all() -> None:
    try:
        _catch_up(_all)
    finally:
        connection.close()


def _catch_up(caches: "Iterable[Cached[Any]]") -> None:
    """Brings the caches to their newest versions. Raises ``django.db.Error`` while Postgres is away."""
    numbers = dict(CacheVersion.objects.values_list("name", "number"))
    for cached in caches:
        cached.catch_up(numbers.get(cached.name, 0))


def _in_loop() -> bool:
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        return False
    return True


class Cached(Generic[T]):
    """A value built from tables; ``get`` returns the newest version that this process has seen."""

    def __init__(self, name: str, build: Callable[[], T]) -> None:
        self.name = name
        self.build = build
        self._lock = threading.Lock()
        self._built: tuple[int, T] | None = None
        self._failed: int | None = None
        _all.append(self)
        _unbuilt.add(self)

    def get(self) -> T:
        """Returns the value.

        In an event loop, call it after ``build_all`` only: there it never makes a query, and raises
        ``Unbuilt`` if the value could not be built.
        """
        built = self._built
        # The setting is asked last, because that takes the longest.
        if built is not None and (_in_loop() or settings.CACHE_VERSION_INTERVAL != 0):
            return built[1]
        if _in_loop():
            raise Unbuilt(self.name)
        return self.refresh()

    def refresh(self) -> T:
        """Rebuilds the value if its tables were edited. Raises ``django.db.Error`` while Postgres is away."""
        number = CacheVersion.objects.filter(name=self.name).values_list("number", flat=True).first() or 0
        return self.of_version(number)

    def of_version(self, number: int) -> T:
        """Returns the value of a version.

        The version was read before the tables, so a later edit is noticed at the next comparison.
        """
        with self._lock:
            if self._built is None or self._built[0] != number:
                self._built = (number, self.build())
                _unbuilt.discard(self)
            value = self._built[1]
        _watcher.watch(self)
        return value

    def catch_up(self, number: int) -> None:
        """Builds a version if it is new; logs an error once, so that other values go on.

        Raises ``django.db.Error`` while Postgres is away.
        """
        try:
            self.of_version(number)
        except Exception as error:
            if outage_errors.outage_of(error) == outage_errors.POSTGRES:
                raise
            if self._failed != number:
                log.exception("cache_unbuilt", extra={"cache": self.name})
            self._failed = number
            _unbuilt.discard(self)
            _watcher.watch(self)


class _Watcher:
    def __init__(self) -> None:
        self._watched: list[Cached[Any]] = []
        self._lock = threading.Lock()
        self._thread: threading.Thread | None = None

    def watch(self, cached: "Cached[Any]") -> None:
        if settings.CACHE_VERSION_INTERVAL == 0:
            return
        with self._lock:
            if cached not in self._watched:
                self._watched.append(cached)
            if self._thread is None or not self._thread.is_alive():
                self._thread = threading.Thread(target=self._look, name="versioned_cache", daemon=True)
                self._thread.start()

    def _look(self) -> None:
        while seconds := settings.CACHE_VERSION_INTERVAL:
            time.sleep(seconds)
            try:
                _catch_up(list(self._watched))
            except Error as error:
                log.warning("cache_versions_unreachable", extra={"error": str(error)})
            finally:
                connection.close()


_watcher = _Watcher()
