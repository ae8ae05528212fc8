"""The disturbances of the installation, one for each row of the table, as context managers."""

import itertools
import signal
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager, ExitStack, contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psutil
from django.conf import settings
from django.db import OperationalError, connection, connections
from django.utils import timezone
from psycopg import sql
from redis import Redis

from accounts.followers.models import FollowerSync
from bench.drill import upgrade
from bench.drill.installation import Installation, Service
from bench.drill.proxy import Fault, Proxy
from bench.drill.servers import Standby
from bench.drill.worker import LEASE

FAULT_SECONDS = 8.0
KILLS, BETWEEN_KILLS = 3, 5.0
# The application name of the installation's connections; those of the drill have its own name.
SESSIONS = (
    "SELECT pid FROM pg_stat_activity WHERE datname = current_database() AND application_name <> 'drill'"
)

READ_ONLY = "ALTER DATABASE {} SET default_transaction_read_only = {}"
END_SESSIONS = (
    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
    "WHERE datname = current_database() AND application_name <> 'drill'"
)
NO_SPACE = """
CREATE FUNCTION no_space() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
    IF current_setting('application_name') <> 'drill' THEN
        RAISE EXCEPTION 'could not extend file: No space left on device' USING ERRCODE = 'disk_full';
    END IF;
    RETURN NULL;
END $$
"""
FULL = (
    "CREATE TRIGGER no_space BEFORE INSERT OR UPDATE ON {table} FOR EACH STATEMENT "
    "EXECUTE FUNCTION no_space()"
)
STANDBY_SECONDS = 60.0
# How long a poisonous row may take until it is set aside, with shortened pauses.
POISON_SECONDS = 120.0

Disturbance = Callable[[Installation], AbstractContextManager[None]]


class DrillFailed(Exception):
    """An error: the disturbance did not have its intended effect."""


@dataclass(frozen=True)
class Drill:
    """A row of the table: ``disturbance`` is active during its block, for at least ``seconds``.

    ``cuts``: connections to the web process itself can break.
    """

    name: str
    disturbance: Disturbance = field(repr=False)
    seconds: float = FAULT_SECONDS
    cuts: bool = False


def through_proxy(service: Service, fault: Fault) -> Drill:
    @contextmanager
    def disturbed(there: Installation) -> Iterator[None]:
        ways = [there.proxies[service]]
        if service == Service.REDIS and not there.has_own_broker:
            # In the shipped configuration, Redis is also the broker.
            ways.append(there.proxies[Service.BROKER])
        try:
            _switch(ways, fault)
            yield
        finally:
            _switch(ways, None)

    return Drill(f"{service}:{fault}", disturbed)


def _switch(ways: Sequence[Proxy], fault: Fault | None) -> None:
    """Switches all proxies at the same moment, because a restart takes some time."""
    with ThreadPoolExecutor(len(ways)) as pool:
        list(pool.map(lambda way: way.switch(fault), ways))


def killed_repeatedly(program: str, *, cuts: bool = False) -> Drill:
    @contextmanager
    def disturbed(there: Installation) -> Iterator[None]:
        yield
        for _time in range(KILLS):
            there.programs[program].kill()
            there.programs[program].start()
            if program == "web":
                there.programs[program].wait_until(there.is_ready)
            time.sleep(BETWEEN_KILLS)

    return Drill(f"kill -9:{program}", disturbed, seconds=0.0, cuts=cuts)


@contextmanager
def _additional_programs(there: Installation, *names: str) -> Iterator[None]:
    """Runs additional programs during the block."""
    with ExitStack() as started:
        for name in names:
            started.callback(there.programs[name].stop)
            there.programs[name].start()
        yield


@contextmanager
def three_beats(there: Installation) -> Iterator[None]:
    with _additional_programs(there, "second beat", "third beat"):
        yield


@contextmanager
def frozen_worker(there: Installation) -> Iterator[None]:
    """Freezes the worker during its work; another one takes over, then the first one is resumed."""
    frozen = there.programs["worker"]
    with _additional_programs(there, "second worker"):
        frozen.send(signal.SIGSTOP)
        try:
            yield
        finally:
            frozen.send(signal.SIGCONT)
            time.sleep(BETWEEN_KILLS)


@contextmanager
def crashed_postgres(there: Installation) -> Iterator[None]:
    """Kills a server process of Postgres, which then ends all sessions and recovers from its log."""
    for _time in range(2):
        with connection.cursor() as cursor:
            psutil.Process(_wait_for(cursor, SESSIONS)).kill()
        connection.close()
        time.sleep(BETWEEN_KILLS)
        _wait_for_recovery()
    yield


def _wait_for_recovery() -> None:
    ends = time.monotonic() + STANDBY_SECONDS
    while time.monotonic() < ends:
        with suppress(OperationalError):
            connection.ensure_connection()
            return
    raise DrillFailed("Postgres did not come back")


@contextmanager
def read_only_postgres(there: Installation) -> Iterator[None]:
    """Makes Postgres refuse writes, as after a failover to a read-only server.

    The drill itself can still write.
    """
    name = str(connection.settings_dict["NAME"])
    try:
        with connection.cursor() as cursor:
            cursor.execute(sql.SQL(READ_ONLY).format(sql.Identifier(name), sql.SQL("on")))
            cursor.execute(END_SESSIONS)
        connections.close_all()
        yield
    finally:
        with connection.cursor() as cursor:
            cursor.execute(sql.SQL(READ_ONLY).format(sql.Identifier(name), sql.SQL("off")))
            cursor.execute(END_SESSIONS)
        connections.close_all()


@contextmanager
def full_redis(there: Installation) -> Iterator[None]:
    """Makes Redis answer all writes with an error, as it does when memory or disk are full."""
    with Redis(port=there.redis.port) as client:
        client.config_set("maxmemory", "1")
        try:
            yield
        finally:
            client.config_set("maxmemory", "0")


@contextmanager
def poisonous_row(there: Installation) -> Iterator[None]:
    """Adds a row that fails in every worker: it has to be retried the configured times, then set aside."""
    row = FollowerSync.objects.create(account=there.mini, step="nonsense", due_at=timezone.now())
    rows, ends = FollowerSync.objects.filter(pk=row.pk), time.monotonic() + POISON_SECONDS
    while rows.filter(due_at__isnull=False).exists() and time.monotonic() < ends:
        # The clock is moved, because the last pause is an hour.
        rows.filter(due_at__gt=timezone.now()).exclude(error="").update(due_at=timezone.now())
        time.sleep(1)
    yield
    row.refresh_from_db()
    if row.due_at is not None or not row.error:
        raise DrillFailed(f"the row was not set aside after {row.attempts} tries: {row.error}")


@contextmanager
def killed_redis(there: Installation) -> Iterator[None]:
    for _time in range(2):
        there.redis.kill()
        time.sleep(1)
        there.redis.start()
        time.sleep(BETWEEN_KILLS)
    yield


@contextmanager
def full_disk_of_postgres(there: Installation) -> Iterator[None]:
    """Makes Postgres refuse all writes as on a full disk, except those of the drill itself."""
    with connection.cursor() as cursor:
        cursor.execute(NO_SPACE)
        cursor.execute("SELECT quote_ident(tablename) FROM pg_tables WHERE schemaname = 'public'")
        for (table,) in cursor.fetchall():
            cursor.execute(FULL.format(table=table))
    try:
        yield
    finally:
        with connection.cursor() as cursor:
            cursor.execute("DROP FUNCTION no_space() CASCADE")


@contextmanager
def full_disk_of_console(there: Installation) -> Iterator[None]:
    """Makes all writes to files by processes of the console fail, including logs and uploads."""
    ours = [each for name in ("web", "worker", "beat") for each in there.programs[name].tree()]
    limits = {each: each.rlimit(psutil.RLIMIT_FSIZE) for each in ours}
    try:
        for each, (_soft, hard) in limits.items():
            each.rlimit(psutil.RLIMIT_FSIZE, (0, hard))
        yield
    finally:
        for each, limit in limits.items():
            with suppress(psutil.NoSuchProcess):
                each.rlimit(psutil.RLIMIT_FSIZE, limit)


@contextmanager
def workers_with_other_clocks(there: Installation) -> Iterator[None]:
    """Runs two more workers, one with a clock two minutes fast, one with a clock two minutes slow."""
    with _additional_programs(there, "worker ahead", "worker behind"):
        yield


@contextmanager
def web_with_another_clock(there: Installation) -> Iterator[None]:
    """Routes requests to a web process with a clock two minutes fast."""
    there.change_web("web ahead")
    try:
        yield
    finally:
        there.change_web("web")


@contextmanager
def rolling_upgrade(there: Installation) -> Iterator[None]:
    """Migrates the tables under load, and replaces each process by another one that is ready first."""
    upgrade.migrate()
    there.change_web("second web")
    there.programs["second worker"].start()
    time.sleep(BETWEEN_KILLS)
    there.programs["worker"].stop()
    there.programs["beat"].stop()
    there.programs["beat"].start()
    yield
    there.change_web("web")
    there.programs["worker"].start()
    time.sleep(BETWEEN_KILLS)
    there.programs["second worker"].stop()
    upgrade.migrate_back()


@contextmanager
def failed_over(there: Installation) -> Iterator[None]:
    """Kills the primary Postgres under load, and promotes the standby permanently.

    Replication is synchronous, because no committed row may be lost.
    """
    standby = Standby(there.folder / "standby", settings.DATABASE_URL)
    there.ends.callback(standby.kill)
    standby.copy()
    standby.start()
    with connection.cursor() as cursor:
        cursor.execute("ALTER SYSTEM SET synchronous_standby_names = '*'")
        cursor.execute("SELECT pg_reload_conf()")
        _wait_for(cursor, "SELECT 1 FROM pg_stat_replication WHERE sync_state = 'sync'")
        cursor.execute("SHOW data_directory")
        folder = Path(cursor.fetchone()[0])
    # During the load.
    time.sleep(BETWEEN_KILLS)
    psutil.Process(int((folder / "postmaster.pid").read_text().split()[0])).kill()
    time.sleep(BETWEEN_KILLS)
    standby.promote()
    for way in (there.judge, there.proxies[Service.POSTGRES]):
        way.aim(standby.port)
    connections.close_all()
    yield


def _wait_for(cursor: Any, question: str) -> Any:
    """Repeats a query until it returns a value; returns it. Raises ``DrillFailed`` after a timeout."""
    ends = time.monotonic() + STANDBY_SECONDS
    cursor.execute(question)
    while (found := cursor.fetchone()) is None:
        if time.monotonic() > ends:
            raise DrillFailed(f"nothing came of {question}")
        time.sleep(0.2)
        cursor.execute(question)
    return found[0]


@contextmanager
def undisturbed(there: Installation) -> Iterator[None]:
    yield


DRILLS: tuple[Drill, ...] = (
    *(through_proxy(service, fault) for service, fault in itertools.product(Service, Fault)),
    Drill("nothing", undisturbed),
    killed_repeatedly("web", cuts=True),
    killed_repeatedly("worker"),
    killed_repeatedly("beat"),
    Drill("three beats", three_beats),
    Drill("frozen worker", frozen_worker, seconds=LEASE.total_seconds() + 10),
    Drill("crash:postgres", crashed_postgres, seconds=0.0),
    Drill("crash:redis", killed_redis, seconds=0.0),
    Drill("read-only:postgres", read_only_postgres),
    Drill("disk full:postgres", full_disk_of_postgres),
    Drill("disk full:redis", full_redis),
    Drill("disk full:console", full_disk_of_console),
    Drill("clock:workers", workers_with_other_clocks, seconds=LEASE.total_seconds()),
    Drill("clock:web", web_with_another_clock),
    Drill("poisonous row", poisonous_row, seconds=0.0),
    Drill("rolling upgrade", rolling_upgrade, seconds=0.0),
    # The last drill, because everything is on the other Postgres afterwards.
    Drill("failover:postgres", failed_over, seconds=0.0),
)
