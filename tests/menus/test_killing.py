"""Tests with a worker killed during a call: the live menu is known afterwards."""

import signal
import time

import pytest
from django.utils import timezone

from menus import drafts, publications
from menus.models import Menu, Publication
from tests import worker_processes
from tests.menus.conftest import Phone, button, put
from wechat.kernel import work

pytestmark = pytest.mark.django_db(transaction=True)

WORKER = "import django; django.setup(); from wechat.kernel import work; work.run('menus.publish')"
SLOW_MS = 1500


@pytest.mark.parametrize("step", ["menu/get", "menu/create", "menu/addconditional"])
def test_killed_in_the_middle_of_a_call_the_next_worker_finds_out_and_finishes(
    wechat: Phone, menu: Menu, step: str
) -> None:
    put(menu, button(name="全部"))
    publications.publish(menu, drafts.freeze(menu), by=None)
    special = Menu.objects.create(account=menu.account, name="安卓", conditional=True, platform=2)
    if step == "menu/addconditional":
        work.run("menus.publish")
        put(special, button("dddd", "安卓"))
        publications.publish(special, drafts.freeze(special), by=None)
    wechat.fail(step, latency_ms=SLOW_MS)
    answered = wechat.calls().get(step, 0)
    process = worker_processes.start(WORKER, WECHAT_API_BASE=wechat.platform.base)
    while not wechat.is_under_way(step):
        assert process.poll() is None
        time.sleep(0.02)
    process.send_signal(signal.SIGKILL)
    assert process.wait(60) == -signal.SIGKILL
    publication = Publication.objects.latest("pk")
    assert publication.state == Publication.State.PUBLISHING
    assert work.run("menus.publish") == 0  # the dead one's lease still runs
    while wechat.calls().get(step, 0) == answered:
        time.sleep(0.02)  # what it had sent arrives without it
    Publication.objects.filter(pk=publication.pk).update(due_at=timezone.now())
    assert work.run("menus.publish") == 1
    publication.refresh_from_db()
    assert publication.state == Publication.State.PUBLISHED
    assert wechat.names() == ["全部"]
    assert wechat.conditional() == ([["安卓"]] if step == "menu/addconditional" else [])
    assert publication.after is not None
