"""Tests with a worker killed during a call: the live menu is known afterwards."""

import base64
import os
import signal
import subprocess
import sys
import time
from urllib.parse import quote

import pytest
from django.conf import settings
from django.db import connection
from django.utils import timezone

from config.embedded import PROJECT
from menus import asking, drafts
from menus.models import Menu, Publication
from tests.menus.conftest import Phone, button, put
from wechat.kernel import work

pytestmark = pytest.mark.django_db(transaction=True)

WORKER = "import django; django.setup(); from wechat.kernel import work; work.run('menus.publish')"
SLOW_MS = 1500


def worker(wechat: Phone) -> subprocess.Popen[bytes]:
    """Starts a process of its own on the tests' database."""
    return subprocess.Popen([sys.executable, "-c", WORKER], cwd=PROJECT, env=environment(wechat))


def environment(wechat: Phone) -> dict[str, str]:
    keys = settings.FIELD_ENCRYPTION_KEYS.items()
    database = connection.settings_dict
    host = database["HOST"]
    where = f"?host={quote(host)}" if host.startswith("/") else ""
    place = "" if where else f"{host}:{database['PORT']}"
    user = f"{database['USER']}:{quote(database['PASSWORD'] or '')}"
    return os.environ | {
        "DJANGO_SETTINGS_MODULE": "config.settings",
        "DATABASE_URL": f"postgresql://{user}@{place}/{database['NAME']}{where}",
        "REDIS_URL": settings.REDIS_URL,
        "SECRET_KEY": settings.SECRET_KEY,
        "FIELD_ENCRYPTION_KEYS": ",".join(f"{name}:{base64.b64encode(key).decode()}" for name, key in keys),
        "WECHAT_API_BASE": wechat.platform.base,
    }


@pytest.mark.parametrize("step", ["menu/get", "menu/create", "menu/addconditional"])
def test_killed_in_the_middle_of_a_call_the_next_worker_finds_out_and_finishes(
    wechat: Phone, menu: Menu, step: str
) -> None:
    put(menu, button(name="全部"))
    asking.publish(menu, drafts.freeze(menu), by=None)
    special = Menu.objects.create(account=menu.account, name="安卓", conditional=True, platform=2)
    if step == "menu/addconditional":
        work.run("menus.publish")
        put(special, button("dddd", "安卓"))
        asking.publish(special, drafts.freeze(special), by=None)
    wechat.fail(step, latency_ms=SLOW_MS)
    process = worker(wechat)
    publication = Publication.objects.latest("pk")
    while publication.state != Publication.State.PUBLISHING:
        assert process.poll() is None
        time.sleep(0.02)
        publication.refresh_from_db()
    time.sleep(SLOW_MS / 3000)
    process.send_signal(signal.SIGKILL)
    assert process.wait(10) == -signal.SIGKILL
    publication.refresh_from_db()
    assert publication.state == Publication.State.PUBLISHING
    assert work.run("menus.publish") == 0  # the dead one's lease still runs
    time.sleep(SLOW_MS / 1000)  # what it had sent arrives without it
    Publication.objects.filter(pk=publication.pk).update(due_at=timezone.now())
    assert work.run("menus.publish") == 1
    publication.refresh_from_db()
    assert publication.state == Publication.State.PUBLISHED
    assert wechat.names() == ["全部"]
    assert wechat.conditional() == ([["安卓"]] if step == "menu/addconditional" else [])
    assert publication.after is not None
