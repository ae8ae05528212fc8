"""Odd answers of the platform: one value, or all of it, is not what the documentation says.

Whatever is odd about an answer, nothing fails as a bug of ours, what is good is kept, staff are told in
words, and with the next usual answer everything is as if there had been none.
"""

import json
import logging
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from random import Random
from typing import Any

import pytest
from django.test import Client as Browser
from django.utils import timezone
from pytest_django import Settings

from accounts.followers import sync_requests
from accounts.followers.models import Follower, FollowerSync, Tag
from accounts.official import clients, doctor, error_sentences
from accounts.official.clients import client_for
from accounts.official.models import OfficialAccount, QuotaReading
from menus import watching
from menus.models import LiveMenu
from tests.cast import Cast, signed_in
from tests.odd_answers import Answers, all_odd, changed, places, record
from tests.sdk.platform import serving
from tests.simulator.conftest import OPENID
from wechat.articles import reading as articles
from wechat.articles.models import Article, Draft
from wechat.channels.models import Channel, Code
from wechat.kernel import work
from wechat.kernel.models import Hold
from wechat.kernel.work import KINDS
from wechat.materials import reading as materials
from wechat.materials.material_quota import schedule_reading
from wechat.materials.models import Asset, MaterialQuota
from wechat.pushes import library
from wechat.pushes.models import Template
from wechat.replies import importing
from wechat.replies.models import Rule
from wechat.sdk.calls import base
from wechat.sdk.errors import WeChatError
from wechat.statistics import reading as figures
from wechat.statistics.models import PlatformDay

pytestmark = pytest.mark.django_db(transaction=True)

# Of each answer; all of them take an hour.
ODD_ONES = 4


@pytest.fixture(scope="module")
def recorded(simulator_process: str) -> dict[str, bytes]:
    return record(simulator_process)


@pytest.fixture
def platform(recorded: dict[str, bytes], settings: Settings, tmp_path: Path) -> Iterator[Answers]:
    settings.MEDIA_ROOT = tmp_path
    answers = Answers(recorded)
    clients._client.cache_clear()
    clients._tickets.cache_clear()
    clients._tokens.cache_clear()
    with serving(answers) as settings.WECHAT_API_BASE:
        yield answers


@dataclass(frozen=True)
class World:
    account: OfficialAccount
    browser: Browser
    channel: Channel

    def page(self, address: str) -> None:
        answer = self.browser.get(address)
        assert answer.status_code == 200
        assert "Traceback" not in answer.content.decode()

    def work_on(self, *names: str) -> None:
        """Works on all rows of these kinds, due or not."""
        Hold.objects.all().delete()
        for name in names:
            kind = KINDS.find(name)
            rows = kind.all_rows() if kind else None
            if rows is not None:
                open_ones = rows.model._default_manager.filter(due_at__isnull=False)
                open_ones.update(due_at=timezone.now(), attempts=0)
            for _turn in range(20):
                if not work.run(name):
                    break

    def followers(self) -> None:
        sync_requests.ask(self.account, FollowerSync.Kind.FULL)
        self.work_on("followers.sync_followers")

    def menu(self) -> None:
        watching.watch(self.account)
        LiveMenu.objects.update(due_at=timezone.now())
        self.work_on("menus.read_live")

    def templates(self) -> None:
        library.sync(self.account)
        self.work_on("pushes.work_on_templates")

    def template_pages(self) -> None:
        self.page("/admin/pushes/template/add/?category=616&tid=1024")
        self.page("/admin/pushes/template/industry/")
        template, _made = Template.objects.get_or_create(
            account=self.account, platform_id="T1", kind="template", title="预约", content="门店"
        )
        self.page(f"/admin/pushes/template/{template.pk}/held/")

    def materials(self) -> None:
        materials.ask(self.account)
        schedule_reading(self.account)
        self.work_on("materials.read", "materials.count")

    def articles(self) -> None:
        articles.ask(self.account)
        self.work_on("articles.read")

    def code(self) -> None:
        Code.objects.update(state=Code.State.WAITING, due_at=timezone.now(), attempts=0)
        self.work_on("channels.make_codes")

    def service(self) -> None:
        self.page("/admin/desk/thread/kf/")
        self.page("/admin/desk/thread/kf/records/")

    def replies(self) -> None:
        with suppress(WeChatError):
            importing.import_autoreply(self.account, base.current_autoreply_info(client_for(self.account)))

    def quotas(self) -> None:
        QuotaReading.objects.update(due_at=timezone.now())
        self.work_on("official.watch_quotas", "official.read_quotas")

    def figures(self) -> None:
        PlatformDay.objects.update(due_at=timezone.now())
        self.work_on("statistics.plan", "statistics.read")

    def examination(self) -> None:
        assert all(str(finding.sentence) for finding in doctor.examine(self.account))

    def check_words(self) -> None:
        """Checks that what waits or failed tells staff why, in words."""
        for kind in KINDS:
            rows = kind.all_rows()
            for row in rows.exclude(error="") if rows is not None else ():
                assert any(sign >= "一" for sign in error_sentences.of_row(row)), row.error

    def state(self) -> dict[str, list[Any]]:
        """Returns what is known by now, in a form that can be compared."""
        known: dict[str, Any] = {
            "followers": Follower.objects.values_list("openid", "subscribed", "blacklisted", "tags__name"),
            "tags": Tag.objects.values_list("name", "platform_id", "count", "state"),
            "menu": LiveMenu.objects.values_list("live", "error"),
            "templates": Template.objects.filter(missing_since=None).values_list("platform_id", "title"),
            "materials": Asset.objects.values_list("kind", "media_id", "name"),
            "quota": MaterialQuota.objects.values_list("image", "voice", "video", "news"),
            "articles": Draft.objects.values_list("media_id", "article_id", "state", "articles__title"),
            "codes": Code.objects.values_list("ticket", "url"),
            "rules": Rule.objects.values_list("name", "enabled"),
            "quotas": QuotaReading.objects.values_list("figures"),
            "figures": PlatformDay.objects.filter(read_at__isnull=False).values_list("dataset", "rows"),
        }
        return {name: sorted(map(repr, rows)) for name, rows in known.items()}


FOLLOWERS = ("/admin/followers/follower/", "/admin/followers/tag/")
MENU, TEMPLATES, MATERIALS = (
    ("/admin/menus/menu/",),
    ("/admin/pushes/template/",),
    ("/admin/materials/asset/",),
)
ARTICLES, CODES, RULES = ("/admin/articles/draft/",), ("/admin/channels/channel/",), ("/admin/replies/rule/",)
FIGURES = tuple(f"/admin/statistics/{name}/" for name in ("users", "articles", "messages", "interface"))
# Of each answer what reads it, where staff see it, and whether the next usual answer makes all of it good:
# what was read under another name or id stays beside it.
JOBS: Mapping[str, tuple[Callable[[World], None], Sequence[str], bool]] = {
    "/cgi-bin/user/get": (World.followers, FOLLOWERS, True),
    "/cgi-bin/user/info/batchget": (World.followers, FOLLOWERS, False),
    "/cgi-bin/tags/get": (World.followers, FOLLOWERS, False),
    "/cgi-bin/tags/members/getblacklist": (World.followers, FOLLOWERS, True),
    "/cgi-bin/menu/get": (World.menu, MENU, True),
    "/cgi-bin/template/get_all_private_template": (World.templates, TEMPLATES, True),
    "/wxaapi/newtmpl/gettemplate": (World.templates, TEMPLATES, True),
    "/wxaapi/newtmpl/getcategory": (World.template_pages, (), True),
    "/wxaapi/newtmpl/getpubtemplatetitles": (World.template_pages, (), True),
    "/wxaapi/newtmpl/getpubtemplatekeywords": (World.template_pages, (), True),
    "/cgi-bin/template/get_industry": (World.template_pages, (), True),
    "/wxa/sec/queryblocktmplmsg": (World.template_pages, (), True),
    "/cgi-bin/material/batchget_material": (World.materials, MATERIALS, False),
    "/cgi-bin/material/get_materialcount": (World.materials, MATERIALS, True),
    "/cgi-bin/draft/batchget": (World.articles, ARTICLES, False),
    "/cgi-bin/freepublish/batchget": (World.articles, ARTICLES, False),
    "/cgi-bin/qrcode/create": (World.code, CODES, True),
    "/cgi-bin/customservice/getkflist": (World.service, (), True),
    "/cgi-bin/customservice/getonlinekflist": (World.service, (), True),
    "/customservice/kfsession/getsessionlist": (World.service, (), True),
    "/customservice/kfsession/getwaitcase": (World.service, (), True),
    "/customservice/msgrecord/getmsglist": (World.service, (), True),
    "/cgi-bin/get_current_autoreply_info": (World.replies, RULES, False),
    "/cgi-bin/openapi/quota/get": (World.quotas, ("/admin/operations/quotas/",), True),
    "/cgi-bin/callback/check": (World.examination, (), True),
    "/cgi-bin/getcallbackip": (World.examination, (), True),
    "/datacube/getusercumulate": (World.figures, FIGURES, False),
    "/datacube/getbizsummary": (World.figures, FIGURES, False),
}


@pytest.fixture
def world(platform: Answers, staff: Cast, monkeypatch: pytest.MonkeyPatch) -> World:
    monkeypatch.setattr(figures, "HISTORY_DAYS", 7)
    channel = Channel.objects.create(account=staff.ours, name="一号店")
    Code.objects.create(channel=channel)
    return World(staff.ours, signed_in(staff.owner), channel)


@pytest.mark.parametrize("path", JOBS)
def test_after_odd_answers_all_is_as_if_there_had_been_none(
    platform: Answers, world: World, path: str, caplog: pytest.LogCaptureFixture
) -> None:
    job, pages, is_as_before = JOBS[path]
    job(world)
    before = world.state()
    caplog.clear()
    platform.odd_path = path
    for odd in Random(path).sample(list(all_odd(platform.recorded[path])), ODD_ONES):
        platform.odd = odd
        job(world)
        world.check_words()
    for address in pages:
        world.page(address)
    platform.odd_path = ""
    job(world)
    assert [record.getMessage() for record in caplog.records if record.levelno >= logging.ERROR] == []
    if is_as_before:
        assert world.state() == before


def with_value(place: tuple[str | int, ...], value: Any) -> Callable[[bytes], bytes]:
    """Returns the change of an answer that replaces the value at that place."""

    def change(body: bytes) -> bytes:
        return changed(body, list(places(json.loads(body))).index(place), value)

    return change


def always(body: bytes) -> Callable[[bytes], bytes]:
    """Returns the change of any answer to this one."""
    return lambda _answer: body


# Answers whose rows here are marked as gone, or changed back, when they are missing there.
LISTS = (
    "/cgi-bin/user/get", "/cgi-bin/user/info/batchget", "/cgi-bin/tags/get",
    "/cgi-bin/tags/members/getblacklist", "/cgi-bin/template/get_all_private_template",
    "/wxaapi/newtmpl/gettemplate",
    "/cgi-bin/material/get_materialcount", "/cgi-bin/draft/batchget", "/cgi-bin/freepublish/batchget",
    "/datacube/getusercumulate", "/datacube/getbizsummary",
)  # fmt: skip


@pytest.mark.parametrize("path", LISTS)
def test_an_answer_that_says_nothing_is_not_taken_for_an_empty_list(
    platform: Answers, world: World, path: str
) -> None:
    """Otherwise everybody would have left, and every template been deleted."""
    job, _pages, _is_as_before = JOBS[path]
    job(world)
    # The simulator's clock is ahead of ours.
    Follower.objects.update(subscribed_at=None, blacklisted=path.endswith("/getblacklist"))
    before = world.state()
    platform.odd_path = path
    for body in (b"{}", b'{"errcode":0,"errmsg":"ok"}'):
        platform.odd = always(body)
        job(world)
        world.check_words()
        assert world.state() == before


def test_a_followers_tags_may_be_given_as_texts(platform: Answers, world: World) -> None:
    world.followers()
    tag = Tag.objects.get(name="VIP")
    platform.odd_path = "/cgi-bin/user/info/batchget"
    platform.odd = with_value(("user_info_list", 0, "tagid_list"), [str(tag.platform_id), "x"])
    Follower.objects.update(profiled_at=None)
    world.followers()
    assert [follower.openid for follower in tag.followers.all()] == [OPENID]


def test_a_profile_that_does_not_say_who_follows_marks_nobody_as_gone(
    platform: Answers, world: World
) -> None:
    world.followers()
    # The simulator's clock is ahead of ours.
    Follower.objects.update(subscribed_at=None)
    platform.odd_path = "/cgi-bin/user/info/batchget"
    values: tuple[Any, ...] = (None, "", [], "x")
    for value in values:
        platform.odd = with_value(("user_info_list", 0, "subscribe"), value)
        world.followers()
        assert not Follower.objects.filter(subscribed=False).exists()


def test_a_tag_that_cannot_be_read_keeps_its_place_and_the_others_are_read(
    platform: Answers, world: World
) -> None:
    world.followers()
    before = list(Tag.objects.order_by("pk").values_list("platform_id", "name", "state"))
    platform.odd_path = "/cgi-bin/tags/get"
    for value in (None, "x", -1, 2**40):
        platform.odd = with_value(("tags", 0, "id"), value)
        world.followers()
        assert list(Tag.objects.order_by("pk").values_list("platform_id", "name", "state")) == before


def test_a_draft_without_its_id_replaces_none_of_ours(platform: Answers, world: World) -> None:
    draft = Draft.objects.create(account=world.account)
    Article.objects.create(draft=draft, position=0, title="我们的")
    platform.odd_path = "/cgi-bin/draft/batchget"
    platform.odd = with_value(("item", 0, "media_id"), None)
    world.articles()
    draft.refresh_from_db()
    assert [article.title for article in draft.articles.all()] == ["我们的"]
    assert not draft.changed_there
