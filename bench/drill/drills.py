"""What happens to the installation, one row of the table each: begun, lasting for a while, and over."""

import itertools
import signal
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field

import psutil
from django.db import connection, connections
from django.utils import timezone
from psycopg import sql
from redis import Redis

from accounts.followers.models import FollowerSync
from bench.drill.installation import Installation, Service
from bench.drill.proxy import Fault
from bench.drill.worker import LEASE

FAULT_SECONDS = 8.0
KILLS, BETWEEN_KILLS = 3, 5.0
# Of the installation; the drill's own are called by its name.
SESSIONS = (
    "SELECT pid FROM pg_stat_activity WHERE datname = current_database() AND application_name <> 'drill'"
)

READ_ONLY = "ALTER DATABASE {} SET default_transaction_read_only = {}"
END_SESSIONS = (
    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
    "WHERE datname = current_database() AND application_name <> 'drill'"
)
# A poisonous row is tried so often, and waits for an hour at most in between.
POISON_SECONDS = 120.0

Disturbance = Callable[[Installation], AbstractContextManager[None]]


class DrillFailed(Exception):
    """What the disturbance itself was to show did not happen."""


@dataclass(frozen=True)
class Drill:
    """A row: ``disturbance`` is the fault while its block lasts, ``seconds`` how long that is at least.

    ``cuts``: connections to the web process itself may break.
    """

    name: str
    disturbance: Disturbance = field(repr=False)
    seconds: float = FAULT_SECONDS
    cuts: bool = False


def through_proxy(service: Service, fault: Fault) -> Drill:
    @contextmanager
    def disturbed(there: Installation) -> Iterator[None]:
        proxy = there.proxies[service]
        proxy.switch(fault)
        try:
            yield
        finally:
            proxy.switch(None)

    return Drill(f"{service}:{fault}", disturbed)


def killed_again_and_again(program: str, *, cuts: bool = False) -> Drill:
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
def three_beats(there: Installation) -> Iterator[None]:
    others = [there.programs[name] for name in ("second beat", "third beat")]
    for each in others:
        each.start()
    try:
        yield
    finally:
        for each in others:
            each.stop()


@contextmanager
def frozen_worker(there: Installation) -> Iterator[None]:
    """It stops in the middle of whatever it does, others take its work over, and it wakes up and goes on."""
    frozen, other = there.programs["worker"], there.programs["second worker"]
    other.start()
    frozen.send(signal.SIGSTOP)
    try:
        yield
    finally:
        frozen.send(signal.SIGCONT)
        time.sleep(BETWEEN_KILLS)
        other.stop()


@contextmanager
def crashed_postgres(there: Installation) -> Iterator[None]:
    """A server process is killed: Postgres then ends every session and recovers from its log."""
    for _time in range(2):
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT pid FROM pg_stat_activity WHERE pid <> pg_backend_pid() AND datname IS NOT NULL"
            )
            (victim, *_others) = (pid for (pid,) in cursor.fetchall())
        psutil.Process(victim).kill()
        connection.close()
        time.sleep(BETWEEN_KILLS)
    yield


@contextmanager
def read_only_postgres(there: Installation) -> Iterator[None]:
    """As after a failover: who connects reaches a server that does not write. The drill itself may."""
    name = str(connection.settings_dict["NAME"])
    with connection.cursor() as cursor:
        cursor.execute(sql.SQL(READ_ONLY).format(sql.Identifier(name), sql.SQL("on")))
        cursor.execute(END_SESSIONS)
    connections.close_all()
    try:
        yield
    finally:
        with connection.cursor() as cursor:
            cursor.execute(sql.SQL(READ_ONLY).format(sql.Identifier(name), sql.SQL("off")))
            cursor.execute(END_SESSIONS)
        connections.close_all()


@contextmanager
def full_redis(there: Installation) -> Iterator[None]:
    """It answers every write with an error, as with no memory or no disk left."""
    with Redis(port=there.redis.port) as client:
        client.config_set("maxmemory", "1")
        try:
            yield
        finally:
            client.config_set("maxmemory", "0")


@contextmanager
def poisonous_row(there: Installation) -> Iterator[None]:
    """A row that no worker can do is tried as often as its kind says, and then set aside with its error."""
    row = FollowerSync.objects.create(account=there.mini, step="nonsense", due_at=timezone.now())
    rows, ends = FollowerSync.objects.filter(pk=row.pk), time.monotonic() + POISON_SECONDS
    while rows.filter(due_at__isnull=False).exists() and time.monotonic() < ends:
        # Time is travelled: the last of the pauses is an hour.
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


DRILLS: tuple[Drill, ...] = (
    *(through_proxy(service, fault) for service, fault in itertools.product(Service, Fault)),
    killed_again_and_again("web", cuts=True),
    killed_again_and_again("worker"),
    killed_again_and_again("beat"),
    Drill("three beats", three_beats),
    Drill("frozen worker", frozen_worker, seconds=LEASE.total_seconds() + 10),
    Drill("crash:postgres", crashed_postgres, seconds=0.0),
    Drill("crash:redis", killed_redis, seconds=0.0),
    Drill("read-only:postgres", read_only_postgres),
    Drill("full:redis", full_redis),
    Drill("poisonous row", poisonous_row, seconds=0.0),
)
