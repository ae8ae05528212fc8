"""What happens to the installation, one row of the table each: begun, lasting for a while, and over."""

import itertools
import signal
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field

import psutil
from django.db import connection

from bench.drill.installation import Installation, Service
from bench.drill.proxy import Fault
from bench.drill.worker import LEASE

FAULT_SECONDS = 12.0
KILLS, BETWEEN_KILLS = 3, 5.0
SESSIONS = "SELECT pid FROM pg_stat_activity WHERE pid <> pg_backend_pid() AND datname IS NOT NULL"

Disturbance = Callable[[Installation], AbstractContextManager[None]]


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
)
