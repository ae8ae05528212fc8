"""Tests of publishing menus, from a version to the live menu, with all failures between."""

import datetime
from collections.abc import Callable
from typing import Any

import pytest
import time_machine
from django.urls import reverse
from django.utils import timezone

from accounts.followers.models import Tag
from accounts.official.models import OfficialAccount
from accounts.operations import failures
from accounts.staff import held_work
from accounts.staff.models import AuditEntry
from accounts.staff.rights import Rights
from menus import drafts, live, mini_programs, publications, publishing, watching
from menus.models import NOT_LINKED, LiveMenu, Menu, MiniProgram, Publication, Version
from menus.publications import Busy, NotPublishable
from tests.cast import Cast, signed_in
from tests.menus.conftest import BOOK_APPID, Phone, button, parent, put, view
from wechat.kernel import work
from wechat.kernel.models import Hold
from wechat.kernel.work import holds
from wechat.materials.models import Asset

State, Reason = Publication.State, Publication.Reason


def published(menu: Menu, *buttons: object, **options: object) -> Publication:
    put(menu, *buttons)  # type: ignore[arg-type]
    publication = publications.publish(menu, drafts.freeze(menu), by=None, **options)  # type: ignore[arg-type]
    return carried_out(publication)


def carried_out(publication: Publication) -> Publication:
    work.run("menus.publish")
    publication.refresh_from_db()
    return publication


def later(publication: Publication) -> Publication:
    """Carries out a publication once its pause, or the lease of whoever had it, is over."""
    publication.refresh_from_db()
    Publication.objects.filter(pk=publication.pk).exclude(due_at=None).update(due_at=timezone.now())
    return carried_out(publication)


def conditional(account: OfficialAccount, name: str, position: int, **audience: object) -> Menu:
    return Menu.objects.create(account=account, name=name, conditional=True, position=position, **audience)


def test_a_draft_is_published(wechat: Phone, menu: Menu) -> None:
    done = published(menu, button(name="课程"), parent(view()))
    assert done.state == State.PUBLISHED
    assert wechat.names() == ["课程", "会员"]
    assert done.version is not None
    assert (done.version.state, done.version.number) == ("published", 1)
    assert done.before == {"button": [], "conditional": [], "made_on_page": False}
    assert done.after is not None
    assert [each["name"] for each in done.after["button"]] == ["课程", "会员"]
    assert LiveMenu.objects.get().differs_since is None


@pytest.mark.parametrize(
    "below", [{"list": [None, "x", {"name": "会员卡", "url": 7, "appid": "wxa"}]}, [None, 7]]
)
def test_a_menu_that_was_made_elsewhere_is_shown_whatever_its_buttons_hold(
    menu: Menu, staff: Cast, below: object
) -> None:
    odd: list[Any] = [{"name": "更多", "sub_button": below}, {"name": None, "url": ["x"]}, {"sub_button": 3}]
    before = {"button": odd, "conditional": [], "made_on_page": True}
    done = Publication.objects.create(
        account=menu.account, menu=menu, state=State.PUBLISHED, starts_at=timezone.now(), before=before
    )
    page = signed_in(staff.owner).get(reverse("admin:menus_publication_change", args=[done.pk]))
    assert "更多" in page.content.decode()
    assert ("会员卡 7" in page.content.decode()) == isinstance(below, dict)
    assert live.appids_of(live.load(before)) == ({"wxa"} if isinstance(below, dict) else set())


def test_the_draft_stays_and_the_next_version_replaces_the_first(wechat: Phone, menu: Menu) -> None:
    published(menu, button(name="课程"))
    published(menu, button(name="新课"))
    states = dict(menu.versions.values_list("number", "state"))
    assert states == {1: "superseded", 2: "published", None: "draft"}
    assert wechat.names() == ["新课"]


def test_an_unchanged_draft_makes_no_second_version(wechat: Phone, menu: Menu) -> None:
    published(menu, button())
    assert drafts.freeze(menu).number == 1


def test_going_back_to_a_version_is_publishing_it_again(wechat: Phone, menu: Menu) -> None:
    first = published(menu, button(name="旧")).version
    published(menu, button(name="新"))
    carried_out(publications.publish(menu, first, by=None))
    assert wechat.names() == ["旧"]
    assert dict(menu.versions.exclude(number=None).values_list("number", "state")) == {
        1: "published",
        2: "superseded",
    }


def test_for_whom_a_menu_is_leaves_with_its_next_version_and_with_nothing_else(
    wechat: Phone, menu: Menu, staff: Cast
) -> None:
    published(menu, button(name="全部"))
    special = conditional(menu.account, "安卓", 0, platform=2)
    first = published(special, button("dddd", "专享")).version
    Menu.objects.filter(pk=special.pk).update(platform=1)
    special.refresh_from_db()
    published(menu, button(name="全部二"))
    assert wechat.audiences() == [{"client_platform_type": "2"}]
    assert LiveMenu.objects.get().differs_since is None
    page = signed_in(staff.owner).get(reverse("admin:menus_publish", args=[special.pk])).content.decode()
    assert "Android" in page
    assert "iPhone" in page
    published(special, button("dddd", "专享"))
    assert wechat.audiences() == [{"client_platform_type": "1"}]
    carried_out(publications.publish(special, first, by=None))
    assert wechat.audiences() == [{"client_platform_type": "2"}]


def test_a_planned_version_is_for_those_it_was_planned_for(wechat: Phone, menu: Menu) -> None:
    published(menu, button(name="全部"))
    special = conditional(menu.account, "安卓", 0, platform=2)
    put(special, button("dddd", "专享"))
    planned = publications.schedule(special, drafts.freeze(special), at=timezone.now(), by=None)
    Menu.objects.filter(pk=special.pk).update(platform=1)
    assert carried_out(planned).state == State.PUBLISHED
    assert wechat.audiences() == [{"client_platform_type": "2"}]


def test_a_menu_with_errors_is_not_even_asked_for(menu: Menu) -> None:
    put(menu, button(name="一二三四五六"))
    with pytest.raises(NotPublishable) as refused:
        publications.publish(menu, drafts.freeze(menu), by=None)
    assert "一二三四五六" in refused.value.problems[0].text
    assert not Publication.objects.exists()


def test_of_an_account_one_publication_is_under_way_at_a_time(menu: Menu) -> None:
    put(menu, button())
    publications.publish(menu, drafts.freeze(menu), by=None)
    with pytest.raises(Busy):
        publications.publish(menu, drafts.freeze(menu), by=None)


def one_live_and_one_planned(account: OfficialAccount, menu: Menu) -> Menu:
    """Publishes a menu for some, and plans another one below it, which is returned."""
    upper, lower = (
        conditional(account, name, place, platform=place + 1) for place, name in enumerate(("会员", "新人"))
    )
    published(menu, button())
    published(upper, button("upper", "会员"))
    put(lower, button("lower", "新人"))
    publications.schedule(lower, drafts.freeze(lower), at=timezone.now(), by=None)
    return lower


def test_a_planned_menu_is_not_published_once_another_would_win_than_was_looked_at(
    account: OfficialAccount, wechat: Phone, menu: Menu, staff: Cast
) -> None:
    lower = one_live_and_one_planned(account, menu)
    signed_in(staff.editor).post(reverse("admin:menus_shift", args=[lower.pk]), {"to": "up"})
    work.run("menus.publish")
    planned = lower.publications.get()
    assert (planned.state, planned.reason) == (State.FAILED, Reason.NOT_READY)
    assert "先后顺序" in planned.explanation
    assert wechat.names() == ["课程"]
    again = publications.publish_again(planned)
    assert carried_out(again).state == State.FAILED
    assert carried_out(publications.publish(lower, planned.version, by=None)).state == State.PUBLISHED


def test_a_planned_menu_is_published_where_another_came_or_went_meanwhile(
    account: OfficialAccount, wechat: Phone, menu: Menu
) -> None:
    lower = one_live_and_one_planned(account, menu)
    published(conditional(account, "其他", 0, platform=3), button("other", "其他"))
    carried_out(publications.publish(Menu.objects.get(name="会员"), None, by=None))
    assert carried_out(lower.publications.get()).state == State.PUBLISHED


def test_a_scheduled_one_waits_for_the_one_that_is_under_way(wechat: Phone, menu: Menu) -> None:
    put(menu, button(name="甲"))
    first = publications.publish(menu, drafts.freeze(menu), by=None)
    put(menu, button(name="乙"))
    second = publications.schedule(menu, drafts.freeze(menu), at=timezone.now(), by=None)
    Publication.objects.filter(pk=first.pk).update(
        state=State.PUBLISHING, due_at=timezone.now() + datetime.timedelta(minutes=1)
    )
    assert carried_out(second).state == State.SCHEDULED
    assert later(first).state == State.PUBLISHED
    second.refresh_from_db()
    assert second.state == State.PUBLISHED
    assert wechat.names() == ["乙"]


def test_two_beats_at_once_publish_once(wechat: Phone, menu: Menu) -> None:
    put(menu, button())
    publications.publish(menu, drafts.freeze(menu), by=None)
    assert (work.run("menus.publish"), work.run("menus.publish")) == (1, 0)
    assert wechat.calls()["menu/create"] == 1


@pytest.mark.parametrize(
    "code",
    [40015, 40016, 40017, 40018, 40019, 40020, 40021, 40022, 40023, 40024, 40025, 40026, 40027, 40033, 40054,
     40055, 40117, 40118, 40119, 40120, 40121, 41007, 45010, 46003, 65301, 65306, 65309, 65317],
)  # fmt: skip
def test_a_refusal_is_told_with_what_is_live(wechat: Phone, menu: Menu, code: int) -> None:
    published(menu, button(name="旧"))
    wechat.fail("menu/create", errcode=code)
    failed = published(menu, button(name="新"))
    assert (failed.state, failed.reason, failed.errcode) == (State.FAILED, Reason.REFUSED, code)
    assert failed.after is not None
    assert [each["name"] for each in failed.after["button"]] == ["旧"]
    assert wechat.names() == ["旧"]
    assert menu.versions.get(state="published").number == 1


def test_a_lost_answer_is_no_riddle_the_live_menu_is_read_back(wechat: Phone, menu: Menu) -> None:
    wechat.fail("menu/create", drop_answer=True)
    delayed = published(menu, button(name="新"))
    assert delayed.state == State.PUBLISHING
    assert wechat.names() == ["新"]
    assert later(delayed).state == State.PUBLISHED
    assert wechat.calls()["menu/create"] == 1


@pytest.mark.parametrize("step", ["menu/get", "menu/create", "menu/addconditional", "menu/delconditional"])
@pytest.mark.parametrize("fault", [{"drop_answer": True}, {"http_status": 502}, {"errcode": -1}])
def test_a_cut_at_any_step_ends_where_it_would_have(
    wechat: Phone, menu: Menu, step: str, fault: dict[str, object]
) -> None:
    published(menu, button(name="全部"))
    special = conditional(menu.account, "安卓", 0, platform=2)
    published(special, button("dddd", "旧"))
    wechat.fail(step, **fault)
    publication = published(special, button("dddd", "新"))
    if step == "menu/create":  # a conditional menu leaves the other one alone
        assert publication.state == State.PUBLISHED
    for _again in range(3):
        publication = later(publication)
    assert publication.state == State.PUBLISHED
    assert wechat.conditional() == [["新"]]


def test_a_refusal_whose_aftermath_cannot_be_read_is_found_out_later(wechat: Phone, menu: Menu) -> None:
    published(menu, button(name="旧"))
    put(menu, button(name="新"))
    wechat.fail("menu/create", errcode=40018)
    publication = publications.publish(menu, drafts.freeze(menu), by=None)
    published_before = wechat.calls()["menu/create"]
    wechat.fail("menu/get", latency_ms=1)  # the first look succeeds
    wechat.fail("menu/get", http_status=502)
    assert carried_out(publication).state == State.PUBLISHING
    assert publication.refusal == 40018
    assert later(publication).state == State.FAILED
    assert publication.after is not None
    assert wechat.calls()["menu/create"] == published_before + 1


def test_a_publication_waits_for_a_platform_that_is_away_and_then_goes_on(wechat: Phone, menu: Menu) -> None:
    put(menu, button(name="新"))
    publication = publications.publish(menu, drafts.freeze(menu), by=None)
    wechat.fail("menu/get", http_status=502, times=8)
    publication = carried_out(publication)
    for _again in range(7):
        Hold.objects.exclude(until=None).update(until=timezone.now())
        publication = later(publication)
    assert (publication.state, publication.attempts) == (State.PUBLISHING, 2)
    assert wechat.names() == []
    holds.lift_all(Hold.objects.filter(work="menus.publish", subject=menu.account_id))
    assert later(publication).state == State.PUBLISHED
    assert wechat.names() == ["新"]


def test_a_publication_of_an_account_that_is_refused_waits_and_spends_nothing(
    wechat: Phone, menu: Menu
) -> None:
    wechat.fail("menu/create", errcode=48001)
    waiting = published(menu, button(name="新"))
    assert (waiting.state, waiting.attempts, waiting.refusal) == (State.PUBLISHING, 0, None)
    assert work.run("menus.publish") == 0
    holds.lift_all(Hold.objects.filter(work="menus.publish", subject=menu.account_id))
    assert carried_out(waiting).state == State.PUBLISHED


def test_what_a_killed_worker_began_goes_on_within_seconds_and_says_so_meanwhile(
    wechat: Phone, menu: Menu
) -> None:
    put(menu, button())
    publications.publish(menu, drafts.freeze(menu), by=None)
    (begun,) = publishing.PUBLICATIONS.claim()
    Publication.objects.filter(pk=begun.pk).update(state=State.PUBLISHING)
    begun.refresh_from_db()
    assert begun.explanation == ""
    with time_machine.travel(timezone.now() + datetime.timedelta(seconds=8)):
        assert "几秒之内会继续" in begun.explanation
    with time_machine.travel(timezone.now() + datetime.timedelta(seconds=16)):
        assert work.run("menus.publish") == 1
    begun.refresh_from_db()
    assert begun.state == State.PUBLISHED


def test_a_worker_that_was_overtaken_says_nothing(wechat: Phone, menu: Menu) -> None:
    put(menu, button())
    publications.publish(menu, drafts.freeze(menu), by=None)
    (slow,) = publishing.PUBLICATIONS.claim()
    quick = Publication.objects.get(pk=slow.pk)
    assert later(quick).state == State.PUBLISHED
    publishing.carry_out(slow)
    slow.refresh_from_db()
    assert slow.state == State.PUBLISHED


def during_the_call(monkeypatch: pytest.MonkeyPatch, happens: Callable[[], object]) -> None:
    """Has something happen while WeChat is asked to change the menu."""
    perform = live.perform

    def performed(*args: Any) -> None:
        happens()
        perform(*args)

    monkeypatch.setattr(live, "perform", performed)


def test_a_worker_that_is_overtaken_while_wechat_refuses_says_nothing(
    wechat: Phone, menu: Menu, monkeypatch: pytest.MonkeyPatch
) -> None:
    put(menu, button())
    publication = publications.publish(menu, drafts.freeze(menu), by=None)
    (slow,) = publishing.PUBLICATIONS.claim()
    wechat.fail("menu/create", errcode=40018)
    with monkeypatch.context() as patch:
        during_the_call(patch, lambda: Publication.objects.update(due_at=timezone.now()))
        publishing.carry_out(slow)
    assert carried_out(publication).state == State.PUBLISHED
    assert publication.refusal is None


def test_a_menu_whose_file_goes_while_wechat_refuses_it_ends_as_not_ready(
    wechat: Phone, menu: Menu, monkeypatch: pytest.MonkeyPatch
) -> None:
    poster = Asset.objects.create(
        account=menu.account, kind="image", name="海报", content_type="image/png", size=3, state="uploaded",
        media_id="M1",
    )  # fmt: skip
    put(menu, button(kind="media_id", file=poster.pk))
    publication = publications.publish(menu, drafts.freeze(menu), by=None)
    wechat.fail("menu/create", errcode=NOT_LINKED)
    during_the_call(monkeypatch, lambda: Asset.objects.update(media_id="", state="failed"))
    failed = carried_out(publication)
    assert (failed.state, failed.reason) == (State.FAILED, Reason.NOT_READY)
    assert "海报" in failed.error


def test_conditional_menus_are_made_so_that_the_upper_one_wins(wechat: Phone, menu: Menu) -> None:
    published(menu, button(name="全部"))
    upper = conditional(menu.account, "苹果", 0, platform=1)
    lower = conditional(menu.account, "安卓", 1, platform=2)
    published(upper, button("dddd", "上"))
    published(lower, button("eeee", "下"))
    assert wechat.conditional() == [["下"], ["上"]]
    published(lower, button("eeee", "下下"))
    assert wechat.conditional() == [["下下"], ["上"]]
    published(upper, button("dddd", "上上"))
    assert wechat.conditional() == [["下下"], ["上上"]]


def test_a_conditional_menu_is_taken_off(wechat: Phone, menu: Menu) -> None:
    published(menu, button(name="全部"))
    special = conditional(menu.account, "安卓", 0, platform=2)
    published(special, button("dddd", "安卓"))
    assert carried_out(publications.publish(special, None, by=None)).state == State.PUBLISHED
    assert wechat.conditional() == []
    assert wechat.names() == ["全部"]
    assert not special.versions.filter(state="published").exists()


def test_taking_off_the_menu_for_everybody_takes_off_all(wechat: Phone, menu: Menu) -> None:
    published(menu, button(name="全部"))
    special = conditional(menu.account, "安卓", 0, platform=2)
    published(special, button("dddd", "安卓"))
    carried_out(publications.publish(menu, None, by=None))
    assert (wechat.names(), wechat.conditional()) == ([], [])
    assert not Version.objects.filter(state="published").exists()


def test_three_sites_do_not_need_room_beside_the_old_menu(wechat: Phone, menu: Menu) -> None:
    published(menu, button(name="全部"))
    special = conditional(menu.account, "安卓", 0, platform=2)
    old = [view(f"old{number}", "旧", f"https://old{number}.cn/") for number in range(3)]
    new = [view(f"new{number}", "新", f"https://new{number}.cn/") for number in range(3)]
    published(special, *old)
    assert published(special, *new).state == State.PUBLISHED
    assert wechat.conditional() == [["新"] * 3]


def test_a_tag_that_wechat_does_not_know_stops_the_menu(wechat: Phone, menu: Menu) -> None:
    published(menu, button(name="全部"))
    tag = Tag.objects.create(account=menu.account, name="会员")
    special = conditional(menu.account, "会员", 0, tag=tag)
    put(special, button("dddd", "会员"))
    with pytest.raises(NotPublishable):
        publications.publish(special, drafts.freeze(special), by=None)


def test_a_weekend_menu_comes_and_goes_by_itself(wechat: Phone, menu: Menu) -> None:
    friday = timezone.now() + datetime.timedelta(days=2)
    monday = friday + datetime.timedelta(days=3)
    published(menu, button(name="平日"))
    put(menu, button(name="周末"))
    publications.schedule(menu, drafts.freeze(menu), at=friday, until=monday, by=None)
    work.run("menus.publish")
    assert wechat.names() == ["平日"]
    with time_machine.travel(friday + datetime.timedelta(seconds=1)):
        work.run("menus.publish")
    assert wechat.names() == ["周末"]
    with time_machine.travel(monday + datetime.timedelta(seconds=1)):
        work.run("menus.publish")
    assert wechat.names() == ["平日"]
    assert menu.versions.get(state="published").number == 1


def test_a_plan_that_is_days_late_waits_for_a_person_with_its_return(wechat: Phone, menu: Menu) -> None:
    now = timezone.now()
    hour, days = datetime.timedelta(hours=1), datetime.timedelta(days=3)
    published(menu, button(name="平日"))
    put(menu, button(name="周末"))
    going = publications.schedule(menu, drafts.freeze(menu), at=now + hour, until=now + 2 * hour, by=None)
    with time_machine.travel(now + days):
        assert work.run("menus.publish") == 0
        assert wechat.names() == ["平日"]
        held_work.cancel_overdue(menu.account, ["menus.publish"])
    assert {each.state for each in (later(going), later(going.return_trip))} == {State.CANCELLED}


def test_a_return_that_is_days_late_goes_by_itself(wechat: Phone, menu: Menu) -> None:
    now = timezone.now()
    published(menu, button(name="平日"))
    put(menu, button(name="周末"))
    publications.schedule(menu, drafts.freeze(menu), at=now, until=now + datetime.timedelta(hours=1), by=None)
    work.run("menus.publish")
    assert wechat.names() == ["周末"]
    with time_machine.travel(now + datetime.timedelta(days=3)):
        work.run("menus.publish")
    assert wechat.names() == ["平日"]


@pytest.mark.parametrize(("after", "becomes"), [(1, ["周末"]), (3, ["平日"])])
def test_what_is_published_again_after_a_failure_still_ends_when_it_was_to(
    wechat: Phone, menu: Menu, staff: Cast, after: int, becomes: list[str]
) -> None:
    """Once its end has passed it is not published any more."""
    now, day = timezone.now(), datetime.timedelta(days=1)
    published(menu, button(name="平日"))
    put(menu, button(name="周末"))
    version = drafts.freeze(menu)
    going = publications.schedule(
        menu, version, at=now, until=now + 2 * day, by=staff.owner, through="API · 商城"
    )
    wechat.fail("menu/create", errcode=40018)
    assert carried_out(going).state == State.FAILED
    with time_machine.travel(now + after * day):
        work.run("menus.publish")
        (group,) = failures.groups(menu.account, Rights.of(staff.owner))
        asked = {"source": "menus", "cause": group.key, "account": menu.account_id}
        signed_in(staff.owner).post(reverse("operations_failures"), asked)
        work.run("menus.publish")
        assert wechat.names() == becomes
        named = Publication.objects.filter(state=State.PUBLISHED, version=version)
        assert {each.asked_through for each in named} <= {"API · 商城"}
    with time_machine.travel(now + 2 * day + datetime.timedelta(minutes=1)):
        work.run("menus.publish")
        assert wechat.names() == ["平日"]


def test_nothing_returns_over_what_somebody_published_meanwhile(wechat: Phone, menu: Menu) -> None:
    published(menu, button(name="平日"))
    put(menu, button(name="周末"))
    now = timezone.now()
    going = publications.schedule(
        menu, drafts.freeze(menu), at=now, until=now + datetime.timedelta(days=2), by=None
    )
    carried_out(going)
    published(menu, button(name="急"))
    back = later(going.return_trip)
    assert (back.state, back.reason) == (State.CANCELLED, Reason.NOTHING_TO_RETURN_FROM)
    assert wechat.names() == ["急"]


def test_a_cancelled_schedule_takes_its_return_along(menu: Menu) -> None:
    put(menu, button())
    now = timezone.now()
    tomorrow = now + datetime.timedelta(days=1)
    going = publications.schedule(
        menu, drafts.freeze(menu), at=tomorrow, until=tomorrow + datetime.timedelta(days=2), by=None
    )
    assert publications.cancel(going)
    assert not Publication.objects.filter(state=State.SCHEDULED).exists()
    assert not publications.cancel(going)


def test_an_unlinked_mini_program_is_remembered(wechat: Phone, menu: Menu) -> None:
    other = "wx00000000000000aa"
    MiniProgram.objects.create(account=menu.account, appid=BOOK_APPID, name="约课")
    MiniProgram.objects.create(account=menu.account, appid=other, name="别家")
    page = {"kind": "miniprogram", "pagepath": "pages/index", "url": "https://h5.example.com/"}
    published(menu, button(appid=BOOK_APPID, **page))
    failed = published(menu, button(name="别家课", appid=other, **page))
    assert failed.errcode == 45064
    assert dict(MiniProgram.objects.values_list("appid", "linked")) == {BOOK_APPID: True, other: False}
    assert "“别家课”" in failed.explanation
    with pytest.raises(NotPublishable) as refused:
        publications.publish(menu, drafts.freeze(menu), by=None)
    assert refused.value.problems[0].field == "appid"


def test_a_mini_program_on_no_list_is_remembered_once_it_was_refused(wechat: Phone, menu: Menu) -> None:
    appid = "wx00000000000000aa"
    OfficialAccount.objects.create(
        slug="mini", name="约课小程序", appid=appid, kind="miniprogram", token="minitoken", mode="plain"
    )
    assert mini_programs.offered(menu.account, OfficialAccount.objects.all()) == [(appid, "约课小程序")]
    failed = published(
        menu, button(kind="miniprogram", appid=appid, pagepath="pages/a", url="https://h5.example.com/")
    )
    assert failed.errcode == 45064
    row = MiniProgram.objects.get()
    assert (row.appid, row.name, row.linked) == (appid, "约课小程序", False)


def test_a_publication_corrects_what_staff_said_about_a_mini_program(wechat: Phone, menu: Menu) -> None:
    page = {"kind": "miniprogram", "pagepath": "pages/index", "url": "https://h5.example.com/"}
    wrong = MiniProgram.objects.create(
        account=menu.account, appid="wx00000000000000aa", name="别家", linked=True
    )
    assert published(menu, button(appid=wrong.appid, **page)).errcode == 45064
    right = MiniProgram.objects.create(account=menu.account, appid=BOOK_APPID, name="约课", linked=None)
    assert published(menu, button(appid=BOOK_APPID, **page)).state == State.PUBLISHED
    assert dict(MiniProgram.objects.values_list("pk", "linked")) == {wrong.pk: False, right.pk: True}


def test_what_a_live_menu_opens_is_linked(wechat: Phone, menu: Menu) -> None:
    wechat.set_elsewhere(
        {
            "type": "miniprogram", "name": "约课", "appid": BOOK_APPID, "pagepath": "pages/index",
            "url": "https://h5.example.com/",
        }
    )  # fmt: skip
    assert mini_programs.known(menu.account) == {}
    watching.read_now(menu.account)
    assert mini_programs.known(menu.account) == {BOOK_APPID: True}


def test_the_audit_tells_who_changed_what(wechat: Phone, menu: Menu, staff: Cast) -> None:
    put(menu, button(name="课程"))
    carried_out(publications.publish(menu, drafts.freeze(menu), by=staff.owner))
    put(menu, button(name="新课"))
    carried_out(publications.publish(menu, drafts.freeze(menu), by=staff.owner))
    entry = AuditEntry.objects.last()
    assert entry is not None
    assert (entry.user, entry.object_id) == (staff.owner, str(menu.pk))
    assert "新课" in entry.words
    assert "课程" in entry.words


def test_a_menu_changed_elsewhere_is_noticed(wechat: Phone, menu: Menu) -> None:
    published(menu, button(name="课程"))
    assert watching.read_now(menu.account).differs_since is None
    wechat.set_elsewhere({"type": "click", "name": "别家", "key": "OTHER"})
    noticed = watching.read_now(menu.account).differs_since
    assert noticed is not None
    assert watching.read_now(menu.account).differs_since == noticed
    published(menu, button(name="课程"), view())
    assert LiveMenu.objects.get().differs_since is None


def test_what_cannot_be_read_is_told_as_such(wechat: Phone, menu: Menu) -> None:
    published(menu, button())
    wechat.fail("menu/get", errcode=48001)
    row = watching.read_now(menu.account)
    assert (row.errcode, row.live is not None) == (48001, True)
    assert row.due_at is not None
