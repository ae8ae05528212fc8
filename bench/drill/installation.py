"""The installation under test, which reaches all services through proxies that can fail.

Web, worker and beat are processes in the shipped configuration. The drill itself connects to Postgres and to
the simulator directly, so that it can check them while the installation cannot reach them.
"""

import base64
import datetime
import http.client
import os
import socket
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit, urlunsplit

from django.conf import settings
from django.contrib.auth.models import User
from django.core.management import call_command
from django.db import connections
from django.test import Client

from accounts.official.models import OfficialAccount
from bench.drill.caller import Caller
from bench.drill.ledger import Ledger
from bench.drill.programs import Program, Supervisor, module
from bench.drill.proxy import Proxy
from bench.drill.receiver import Receiver
from bench.drill.servers import PgBouncer, RabbitMq, Redis
from config.embedded import PROJECT
from menus import drafts
from menus.models import Menu
from payments.merchants.models import Merchant
from simulator.ports import free_port
from tests.simulated import Simulated
from wechat.api import scopes
from wechat.api.models import ApiClient
from wechat.pushes.models import Template
from wechat.replies import portable
from wechat.replies.models import Rule
from wechat.webhooks.models import Endpoint, new_secret

WORD = "演练"
# Longer than any lease of a drill; shorter than the five minutes for which signatures are valid.
CLOCK_SKEW = datetime.timedelta(minutes=2)
FIRST, LATER = "收到演练", "演练的第二句"
RULE = {
    "name": WORD,
    "keywords": [{"compare": "contains", "text": WORD}],
    "replies": [{"type": "text", "content": FIRST}, {"type": "text", "content": LATER}],
}
TEMPLATE = {
    "template_id": "Vq0drill",
    "kind": "template",
    "title": "预约",
    "content": "门店:{{thing4.DATA}}\n",
}
MASS_SEND = "/cgi-bin/message/mass/send"


class Service(StrEnum):
    """An external service of the installation; each has its own proxy."""

    POSTGRES = "postgres"
    REDIS = "redis"
    BROKER = "broker"
    WECHAT = "wechat"
    PAY = "pay"
    RECEIVER = "receiver"


@dataclass(frozen=True)
class Choice:
    """The choice of a broker, which transports the wake-ups of workers, and of a pooler for Postgres."""

    broker: str = "redis"
    pooler: str = ""


@dataclass
class Installation:
    """The installation under test: its processes, its account in the database, and the platform's state."""

    web: str
    platform: Simulated
    proxies: dict[Service, Proxy]
    programs: dict[str, Program]
    # The proxy ``web`` routes requests to one of the web processes, each of which has its own port.
    door: Proxy
    # The drill's own connection to Postgres, which never fails.
    judge: Proxy
    redis: Redis
    folder: Path
    has_own_broker: bool
    receiver: Receiver
    account: OfficialAccount
    mini: OfficialAccount
    merchant: Merchant
    template: Template
    menu: Menu
    caller: Caller
    session: str
    ledger: Ledger
    # The ports of the web processes.
    ports: Mapping[str, int]
    # The callbacks to run at the end of the installation.
    ends: ExitStack
    supervisor: Supervisor = field(init=False)

    def is_ready(self) -> bool:
        return answers(self.web, "/healthz/ready")

    def change_web(self, to: str) -> None:
        """Switches to another web process once it is ready; the former one finishes its requests."""
        former = next(name for name, port in self.ports.items() if port == self.door.target)
        self.programs[to].start()
        self.programs[to].wait_until(lambda: answers(f"http://127.0.0.1:{self.ports[to]}", "/healthz/ready"))
        self.door.aim(self.ports[to], cut=False)
        self.programs[former].stop()


@contextmanager
def installed(folder: Path, choice: Choice) -> Iterator[Installation]:
    """Fills the database of the environment, and runs the installation during the block.

    Raises ``Missing`` if a part of the choice is not installed.
    """
    with ExitStack() as stack:
        platform_port = free_port()
        platform = Simulated(f"http://127.0.0.1:{platform_port}")
        redis = Redis(folder / "redis")
        pooler = PgBouncer(folder / "pgbouncer", settings.DATABASE_URL) if choice.pooler else None
        rabbitmq = RabbitMq(folder / "rabbitmq") if choice.broker != "redis" else None
        for server in filter(None, (redis, pooler, rabbitmq)):
            stack.callback(server.kill)
            server.start()
        receiver = stack.enter_context(Receiver(free_port()))
        postgres = urlsplit(settings.DATABASE_URL).port or 5432
        judge = stack.enter_context(Proxy(postgres))
        connections["default"].settings_dict["PORT"] = settings.DATABASES["default"]["PORT"] = str(judge.port)
        proxies = {
            service: stack.enter_context(Proxy(port))
            for service, port in {
                Service.POSTGRES: pooler.port if pooler else postgres,
                Service.REDIS: redis.port,
                Service.BROKER: rabbitmq.port if rabbitmq else redis.port,
                Service.WECHAT: platform_port,
                Service.PAY: platform_port,
                Service.RECEIVER: receiver.port,
            }.items()
        }
        ports = {name: free_port() for name in ("web", "second web", "web ahead")}
        door = stack.enter_context(Proxy(ports["web"]))
        environment = _environment(folder, proxies, platform.base, door.port, choice)
        programs = _programs(platform_port, ports, environment, folder)
        for each in programs.values():
            stack.callback(each.stop)
        programs["simulator"].start()
        programs["simulator"].wait_until(lambda: answers(platform.base, "/_sim/health"))
        _point_at(platform.base, f"http://127.0.0.1:{door.port}")
        there = Installation(
            **_create_data(platform, proxies, door.port), programs=programs, door=door, judge=judge,
            redis=redis, folder=folder, has_own_broker=rabbitmq is not None, receiver=receiver, ports=ports,
            ends=stack,
        )  # fmt: skip
        for name in ("web", "worker", "beat"):
            programs[name].start()
        programs["web"].wait_until(there.is_ready)
        there.supervisor = stack.enter_context(Supervisor(programs.values()))
        yield there


def answers(base: str, path: str) -> bool:
    """Returns whether a GET is answered with 200."""
    parts = urlsplit(base)
    connection = http.client.HTTPConnection(str(parts.hostname), parts.port, timeout=5)
    try:
        connection.request("GET", path)
        return connection.getresponse().status == 200
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()


def _programs(
    platform_port: int, ports: Mapping[str, int], environment: Mapping[str, str], folder: Path
) -> dict[str, Program]:
    """Returns the programs by their names, with the commands of ``make run``.

    Additional ones, such as "second worker", only run for some time.
    """
    beat = module("celery", "--quiet", "-A", "config.beat", "beat")
    commands = {
        "simulator": module("simulator", "--port", str(platform_port)),
        "worker": _worker("worker"),
        "second worker": _worker("second"),
        "worker ahead": _worker("ahead"),
        "worker behind": _worker("behind"),
        **dict.fromkeys(("beat", "second beat", "third beat"), beat),
        **{name: _web(port) for name, port in ports.items()},
    }
    skewed = {"ahead": CLOCK_SKEW, "behind": -CLOCK_SKEW}
    return {
        name: Program(name, command, {**environment, **_clock(skewed.get(name.split()[-1]))}, folder)
        for name, command in commands.items()
    }


def _clock(skew: datetime.timedelta | None) -> dict[str, str]:
    """Returns the environment variables that shift a program's clock by ``skew``."""
    if skew is None:
        return {}
    days = skew / datetime.timedelta(days=1)
    return {"PYTHONPATH": str(PROJECT / "tests" / "clock"), "TEST_CLOCK_DAYS": str(days)}


def _web(port: int) -> list[str]:
    return module(
        *("uvicorn", "--port", str(port), "--log-level", "error", "--no-access-log"),
        *("--no-server-header", "--no-proxy-headers", "--lifespan", "off", "--ws", "none"),
        *("--timeout-keep-alive", "75", "--timeout-graceful-shutdown", "5", "config.asgi:application"),
    )


def _worker(name: str) -> list[str]:
    application = ("celery", "--quiet", "-A", "bench.drill.worker:app", "worker")
    return module(
        *application, *("--queues", "interactive,bulk", "--concurrency", "3"),
        *("--hostname", f"{name}@{socket.gethostname()}"),
    )  # fmt: skip


def _environment(
    folder: Path, proxies: Mapping[Service, Proxy], platform: str, web_port: int, choice: Choice
) -> dict[str, str]:
    keys = settings.FIELD_ENCRYPTION_KEYS.items()
    media, counting = folder / "media", folder / "metrics"
    counting.mkdir()
    scheme, path = ("redis", "0") if choice.broker == "redis" else ("amqp", "/")
    return os.environ | {
        "DATABASE_URL": _with_port(settings.DATABASE_URL, proxies[Service.POSTGRES].port),
        "REDIS_URL": f"redis://127.0.0.1:{proxies[Service.REDIS].port}/0",
        "CELERY_BROKER_URL": f"{scheme}://127.0.0.1:{proxies[Service.BROKER].port}/{path}",
        "CELERY_QUEUE_TYPE": "quorum" if choice.broker == "rabbitmq" else "classic",
        "SECRET_KEY": settings.SECRET_KEY,
        "FIELD_ENCRYPTION_KEYS": ",".join(f"{name}:{base64.b64encode(key).decode()}" for name, key in keys),
        "WECHAT_API_BASE": f"http://127.0.0.1:{proxies[Service.WECHAT].port}",
        "WECHAT_PAY_API_BASE": f"http://127.0.0.1:{proxies[Service.PAY].port}",
        "WECHAT_OPEN_BASE": platform,
        "WECHAT_MP_BASE": platform,
        "PUBLIC_URL": f"http://127.0.0.1:{web_port}",
        "PORT": str(web_port),
        "MEDIA_ROOT": str(media),
        "PROMETHEUS_MULTIPROC_DIR": str(counting),
        "PYTHONWARNINGS": "ignore:You're running the worker with superuser privileges",
        "DJANGO_SETTINGS_MODULE": "bench.drill.settings",
        "DEBUG": "0",
    }


def _with_port(url: str, port: int) -> str:
    """Returns a server's URL, changed to another port of this machine."""
    parts = urlsplit(url)
    user = parts.netloc.rpartition("@")[0]
    return urlunsplit(parts._replace(netloc=f"{user}@127.0.0.1:{port}"))


def _point_at(platform: str, web: str) -> None:
    """Configures this process, which fills the database, to call the platform directly."""
    settings.WECHAT_API_BASE = settings.WECHAT_PAY_API_BASE = platform
    settings.WECHAT_OPEN_BASE = settings.WECHAT_MP_BASE = platform
    settings.PUBLIC_URL = web


def _create_data(platform: Simulated, proxies: dict[Service, Proxy], web_port: int) -> dict[str, Any]:
    """Creates the accounts and other data; returns them by the field names of ``Installation``."""
    call_command("migrate", verbosity=0)
    call_command("load_demo", verbosity=0)
    account = OfficialAccount.objects.get(slug="demo")
    portable.write(account, Rule(position=Rule.objects.filter(account=account).count()), RULE)
    platform.sim(f"/accounts/{account.appid}/templates", {"templates": [TEMPLATE]})
    # A push that is given up does not pause others. The pauses are those of the platform after a timeout,
    # also for refused connections: there is only one web process, and no other one could accept a push until
    # it is restarted after a kill.
    platform.sim("/settings", {"mark_fail_after": 1_000_000, "repeat_pause": 5.0})
    # The rows of a whole run send more than the daily quota of an account.
    platform.sim(f"/accounts/{account.appid}/quota", {"api": MASS_SEND, "daily_limit": 10_000})
    template = Template.objects.create(
        account=account, kind="template", platform_id=TEMPLATE["template_id"], title=TEMPLATE["title"],
        content=TEMPLATE["content"],
    )  # fmt: skip
    Endpoint.objects.create(
        account=account,
        url=f"http://127.0.0.1:{proxies[Service.RECEIVER].port}/",
        secret=new_secret(),
        events=["message.received"],
    )
    web = f"http://127.0.0.1:{web_port}"
    return {
        "web": web,
        "platform": platform,
        "proxies": proxies,
        "account": account,
        "mini": OfficialAccount.objects.get(slug="demo-mini"),
        "merchant": Merchant.objects.get(slug="demo"),
        "template": template,
        "menu": drafts.default_menu(account),
        "caller": _caller(web, account),
        "session": _session(account),
        "ledger": Ledger(platform, account.appid),
    }


def _caller(web: str, account: OfficialAccount) -> Caller:
    client = ApiClient(name="drill", scopes=[name for name, _label in scopes.known()], per_minute=600_000)
    secret = client.make_secret()
    client.save()
    client.accounts.add(account)
    return Caller(web, client.key_id, secret)


def _session(account: OfficialAccount) -> str:
    """Returns the session key of a member of staff who has chosen this account."""
    browser = Client(headers={"Host": "127.0.0.1"})
    browser.force_login(User.objects.get(username="admin"), "django.contrib.auth.backends.ModelBackend")
    browser.post("/admin/account/", {"account": account.pk})
    return browser.cookies["sessionid"].value
