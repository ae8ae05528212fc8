"""A whole installation whose every way to somebody else leads through a proxy that can fail.

Web, worker and beat are processes as they are shipped. The drill itself speaks to Postgres and to the
simulator directly: what it judges by is there while the installation is cut off from it.
"""

import base64
import http.client
import os
import signal
import subprocess
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

from django.conf import settings
from django.contrib.auth.models import User
from django.core.management import call_command
from django.test import Client

from accounts.official.models import OfficialAccount
from bench.drill.caller import Caller
from bench.drill.ledger import Ledger
from bench.drill.programs import Program, Supervisor, module
from bench.drill.proxy import Proxy, free_port
from bench.drill.receiver import Receiver
from config.embedded.launching import die_with_parent
from config.embedded.redis import _program as redis_program
from menus import drafts
from menus.models import Menu
from payments.merchants.models import Merchant
from tests.simulated import Simulated
from wechat.api import scopes
from wechat.api.models import ApiClient
from wechat.pushes.models import Template
from wechat.replies import portable
from wechat.replies.models import Rule
from wechat.webhooks.models import Endpoint, new_secret

WORD = "演练"
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


class Service(StrEnum):
    """What the installation needs of others, each behind a proxy of its own."""

    POSTGRES = "postgres"
    REDIS = "redis"
    WECHAT = "wechat"
    PAY = "pay"
    RECEIVER = "receiver"


class OwnRedis:
    """The installation's cache and broker, on an append-only file: killed and started again."""

    def __init__(self, folder: Path) -> None:
        self.port = free_port()
        self._folder = folder
        self.start()

    def start(self) -> None:
        options = {"--port": str(self.port), "--dir": str(self._folder), "--appendonly": "yes", "--save": ""}
        command, parent = (
            [str(redis_program()), *(word for pair in options.items() for word in pair)],
            os.getpid(),
        )
        self._process = subprocess.Popen(
            command,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            preexec_fn=lambda: die_with_parent(parent, signal.SIGTERM),
        )

    def kill(self) -> None:
        self._process.send_signal(signal.SIGKILL)
        self._process.wait()


@dataclass
class Installation:
    """What is there to work with: the account as it is known here, and the world's side of it."""

    web: str
    platform: Simulated
    proxies: dict[Service, Proxy]
    programs: dict[str, Program]
    redis: OwnRedis
    receiver: Receiver
    account: OfficialAccount
    mini: OfficialAccount
    merchant: Merchant
    template: Template
    menu: Menu
    caller: Caller
    session: str
    ledger: Ledger
    supervisor: Supervisor = field(init=False)

    def is_ready(self) -> bool:
        return answers(self.web, "/healthz/ready")


@contextmanager
def installed(folder: Path) -> Iterator[Installation]:
    """Fills the database of the environment, and starts everything; ends all that it started."""
    with ExitStack() as stack:
        web_port, platform_port = free_port(), free_port()
        platform = Simulated(f"http://127.0.0.1:{platform_port}")
        own_redis = OwnRedis(folder)
        stack.callback(own_redis.kill)
        receiver = stack.enter_context(Receiver(free_port()))
        proxies = {
            service: stack.enter_context(Proxy(port))
            for service, port in {
                Service.POSTGRES: urlsplit(settings.DATABASE_URL).port or 5432,
                Service.REDIS: own_redis.port,
                Service.WECHAT: platform_port,
                Service.PAY: platform_port,
                Service.RECEIVER: receiver.port,
            }.items()
        }
        environment = _environment(folder, proxies, platform.base, web_port)
        programs = {
            name: Program(name, command, environment, folder)
            for name, command in _programs(platform_port, web_port).items()
        }
        for each in programs.values():
            stack.callback(each.stop)
        programs["simulator"].start()
        programs["simulator"].wait_until(lambda: answers(platform.base, "/_sim/health"))
        _point_at(platform.base, f"http://127.0.0.1:{web_port}")
        there = _furnished(platform, proxies, programs, own_redis, receiver, web_port)
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


def _programs(platform_port: int, web_port: int) -> dict[str, list[str]]:
    """As ``make run`` starts them."""
    return {
        "simulator": module("simulator", "--port", str(platform_port)),
        "web": module(
            *("uvicorn", "--port", str(web_port), "--log-level", "error", "--no-access-log"),
            *("--no-server-header", "--no-proxy-headers", "--lifespan", "off", "--ws", "none"),
            *("--timeout-keep-alive", "75", "--timeout-graceful-shutdown", "5", "config.asgi:application"),
        ),
        "worker": _worker(),
        # For a while, when another one is frozen.
        "second worker": _worker(),
        **dict.fromkeys(
            ("beat", "second beat", "third beat"),
            module("celery", "--quiet", "-A", "config.beat", "beat", "--loglevel", "WARNING"),
        ),
    }


def _worker() -> list[str]:
    application = ("celery", "--quiet", "-A", "bench.drill.worker:app", "worker")
    return module(
        *application, *("--queues", "interactive,bulk", "--concurrency", "3", "--loglevel", "WARNING")
    )


def _environment(folder: Path, proxies: dict[Service, Proxy], platform: str, web_port: int) -> dict[str, str]:
    keys = settings.FIELD_ENCRYPTION_KEYS.items()
    media, counting = folder / "media", folder / "metrics"
    counting.mkdir()
    return os.environ | {
        "DATABASE_URL": _moved(settings.DATABASE_URL, proxies[Service.POSTGRES].port),
        "REDIS_URL": f"redis://127.0.0.1:{proxies[Service.REDIS].port}/0",
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


def _moved(url: str, port: int) -> str:
    """Returns the address with another port of this machine."""
    parts = urlsplit(url)
    user = parts.netloc.rpartition("@")[0]
    return urlunsplit(parts._replace(netloc=f"{user}@127.0.0.1:{port}"))


def _point_at(platform: str, web: str) -> None:
    """Has the drill's own process, which fills the database, speak to the platform directly."""
    settings.WECHAT_API_BASE = settings.WECHAT_PAY_API_BASE = platform
    settings.WECHAT_OPEN_BASE = settings.WECHAT_MP_BASE = platform
    settings.PUBLIC_URL = web


def _furnished(
    platform: Simulated,
    proxies: dict[Service, Proxy],
    programs: dict[str, Program],
    own_redis: OwnRedis,
    receiver: Receiver,
    web_port: int,
) -> Installation:
    call_command("migrate", verbosity=0)
    call_command("load_demo", verbosity=0)
    account = OfficialAccount.objects.get(slug="demo")
    portable.write(account, Rule(position=Rule.objects.filter(account=account).count()), RULE)
    platform.sim(f"/accounts/{account.appid}/templates", {"templates": [TEMPLATE]})
    # One push that was given up is told by itself; it does not keep others away.
    platform.sim("/settings", {"mark_fail_after": 1_000_000})
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
    return Installation(
        web=web,
        platform=platform,
        proxies=proxies,
        programs=programs,
        redis=own_redis,
        receiver=receiver,
        account=account,
        mini=OfficialAccount.objects.get(slug="demo-mini"),
        merchant=Merchant.objects.get(slug="demo"),
        template=template,
        menu=drafts.default_menu(account),
        caller=_caller(web, account),
        session=_session(account),
        ledger=Ledger(platform, account.appid),
    )


def _caller(web: str, account: OfficialAccount) -> Caller:
    client = ApiClient(name="drill", scopes=[name for name, _label in scopes.known()], per_minute=600_000)
    secret = client.make_secret()
    client.save()
    client.accounts.add(account)
    return Caller(web, client.key_id, secret)


def _session(account: OfficialAccount) -> str:
    """Of a member of staff who looks at this account."""
    browser = Client(headers={"Host": "127.0.0.1"})
    browser.force_login(User.objects.get(username="admin"), "django.contrib.auth.backends.ModelBackend")
    browser.post("/admin/account/", {"account": account.pk})
    return browser.cookies["sessionid"].value
