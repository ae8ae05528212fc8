"""The pages of campaigns, from the new one to the report, as staff click through them."""

import datetime
from collections.abc import Callable
from typing import Any
from urllib.parse import urlencode

import pytest
import time_machine
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from accounts.approvals.models import ApprovalLimit
from accounts.followers.models import Follower, Segment, Tag
from accounts.followers.segments import Condition
from accounts.staff.models import AuditEntry
from tests import workbooks
from tests.campaigns.conftest import World
from tests.cast import Cast, member, signed_in
from tests.workbooks import OPENID, WRITERS
from tests.working import send_due
from wechat.campaigns import running
from wechat.campaigns.models import AudienceRow, Campaign, Recipient, Seed
from wechat.kernel import work
from wechat.pushes.models import Push, Template

pytestmark = pytest.mark.django_db(transaction=True)

CROWD = [f"oCrowd{number:03d}" for number in range(6)]
VALUES = {"template-value-thing4": "天河店"}


def url(name: str, *args: Any) -> str:
    return reverse(f"admin:campaigns_{name}", args=args)


def fields(world: World, **more: Any) -> dict[str, Any]:
    usual = {
        "account": world.account.pk, "name": "双十一", "way": "template", "template": world.template.pk,
        "audience": "everybody", "cap_days": 0, "held_out": 0,
    }  # fmt: skip
    return {**usual, **more}


def press(client: Client, campaign: Campaign, step: str) -> Any:
    campaign.refresh_from_db()
    return client.post(url("step", campaign.pk), {"step": step, "version": campaign.version}, follow=True)


def written(world: World, client: Client, **more: Any) -> Campaign:
    answer = client.post(url("campaign_add"), fields(world, **more))
    campaign = Campaign.objects.latest("pk")
    assert answer.headers["Location"] == url("variant", campaign.pk, "A")
    return campaign


def page(client: Client, campaign: Campaign) -> str:
    return client.get(url("campaign_change", campaign.pk)).content.decode()


def test_a_campaign_is_written_checked_approved_and_sent(world: World, staff: Cast) -> None:
    world.follow(*CROWD)
    author, second = signed_in(staff.owner), signed_in(staff.superuser)
    campaign = written(world, author)
    answer = author.post(url("variant", campaign.pk, "A"), VALUES)
    assert answer.headers["Location"] == url("campaign_change", campaign.pk)
    press(author, campaign, "check")
    work.run("campaigns.run")
    assert "will be sent to" in page(author, campaign) or "将发送给" in page(author, campaign)
    press(author, campaign, "submit")
    assert 'value="approve"' not in page(author, campaign)
    assert 'value="approve"' in page(second, campaign)
    press(second, campaign, "approve")
    campaign.refresh_from_db()
    world.run(campaign)
    assert dict(world.received()) == dict.fromkeys(CROWD, 1)
    assert page(second, campaign)
    assert AuditEntry.objects.filter(object_id=str(campaign.pk)).count() >= 5


def test_who_submits_the_draft_of_somebody_else_cannot_approve_it(world: World, staff: Cast) -> None:
    world.follow(*CROWD)
    author, second = signed_in(staff.owner), signed_in(staff.superuser)
    campaign = world.campaign()
    second.post(url("variant", campaign.pk, "A"), {"template-value-thing4": "别处", "template-url": ""})
    press(second, campaign, "check")
    work.run("campaigns.run")
    press(second, campaign, "submit")
    assert 'value="approve"' not in page(second, campaign)
    press(second, campaign, "approve")
    campaign.refresh_from_db()
    assert campaign.state == "waiting"
    press(author, campaign, "approve")
    campaign.refresh_from_db()
    assert campaign.state == "scheduled"


@pytest.fixture
def lately(world: World) -> Campaign:
    """A campaign for a segment of those who were seen within a week: two of six."""
    world.follow(*CROWD)
    Follower.objects.filter(openid__in=CROWD[:2]).update(last_seen_at=timezone.now())
    conditions = [Condition(field="seen", compare="within", value="7")]
    segment = Segment.objects.create(account=world.account, name="近期", conditions=conditions)
    return world.checked(world.campaign(audience="segment", segment=segment))


def widen(client: Client, campaign: Campaign) -> None:
    """Makes everybody who follows one of the campaign's segment, on the page of segments."""
    values = {"name": "近期", "match": "all", "c0-field": "subscribed", "c0-compare": "yes", "save": "1"}
    segment = campaign.segment
    assert segment is not None
    client.post(f"/admin/followers/segment/{segment.pk}/change/", values)
    segment.refresh_from_db()
    assert segment.conditions[0]["field"] == "subscribed"


def test_a_changed_segment_is_reviewed_anew_before_approval(
    world: World, staff: Cast, lately: Campaign
) -> None:
    author = signed_in(staff.owner)
    widen(author, lately)
    html = page(author, lately)
    assert "人群分组在核算发送对象之后" in html
    assert 'value="submit"' not in html
    press(author, lately, "submit")
    lately.refresh_from_db()
    assert lately.state == "draft"
    press(author, world.checked(lately), "submit")
    assert 'value="approve"' in page(signed_in(staff.superuser), lately)


def test_a_segment_that_was_changed_meanwhile_is_not_approved(staff: Cast, lately: Campaign) -> None:
    author, second = signed_in(staff.owner), signed_in(staff.superuser)
    press(author, lately, "submit")
    widen(author, lately)
    assert 'value="approve"' not in page(second, lately)
    press(second, lately, "approve")
    lately.refresh_from_db()
    assert lately.state == "waiting"
    press(author, lately, "withdraw")
    lately.refresh_from_db()
    assert lately.state == "draft"


def test_a_segment_that_was_changed_after_the_approval_gets_nothing_until_it_was_looked_at(
    world: World, staff: Cast, lately: Campaign
) -> None:
    author, second = signed_in(staff.owner), signed_in(staff.superuser)
    press(author, lately, "submit")
    press(second, lately, "approve")
    widen(author, lately)
    world.run(lately)
    assert (lately.state, lately.trouble, world.received()) == ("paused", "audience_changed", {})
    html = page(author, lately)
    assert "请撤回编辑" in html
    assert 'value="resume"' not in html
    press(author, lately, "withdraw")
    lately.refresh_from_db()
    world.run(world.approved(lately))
    assert dict(world.received()) == dict.fromkeys(CROWD, 1)


def test_another_name_of_a_segment_changes_nothing(world: World, lately: Campaign) -> None:
    world.approved(lately)
    Segment.objects.update(name="近七天")
    world.run(lately)
    assert set(world.received()) == set(CROWD[:2])


def test_the_limit_is_that_of_whoever_submits(world: World, staff: Cast) -> None:
    ApprovalLimit.objects.create(account=world.account, action="campaign", role="owner", alone_up_to=None)
    world.follow(*CROWD)
    campaign = world.checked(world.campaign())
    publisher = signed_in(member("publisher", world.account, "publisher"))
    press(publisher, campaign, "submit")
    campaign.refresh_from_db()
    assert campaign.state == "waiting"
    press(publisher, campaign, "withdraw")
    campaign.refresh_from_db()
    world.checked(campaign)
    press(signed_in(staff.owner), campaign, "submit")
    campaign.refresh_from_db()
    assert (campaign.state, campaign.approved_by) == ("scheduled", staff.owner)


def first_words(answer: Any) -> str:
    """Returns the first message of a page."""
    return str(next(iter(answer.context["messages"])))


def with_table(world: World, client: Client, way: str = "service") -> Campaign:
    """A draft to the people of a table with a column “姓名”, which its text says."""
    table = SimpleUploadedFile("list.csv", f"OpenID,姓名\n{CROWD[0]},小红\n".encode())
    campaign = written(world, client, way=way, audience="file", table=table)
    said = {"kind": "text", "text": "{姓名}，您好", "template-value-thing4": "{姓名}"}
    answer = client.post(url("variant", campaign.pk, "A"), said)
    assert answer.headers["Location"] == url("campaign_change", campaign.pk)
    return campaign


@pytest.mark.parametrize("way", ["service", "template", "either"])
def test_another_audience_has_no_words_of_the_former_table(world: World, staff: Cast, way: str) -> None:
    client = signed_in(staff.owner)
    campaign = with_table(world, client, way)
    answer = client.post(url("edit", campaign.pk), fields(world, way=way), follow=True)
    assert "姓名" in first_words(answer)
    assert not campaign.rows.exists()
    assert "姓名" in first_words(press(client, campaign, "check"))
    campaign.refresh_from_db()
    assert (campaign.columns, campaign.due_at) == ([], None)


def test_a_campaign_that_may_go_another_way_says_nothing_there_until_it_is_written(
    world: World, staff: Cast
) -> None:
    world.follow(CROWD[0])
    client = signed_in(staff.owner)
    campaign = written(world, client)
    client.post(url("variant", campaign.pk, "A"), VALUES)
    client.post(url("edit", campaign.pk), fields(world, way="either"))
    for answer in (
        press(client, campaign, "check"),
        client.post(url("test", campaign.pk), {"follower": CROWD[0]}, follow=True),
    ):
        assert "客服消息尚未撰写" in first_words(answer)
    client.post(url("variant", campaign.pk, "A"), {"kind": "text", "text": "您好", **VALUES})
    press(client, campaign, "check")
    campaign.refresh_from_db()
    assert campaign.due_at


def test_a_card_and_a_template_of_one_variant_have_links_of_their_own(world: World, staff: Cast) -> None:
    client = signed_in(staff.owner)
    campaign = written(world, client, way="either")
    card = {"kind": "news", "title": "到店", "url": "https://example.com/card"}
    client.post(
        url("variant", campaign.pk, "A"), {**card, **VALUES, "template-url": "https://example.com/to"}
    )
    variant = campaign.variants.get()
    assert "https://example.com/card" in str(variant.content)
    assert variant.url == "https://example.com/to"


def test_a_wording_of_what_is_no_draft_any_more_is_not_said_to_be_deleted(world: World, staff: Cast) -> None:
    client = signed_in(staff.owner)
    campaign = written(world, client)
    client.post(url("variant", campaign.pk, "A"), VALUES)
    Campaign.objects.update(state="waiting", due_at=None)
    answer = client.post(url("variant_delete", campaign.pk, "A"), follow=True)
    assert "不再是草稿" in answer.content.decode()
    assert campaign.variants.exists()


def test_another_template_is_filled_in_before_it_goes(world: World, staff: Cast) -> None:
    client = signed_in(staff.owner)
    campaign = written(world, client)
    client.post(url("variant", campaign.pk, "A"), VALUES)
    other = Template.objects.create(
        account=world.account,
        kind="template",
        platform_id="Xq0demo",
        title="到货",
        content="商品:{{thing7.DATA}}",
    )
    client.post(url("edit", campaign.pk), fields(world, template=other.pk))
    assert "到货" in first_words(press(client, campaign, "check"))
    campaign.refresh_from_db()
    assert campaign.due_at is None


def test_a_word_that_is_no_column_is_refused_in_a_text_too(world: World, staff: Cast) -> None:
    client = signed_in(staff.owner)
    campaign = written(world, client, way="service", template="")
    answer = client.post(url("variant", campaign.pk, "A"), {"kind": "text", "text": "{姓名}，您好"})
    assert "姓名" in answer.context["service"].errors["text"][0]


def test_a_text_is_previewed_with_the_words_of_a_row_of_the_table(world: World, staff: Cast) -> None:
    client = signed_in(staff.owner)
    campaign = written(world, client, way="service", template="")
    Campaign.objects.filter(pk=campaign.pk).update(columns=["门店"])
    for openid, shop in ((CROWD[0], "天河店"), (CROWD[1], "越秀店")):
        AudienceRow.objects.create(campaign=campaign, openid=openid, words={"门店": shop})

    def bubble(openid: str) -> str:
        sent = {"text": "{门店}等您，{account}", "openid": openid}
        html: str = client.post(url("text_preview", campaign.pk), sent).json()["html"]
        return html

    chips = '<span class="text-chip">门店</span>等您，<span class="text-chip">公众号名称</span>'
    assert chips in bubble("")
    assert f"越秀店等您，{world.account.name}" in bubble(CROWD[1])
    # Who is not in the table reads the first row, as in a test.
    assert "天河店等您" in bubble(CROWD[5])


def test_a_button_on_a_page_that_is_out_of_date_does_nothing(world: World, staff: Cast) -> None:
    world.follow(*CROWD)
    campaign = world.checked(world.campaign())
    client = signed_in(staff.owner)
    client.post(url("step", campaign.pk), {"step": "submit", "version": campaign.version - 1})
    campaign.refresh_from_db()
    assert campaign.state == "draft"


def test_a_campaign_that_a_worker_begins_with_is_not_said_to_begin_when_its_lease_ends(
    world: World, staff: Cast
) -> None:
    starts = timezone.now() + datetime.timedelta(days=1)
    campaign = world.approved(world.campaign(starts_at=starts))
    planned = f"<h2>定时：{timezone.localtime(starts):%Y-%m-%d %H:%M}</h2>"
    assert planned in page(signed_in(staff.owner), campaign)
    with time_machine.travel(starts):
        assert running.CAMPAIGNS.claim() == [campaign]
        assert "<h2>定时</h2>" in page(signed_in(staff.owner), campaign)


def test_a_campaign_on_its_way_cannot_be_edited(world: World, staff: Cast) -> None:
    world.follow(*CROWD)
    campaign = world.begun(world.campaign())
    client = signed_in(staff.owner)
    for name, args in (("edit", [campaign.pk]), ("variant", [campaign.pk, "A"])):
        answer = client.post(url(name, *args), fields(world, name="anders", **{"template-value-thing4": "x"}))
        assert answer.headers["Location"] == url("campaign_change", campaign.pk)
    campaign.refresh_from_db()
    assert campaign.name == "双十一"
    assert campaign.variants.get().values == {"thing4": "天河店"}


@pytest.mark.parametrize(
    ("who", "status"), [("auditor", 403), ("service", 403), ("outsider", 404), ("nobody", 404)]
)
def test_who_has_no_right_presses_nothing(world: World, staff: Cast, who: str, status: int) -> None:
    world.follow(*CROWD)
    campaign = world.checked(world.campaign())
    client = signed_in(getattr(staff, who))
    form_data = {"step": "submit", "version": campaign.version}
    assert client.post(url("step", campaign.pk), form_data).status_code == status
    assert client.post(url("test", campaign.pk), {"follower": CROWD[0]}).status_code == status
    campaign.refresh_from_db()
    assert campaign.state == "draft"


def test_a_value_that_breaks_the_templates_rule_is_refused_with_the_rule(world: World, staff: Cast) -> None:
    client = signed_in(staff.owner)
    campaign = written(world, client)
    answer = client.post(url("variant", campaign.pk, "A"), {"template-value-thing4": "长" * 21})
    assert answer.status_code == 200
    refused = answer.context["template_form"]["value-thing4"]
    assert refused.errors
    assert "20" in refused.help_text


def test_a_word_that_is_no_column_is_refused_by_name(world: World, staff: Cast) -> None:
    client = signed_in(staff.owner)
    campaign = written(world, client)
    answer = client.post(url("variant", campaign.pk, "A"), {"template-value-thing4": "{门店}"})
    assert "门店" in answer.context["template_form"].errors["value-thing4"][0]


def test_what_is_said_of_a_table_belongs_to_its_field(world: World, staff: Cast) -> None:
    page = signed_in(staff.owner).get(url("campaign_add")).content.decode()
    hint = "没有 OpenID 或重复的行不计入"
    assert page.count(hint) == 1
    assert hint in page.split('id="id_table_helptext">')[1].split("</p>")[0]


def test_a_table_that_is_no_use_leaves_the_form_with_a_sentence(world: World, staff: Cast) -> None:
    client = signed_in(staff.owner)
    file = SimpleUploadedFile("who.csv", "姓名\n张三\n".encode())
    answer = client.post(url("campaign_add"), fields(world, audience="file", table=file))
    assert "OpenID" in answer.context["form"].errors["table"][0]
    assert not Campaign.objects.exists()


@pytest.mark.parametrize("writer", WRITERS)
def test_a_workbook_of_any_program_is_a_table(world: World, staff: Cast, writer: Callable[[], bytes]) -> None:
    file = SimpleUploadedFile("who.xlsx", writer())
    campaign = written(world, signed_in(staff.owner), audience="file", table=file)
    assert campaign.columns == ["鞋码", "生日", "手机"]
    row = campaign.rows.get()
    assert (row.openid, row.words) == (OPENID, {"鞋码": "42", "生日": "1990-05-01", "手机": "13800000000"})


NOTED = [["OpenID", "门店", "券码"], [OPENID, "天河店", "A1", "", "已电话确认"]]


def test_a_note_beside_a_table_is_left_out(world: World, staff: Cast) -> None:
    """A workbook, and what Excel makes of it as CSV: each row has as many commas as the longest."""
    csv = f"OpenID,门店,券码,,\r\n{OPENID},天河店,A1,,已电话确认\r\n".encode()
    for name, body in (("who.xlsx", workbooks.of_rows(*NOTED)), ("who.csv", csv)):
        file = SimpleUploadedFile(name, body)
        campaign = written(world, signed_in(staff.owner), audience="file", table=file)
        assert campaign.rows.get().words == {"门店": "天河店", "券码": "A1"}
        campaign.delete()


@pytest.mark.parametrize(
    ("name", "body"),
    [
        ("who.xlsx", workbooks.of_rows(NOTED[0], [OPENID, "", "天河店", "A1"])),
        ("who.csv", f"OpenID,门店,券码\r\n{OPENID},天河,二店,A1\r\n".encode()),
    ],
)
def test_a_row_that_was_shifted_is_refused(world: World, staff: Cast, name: str, body: bytes) -> None:
    file = SimpleUploadedFile(name, body)
    answer = signed_in(staff.owner).post(url("campaign_add"), fields(world, audience="file", table=file))
    assert answer.context["form"].errors["table"][0].startswith("第 2 行：最后一列之外还有内容")


@pytest.mark.parametrize(("name", "body"), workbooks.hostile().items())
def test_a_file_that_would_cost_much_is_no_table(world: World, staff: Cast, name: str, body: bytes) -> None:
    file = SimpleUploadedFile("who.xlsx", body)
    answer = signed_in(staff.owner).post(url("campaign_add"), fields(world, audience="file", table=file))
    assert answer.context["form"].errors["table"][0]
    assert not Campaign.objects.exists()


def test_the_recipients_are_listed_by_reason_and_exported(world: World, staff: Cast) -> None:
    world.follow(*CROWD)
    campaign = world.checked(world.campaign())
    Recipient.objects.filter(openid=CROWD[0]).update(state="excluded", reason="recently", kind="", letter="")
    client = signed_in(staff.owner)
    query = {"state": "excluded", "reason": "recently"}
    listed = client.get(url("recipients", campaign.pk), query)
    assert [each["row"].openid for each in listed.context["rows"]] == [CROWD[0]]
    answer: Any = client.post(f"{url('recipients_csv', campaign.pk)}?{urlencode(query)}")
    text = b"".join(answer.streaming_content).decode()
    assert CROWD[0] in text
    assert len(text.splitlines()) == 2


def test_an_auditor_downloads_masked_openids(world: World, staff: Cast) -> None:
    world.follow(*CROWD)
    campaign = world.checked(world.campaign())
    answer: Any = signed_in(staff.auditor).post(url("recipients_csv", campaign.pk))
    assert CROWD[0] not in b"".join(answer.streaming_content).decode()


def test_a_test_goes_to_the_test_group_and_to_nobody_else(world: World, staff: Cast) -> None:
    world.follow(*CROWD)
    campaign = world.campaign("A", "B")
    client = signed_in(staff.owner)
    client.post(url("seeds"), {"account": world.account.pk, "follower": CROWD[1]})
    assert Seed.objects.get().openid == CROWD[1]
    client.post(url("test", campaign.pk), {"follower": ""})
    send_due()
    assert dict(world.received()) == {CROWD[1]: 2}
    assert not Push.objects.filter(bulk=True).exists(), "a test counts as no campaign"


def test_the_list_and_the_overview_show_what_somebody_wrote_as_text(world: World, staff: Cast) -> None:
    campaign = world.campaign(name="<b>x</b>")
    client = signed_in(staff.owner)
    for address in (url("campaign_changelist"), url("campaign_change", campaign.pk)):
        assert b"<b>x</b>" not in client.get(address).content


def test_the_history_says_what_was_chosen_in_the_words_of_the_form(world: World, staff: Cast) -> None:
    client = signed_in(staff.owner)
    campaign = written(world, client)
    tag = Tag.objects.create(account=world.account, name="老客", platform_id=101)
    changed = fields(world, way="service", template="", audience="tag", tag=tag.pk, tracked="on")
    client.post(url("edit", campaign.pk), changed)
    entry = AuditEntry.objects.filter(kind="campaigns.campaign").latest("pk")
    assert "发送方式：仅模板消息或订阅通知 → 仅客服消息" in entry.note
    assert f"模板：{world.template} → –" in entry.note
    assert "标签：– → 老客" in entry.note
    assert "统计点击：否 → 是" in entry.note


@pytest.mark.parametrize("has_templates", [True, False])
def test_a_new_campaign_begins_with_a_way_that_the_account_has(
    world: World, staff: Cast, has_templates: bool
) -> None:
    if not has_templates:
        Template.objects.update(missing_since=timezone.now())
    form = signed_in(staff.owner).get(url("campaign_add")).context["form"]
    assert form["way"].value() == ("either" if has_templates else "service")
