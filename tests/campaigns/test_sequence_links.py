"""Tests of tracked links of sequences: they redirect to the URL of the step, and nowhere else."""

import pytest
from django.test import Client
from django.utils import timezone

from accounts.official.models import OfficialAccount
from tests.cast import Cast, signed_in
from wechat.campaigns.models import Sequence, SequenceStep, StepRun
from wechat.campaigns.sequences import enrolling
from wechat.kernel import work
from wechat.pushes import windows
from wechat.pushes.models import Push, Template
from wechat.pushes.windows import Trigger

pytestmark = pytest.mark.django_db

OPENID = "oFollower000000000000000001"
CARD = {
    "type": "news",
    "articles": [{"title": "新品", "description": "", "url": "https://a.cn/?who={openid}", "pic_url": ""}],
}


def begun(account: OfficialAccount, *, tracked: bool) -> SequenceStep:
    """A sequence of one card, and a template where that may not be sent, that has begun for somebody."""
    sequence = Sequence.objects.create(account=account, name="欢迎", enabled=True, tracked=tracked)
    template = Template.objects.create(
        account=account, kind="template", platform_id="T1", title="上新", content="门店:{{thing4.DATA}}\n"
    )
    step = SequenceStep.objects.create(
        sequence=sequence, content=CARD, template=template, values={"thing4": "天河店"}, link="https://b.cn/"
    )
    enrolling.start(account, OPENID, "follow", "test:1", at=timezone.now())
    work.run("campaigns.run_sequences")
    return step


def path_of(address: str) -> str:
    return "/l/" + address.rpartition("/l/")[2]


def test_a_tap_on_a_card_is_counted_once_and_goes_on(
    account: OfficialAccount, client: Client, staff: Cast
) -> None:
    windows.grant(account, OPENID, Trigger.MESSAGE, timezone.now())
    step = begun(account, tracked=True)
    sent = path_of(Push.objects.get().content["articles"][0]["url"])
    answer = client.get(sent)
    assert (answer.status_code, answer.headers["Location"]) == (302, f"https://a.cn/?who={OPENID}")
    first = StepRun.objects.get().tapped_at
    assert first is not None
    client.get(sent)
    assert StepRun.objects.get().tapped_at == first
    page = signed_in(staff.owner).get(f"/admin/campaigns/sequence/{step.sequence_id}/change/")
    assert "点了链接" in page.content.decode()
    listed = signed_in(staff.owner).get(
        f"/admin/campaigns/sequence/{step.sequence_id}/report/?step={step.pk}&what=tapped"
    )
    assert "已发送" in listed.content.decode() or "待发送" in listed.content.decode()


def test_a_tap_on_the_template_that_went_instead_leads_where_that_leads(
    account: OfficialAccount, client: Client
) -> None:
    begun(account, tracked=True)
    assert client.get(path_of(Push.objects.get().content["url"])).headers["Location"] == "https://b.cn/"
    assert StepRun.objects.get().tapped_at is not None


def test_without_counting_the_links_stay_as_they_are(account: OfficialAccount) -> None:
    begun(account, tracked=False)
    assert Push.objects.get().content["url"] == "https://b.cn/"


def test_a_made_up_link_counts_nothing(account: OfficialAccount, client: Client) -> None:
    begun(account, tracked=True)
    sent = path_of(Push.objects.get().content["url"])
    run = StepRun.objects.get()
    assert client.get(f"{sent[:-1]}!").status_code == 404
    assert client.get(sent.replace(f"s{run.pk}-", f"s{run.pk + 1}-", 1)).status_code == 404
    # The signature of a recipient's link is another one.
    assert client.get(sent.replace("/l/s", "/l/", 1)).status_code == 404
    assert StepRun.objects.get().tapped_at is None
