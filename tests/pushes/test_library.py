"""The templates of an account, kept as the simulator has them, and the pages that staff use for it."""

from typing import Any

import pytest
from django.test import Client

from accounts.followers.models import Follower
from accounts.official.models import OfficialAccount
from accounts.operations.failures import SOURCES
from config.demo import templates
from tests.cast import Cast, signed_in
from tests.forms import posted
from tests.pushes.conftest import WeChat
from tests.pushes.test_templated import OPENID, World
from tests.sdk.platform import Reply, Request, answer
from tests.simulated import Simulated
from tests.working import send_due
from wechat.kernel import work
from wechat.pushes import library, send_holds
from wechat.pushes.models import EventTemplate, LibraryJob, Push, Template

pytestmark = pytest.mark.django_db(transaction=True)

LIST = "/admin/pushes/template/"


@pytest.fixture
def world(simulated: Simulated, account: OfficialAccount) -> World:
    return World(simulated, account)


def read(world: World) -> None:
    library.sync(world.account)
    work.run("pushes.work_on_templates")


def the_template(platform_id: str = "Vq0demo") -> Template:
    return Template.objects.get(platform_id=platform_id)


def test_reading_keeps_both_kinds_and_touches_nothing_of_ours(world: World) -> None:
    read(world)
    Template.objects.filter(platform_id="Vq0demo").update(
        label="到店提醒", note="门店用", defaults={"thing4": "天河店"}
    )
    world.sim("/templates", {"templates": [{"template_id": "Vq0demo", "kind": "template", "title": "新名",
        "content": "门店:{{thing4.DATA}}\n"}]})  # fmt: skip
    read(world)
    found = the_template()
    assert (found.title, found.label, found.note, found.defaults) == (
        "新名",
        "到店提醒",
        "门店用",
        {"thing4": "天河店"},
    )
    assert the_template("Wq0demo").kind == Template.Kind.NOTICE
    assert [field.label for field in found.fields] == ["门店"]


def test_a_template_that_is_gone_stays_as_missing_and_may_come_back(world: World) -> None:
    read(world)
    world.sim("/templates", {"forget": "Vq0demo"})
    read(world)
    assert the_template().missing_since
    world.sim("/templates", {"templates": [{"template_id": "Vq0demo", "kind": "template", "title": "预约",
        "content": "门店:{{thing4.DATA}}\n"}]})  # fmt: skip
    read(world)
    assert the_template().missing_since is None


def test_asking_twice_reads_once(world: World) -> None:
    library.sync(world.account)
    library.sync(world.account)
    assert LibraryJob.objects.count() == 1


def test_a_template_message_is_added_by_its_number(world: World) -> None:
    library.add_template(world.account, "47123", ["门店名称", "预约时间"])
    work.run("pushes.work_on_templates")
    added = Template.objects.get(title="预约成功提醒")
    assert [field.name for field in added.fields] == ["thing1", "time2"]


def test_a_template_whose_answer_was_lost_is_not_added_again(world: World, owner: Client) -> None:
    world.simulated.sim(
        "/faults", {"api": "/cgi-bin/template/api_add_template", "drop_answer": True, "times": 1}
    )
    library.add_template(world.account, "47123", ["门店名称", "预约时间"])
    work.run("pushes.work_on_templates")
    failed = LibraryJob.objects.get(verb="add")
    assert failed.state == LibraryJob.State.FAILED
    assert Template.objects.filter(title="预约成功提醒").count() == 1
    again = SOURCES.get("templates").again
    assert again is not None
    again(LibraryJob.objects.filter(pk=failed.pk))
    work.run("pushes.work_on_templates")
    assert LibraryJob.objects.filter(verb="add", state="done").count() == 1
    assert Template.objects.filter(title="预约成功提醒").count() == 1


def test_what_was_refused_is_added_when_it_is_tried_again(world: World) -> None:
    world.simulated.sim(
        "/faults", {"api": "/cgi-bin/template/api_add_template", "errcode": 45026, "times": 1}
    )
    refused = library.add_template(world.account, "47123", ["门店名称", "预约时间"])
    work.run("pushes.work_on_templates")
    refused.refresh_from_db()
    assert refused.state == "failed"
    library.add_template(world.account, "47123", ["门店名称", "预约时间"])
    work.run("pushes.work_on_templates")
    again = SOURCES.get("templates").again
    assert again is not None
    again(LibraryJob.objects.filter(pk=refused.pk))
    work.run("pushes.work_on_templates")
    assert Template.objects.filter(title="预约成功提醒").count() == 2


def test_what_the_platform_refuses_to_add_fails_with_its_code(world: World) -> None:
    job = library.add_template(world.account, "47123", ["没有的"])
    work.run("pushes.work_on_templates")
    job.refresh_from_db()
    assert (job.state, job.errcode) == (LibraryJob.State.FAILED, 40246)


def test_a_notice_is_added_with_its_listed_values(world: World) -> None:
    library.add_notice(world.account, "1024", [1, 4], "预约")
    work.run("pushes.work_on_templates")
    added = Template.objects.get(title="预约提醒")
    assert [field.choices for field in added.fields] == [(), ("室内", "室外")]


def test_deleting_happens_at_the_platform(world: World) -> None:
    read(world)
    library.delete(the_template())
    library.delete(the_template("Wq0demo"))
    work.run("pushes.work_on_templates")
    assert not Template.objects.filter(missing_since=None).exists()


def test_a_platform_that_is_away_is_asked_again(world: World, settings: Any) -> None:
    settings.WECHAT_API_BASE = "http://127.0.0.1:9"
    library.sync(world.account)
    work.run("pushes.work_on_templates")
    job = LibraryJob.objects.get()
    assert (job.state, job.attempts) == (LibraryJob.State.WAITING, 1)


# --- pages


def test_the_list_reads_from_the_platform_and_names_what_is_there(world: World, owner: Client) -> None:
    assert owner.post(f"{LIST}sync/").status_code == 302
    work.run("pushes.work_on_templates")
    page = owner.get(LIST).content.decode()
    assert "预约" in page
    assert "门店" in page


def test_a_failure_is_forgotten_once_the_same_went_well(world: World, owner: Client) -> None:
    failed = LibraryJob.objects.create(
        account=world.account, verb=LibraryJob.Verb.ADD, state="failed", error="no", errcode=40036
    )
    address = "/admin/pushes/template/"
    assert failed.get_verb_display() in owner.get(address).content.decode()
    LibraryJob.objects.create(account=world.account, verb=LibraryJob.Verb.ADD, state="done")
    assert '<p class="notice"' not in owner.get(address).content.decode()


def test_trying_out_sends_to_one_follower(world: World, owner: Client) -> None:
    read(world)
    Follower.objects.create(account=world.account, openid=OPENID, remark="我")
    address = f"{LIST}{the_template().pk}/try/"
    assert "data-preview" in owner.get(address).content.decode()
    refused = owner.post(address, {"follower": "我", "value-thing4": "一" * 21})
    assert refused.status_code == 200
    assert not Push.objects.exists()
    html = refused.content.decode()
    assert ("不符合要求" in html, html.count("最多 20 个字")) == (True, 1)
    assert owner.post(address, {"follower": "我", "value-thing4": "天河店"}).status_code == 302
    send_due()
    assert world.received() == [(OPENID, "天河店")]


def test_usual_values_are_filled_in_the_next_time(world: World, owner: Client) -> None:
    read(world)
    address = f"{LIST}{the_template().pk}/try/"
    owner.post(address, {"keep": "1", "value-thing4": "天河店"})
    assert 'value="天河店"' in owner.get(address).content.decode()


def test_usual_values_that_somebody_else_kept_meanwhile_are_not_overwritten_unseen(
    world: World, owner: Client
) -> None:
    read(world)
    address = f"{LIST}{the_template().pk}/try/"
    older = posted(owner.get(address), keep="1", **{"value-thing4": "天河店"})
    owner.post(address, {"keep": "1", "value-thing4": "海珠店"})
    refused = owner.post(address, older)
    assert "（现为：海珠店）" in refused.content.decode()
    assert the_template().defaults == {"thing4": "海珠店"}
    again = posted(refused, keep="1")
    assert again["value-thing4"] == "天河店"
    assert owner.post(address, again).status_code == 302
    assert the_template().defaults == {"thing4": "天河店"}


def test_the_library_leads_from_category_to_fields(world: World, owner: Client) -> None:
    assert "运动健身" in owner.get(f"{LIST}add/").content.decode()
    assert "预约提醒" in owner.get(f"{LIST}add/?category=616").content.decode()
    address = f"{LIST}add/?category=616&tid=1024"
    assert owner.post(address, {"kids": ["1"], "scene": "预约"}).status_code == 200
    assert owner.post(address, {"kids": ["1", "2"], "scene": "预约"}).status_code == 302
    assert owner.post(f"{LIST}add/", {"short_id": "47123", "keywords": "门店名称\n"}).status_code == 302
    assert LibraryJob.objects.count() == 2


def test_every_notice_of_a_category_can_be_chosen(wechat: WeChat, owner: Client) -> None:
    """WeChat lists thirty at a time, and its categories have more."""
    notices = [{"tid": number, "title": f"第{number}种提醒", "type": 2} for number in range(1, 62)]

    def titles(request: Request) -> Reply:
        start, limit = int(request.query["start"]), int(request.query["limit"])
        return answer(errcode=0, count=len(notices), data=notices[start : start + limit])

    wechat.routes["/wxaapi/newtmpl/getcategory"] = lambda _: answer(data=[{"id": 616, "name": "运动健身"}])
    wechat.routes["/wxaapi/newtmpl/getpubtemplatetitles"] = titles
    page = owner.get(f"{LIST}add/?category=616").content.decode()
    assert all(f"第{number}种提醒" in page for number in (1, 30, 31, 60, 61))


def test_deleting_says_what_will_not_be_sent(world: World, owner: Client) -> None:
    read(world)
    world.ask()
    address = f"{LIST}{the_template().pk}/delete/"
    assert "1 " in owner.get(address).content.decode()
    owner.post(address)
    assert not LibraryJob.objects.filter(verb="delete").exists()
    assert owner.post(address, {"word": "删除"}).status_code == 302
    work.run("pushes.work_on_templates")
    assert the_template().missing_since


def test_what_was_held_back_is_shown(world: World, owner: Client) -> None:
    world.sim("/templates", {"templates": [{"template_id": "Vq0demo", "kind": "template", "title": "预约",
        "content": "门店:{{thing4.DATA}}\n", "banned": True}]})  # fmt: skip
    read(world)
    world.ask("<b>天河店</b>")
    send_due()
    page = owner.get(f"{LIST}{the_template().pk}/held/").content.decode()
    assert "&lt;b&gt;天河店&lt;/b&gt;" in page


def test_a_message_for_an_event_is_set_up_in_two_steps(world: World, owner: Client) -> None:
    read(world)
    address = "/admin/pushes/eventtemplate/"
    first = {"account": world.account.pk, "event": "order.shipped", "template": the_template().pk}
    assert owner.post(f"{address}add/", first).status_code == 302
    automatic = EventTemplate.objects.get()
    page = owner.get(f"{address}{automatic.pk}/change/").content.decode()
    assert "{number}" in page
    long = {"value-thing4": "{company}" + "一" * 20, "url": "", "enabled": "on"}
    assert owner.post(f"{address}{automatic.pk}/change/", long).status_code == 200
    misspelt = owner.post(f"{address}{automatic.pk}/change/", {**long, "value-thing4": "{compny}"})
    assert "{compny} 不是此处可用的变量" in misspelt.content.decode()
    good = {**long, "value-thing4": "{company} {tracking}"}
    assert owner.post(f"{address}{automatic.pk}/change/", good).status_code == 302
    automatic.refresh_from_db()
    assert automatic.values == {"thing4": "{company} {tracking}"}


def test_a_pause_is_told_and_can_be_ended(world: World, owner: Client) -> None:
    world.sim("/quota", {"api": "/cgi-bin/message/template/send", "daily_limit": 0})
    world.ask()
    send_due()
    assert "go-on" in owner.get("/admin/pushes/push/").content.decode()
    world.sim("/quota", {"api": "/cgi-bin/message/template/send", "daily_limit": 9})
    owner.post("/admin/pushes/push/go-on/", {"kind": "template"})
    send_due()
    assert (len(world.received()), send_holds.waiting(world.account)) == (1, [])


@pytest.mark.parametrize("who", ["editor", "service", "auditor"])
def test_who_may_not_send_may_look_only(world: World, staff: Cast, who: str) -> None:
    read(world)
    browser = signed_in(getattr(staff, who))
    pk = the_template().pk
    assert browser.get(LIST).status_code == 200
    assert browser.post(f"{LIST}sync/").status_code == 403
    for page in ("try/", "held/", "delete/"):
        assert browser.post(f"{LIST}{pk}/{page}").status_code == 403
    assert browser.post("/admin/pushes/push/go-on/", {"kind": "template"}).status_code == 403


def test_an_outsider_finds_nothing(world: World, staff: Cast) -> None:
    read(world)
    browser = signed_in(staff.outsider)
    assert browser.get(f"{LIST}{the_template().pk}/try/").status_code in (302, 404)
    assert "预约" not in browser.get(LIST).content.decode()


def test_the_demo_has_templates_to_try_once(world: World) -> None:
    """What a newcomer deletes is not back at the next start."""
    templates.set_up(world.account)
    work.run("pushes.work_on_templates")
    usable = Template.objects.filter(account=world.account, missing_since=None)
    assert {"预约成功提醒", "付款成功通知"} <= set(usable.values_list("title", flat=True))
    templates.set_up(world.account)
    assert LibraryJob.objects.filter(account=world.account, verb="add").count() == 2
