import datetime
import logging
import os
import subprocess
import sys
import time
from collections.abc import Iterator

import hypothesis
import pytest
from django.conf import settings as django_settings
from django.db import connection
from django.test import Client
from django.utils import timezone, translation
from django_redis import get_redis_connection
from pytest_django import DjangoDbBlocker, Settings

from accounts.official.models import OfficialAccount
from bench.own_redis import OwnRedis
from simulator.ports import free_port
from tests.cast import Cast, cast, signed_in
from tests.platform import Platform
from tests.secrets_watch import Watch, WatchedSpans
from tests.simulated import Simulated
from tests.simulator.conftest import wait_for
from wechat.inbox import refusals
from wechat.kernel import tracing

APPID = "wx0123456789abcdef"
TOKEN = "benchtoken"
AES_KEY = "abcdefghijklmnopqrstuvwxyz0123456789ABCDEFG"
ORIGINAL_ID = "gh_0123456789ab"


# The duration of generating or running an example depends on the machine, so it is not checked. An account
# or a simulator is used for all examples of a test. Every run has the same examples, because a change must
# not be refused for one that it has nothing to do with: `make fuzz` looks for new ones.
for profile, derandomize in (("new examples", False), ("same examples", True)):
    hypothesis.settings.register_profile(
        profile,
        derandomize=derandomize,
        deadline=None,
        suppress_health_check=[
            hypothesis.HealthCheck.too_slow,
            hypothesis.HealthCheck.function_scoped_fixture,
        ],
    )
hypothesis.settings.load_profile("same examples")


@pytest.fixture(autouse=True, scope="session")
def _no_thread_looks_for_edits() -> None:
    """Starts no watcher thread of the versioned caches, so that changes are visible immediately.

    Such a thread would also run after a test, when it may not use the database.
    """
    django_settings.CACHE_VERSION_INTERVAL = 0


@pytest.fixture(autouse=True, scope="session")
def _redis_may_be_slow() -> None:
    """Gives Redis a minute for each answer: on a busy machine half a second can be too short.

    It is the dictionary of all pools of connections, none of which is open yet.
    """
    django_settings.REDIS_TIMEOUTS.update(dict.fromkeys(django_settings.REDIS_TIMEOUTS, 60))


@pytest.fixture(autouse=True)
def _today_is_one_day() -> None:
    """Waits for midnight if it is near, so that today is the same day at the beginning and end of a test.

    What happens at midnight is for tests that travel there.
    """
    now = timezone.localtime()
    midnight = (now + datetime.timedelta(days=1)).replace(hour=0, minute=0, second=0, microsecond=0)
    if midnight - now < datetime.timedelta(minutes=1):
        time.sleep((midnight - now).total_seconds())


@pytest.fixture(autouse=True)
def _nobody_chose_a_language() -> None:
    """Begins in the language of the installation: the pages of the test before may have been in another."""
    translation.deactivate()


@pytest.fixture(autouse=True)
def _quick(settings: Settings) -> None:
    """Uses a fast password hash, because the real one takes half a second."""
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]


@pytest.fixture(autouse=True)
def _no_secret_is_logged() -> Iterator[None]:
    """Checks that no secret is logged or traced by a test, not even in an error."""
    root, watch, spans = logging.getLogger(), Watch(), WatchedSpans()
    level = root.level
    root.addHandler(watch)
    root.setLevel(logging.INFO)
    tracing.collect(spans)
    yield
    tracing.collect(None)
    root.removeHandler(watch)
    root.setLevel(level)
    assert watch.found == []
    assert spans.found == []


@pytest.fixture(autouse=True)
def _longer_timeouts(monkeypatch: pytest.MonkeyPatch) -> None:
    """Increases timeouts, because everything can be slow on a busy machine.

    Tests of these timeouts set their own values.
    """
    for limit in (
        "wechat.inbox.recording.PATIENCE_SECONDS",
        "wechat.inbox.receiving.SPOOL_SECONDS",
        "wechat.inbox.callback.BUILD_SECONDS",
        "wechat.inbox.routing.BUDGET_SECONDS",
        "wechat.api.admission.PATIENCE_SECONDS",
        "wechat.api.loop.THREAD_SECONDS",
        "wechat.api.loop.BUILD_SECONDS",
        "wechat.api.one_statement.PATIENCE_SECONDS",
        "config.health.DEADLINE_SECONDS",
        "config.metrics.SILENT_SECONDS",
        "config.outages.SILENT_SECONDS",
    ):
        monkeypatch.setattr(limit, 60)
    for limit in ("staff.search.MILLISECONDS", "followers.selection.COUNT_MILLISECONDS"):
        monkeypatch.setattr(f"accounts.{limit}", 60_000)


@pytest.fixture(autouse=True)
def _refusals_are_written() -> Iterator[None]:
    """Waits after a test until refused callbacks are counted.

    No thread may do that while the next test truncates the tables.
    """
    yield
    refusals.settle()


@pytest.fixture(scope="session")
def django_db_setup(django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> Iterator[None]:
    """The database, with a clock that is shifted like that of ``tests/clock``."""
    days = os.environ.get("TEST_CLOCK_DAYS")
    with django_db_blocker.unblock(), connection.cursor() as cursor:
        # Between tests the tables are truncated, which the trigger of the audit log would refuse.
        cursor.execute("ALTER TABLE staff_auditentry DISABLE TRIGGER audit_entries_stay")
    if days is not None:
        with django_db_blocker.unblock():
            _move_clock(float(days))
    yield
    with django_db_blocker.unblock(), connection.cursor() as cursor:
        # The server's processes for sessions that the last test closed may take a while to end.
        cursor.execute(
            "SELECT pg_terminate_backend(pid, 60000) FROM pg_stat_activity "
            "WHERE datname = current_database() AND pid <> pg_backend_pid() "
            "AND backend_type = 'client backend'"
        )


def _move_clock(days: float) -> None:
    with connection.cursor() as cursor:
        for name in ("now", "statement_timestamp", "clock_timestamp"):
            cursor.execute(
                f"CREATE FUNCTION public.{name}() RETURNS timestamptz LANGUAGE sql STABLE "
                f"AS $$ SELECT pg_catalog.{name}() + interval '{days} days' $$"
            )
        # Searched first, so that these functions replace the server's own functions of the same names.
        cursor.execute(
            f'ALTER DATABASE "{connection.settings_dict["NAME"]}" SET search_path = public, pg_catalog'
        )
    connection.close()
    connection.close_pool()  # type: ignore[attr-defined]  # of Postgres


@pytest.fixture
def account(db: None) -> OfficialAccount:
    """An account in safe mode."""
    return OfficialAccount.objects.create(
        slug="demo",
        name="演示服务号",
        appid=APPID,
        original_id=ORIGINAL_ID,
        appsecret="0123456789abcdef0123456789abcdef",
        token=TOKEN,
        aes_key=AES_KEY,
        mode="safe",
    )


@pytest.fixture
def redis() -> Iterator[OwnRedis]:
    server = OwnRedis()
    yield server
    server.stop()


@pytest.fixture
def staff(account: OfficialAccount) -> Cast:
    return cast(account)


@pytest.fixture
def owner(staff: Cast) -> Client:
    """A browser in which an owner of the account is signed in."""
    return signed_in(staff.owner)


@pytest.fixture
def platform() -> Platform:
    return Platform(APPID, TOKEN, AES_KEY, ORIGINAL_ID)


@pytest.fixture(scope="session")
def simulator_process() -> Iterator[str]:
    """Runs a simulator for the whole test session; yields its base URL."""
    port = free_port()
    process = subprocess.Popen([sys.executable, "-m", "simulator", "--port", str(port)])
    base = f"http://127.0.0.1:{port}"
    try:
        wait_for(base)
        yield base
    finally:
        process.terminate()
        process.wait(60)


@pytest.fixture
def simulated(simulator_process: str, settings: Settings) -> Simulated:
    """The platform, a simulator that has been reset, which the console calls."""
    settings.WECHAT_API_BASE = settings.WECHAT_PAY_API_BASE = simulator_process
    platform = Simulated(simulator_process)
    platform.sim("/reset", {})
    # The five seconds of the platform can be too short on a busy machine.
    platform.sim("/settings", {"deadline": 60})
    platform.sim("/pay/settings", {"notification_deadline": 60})
    # A failing token is renewed once; the new one must not be one that another test has left behind.
    redis = get_redis_connection("default")
    for key in redis.scan_iter("wc:token:*"):
        redis.delete(key)
    return platform


@pytest.fixture
def known(account: OfficialAccount, simulated: Simulated) -> Simulated:
    """The platform, which knows the account, pushes nothing, and has results at once."""
    simulated.create_account(account, callback_url="")
    simulated.sim("/settings", {"result_event_delay": 0})
    return simulated
