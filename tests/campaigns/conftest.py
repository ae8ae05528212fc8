import time
from collections import Counter
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db.models import QuerySet
from django.utils import timezone

from accounts.followers.models import Follower, Tag
from accounts.official.models import OfficialAccount
from tests.campaigns.mass_cast import TEXT, Writer
from tests.cast import Cast
from tests.simulated import Simulated
from tests.working import send_due
from wechat.campaigns import approval, transitions
from wechat.campaigns.models import Campaign, MassSend, Recipient, Variant
from wechat.kernel import work
from wechat.pushes.models import Push, Template

SEND = "/cgi-bin/message/template/send"
TEMPLATE = {
    "template_id": "Vq0demo",
    "kind": "template",
    "title": "预约",
    "content": "门店:{{thing4.DATA}}\n",
}
NOTICE = {**TEMPLATE, "template_id": "Wq0demo", "kind": "notice"}


class World:
    """The platform with one account, and helpers to run campaigns."""

    def __init__(self, simulated: Simulated, account: OfficialAccount, author: User, second: User) -> None:
        self.simulated, self.account = simulated, account
        self.author, self.second = author, second
        simulated.create_account(account, callback_url="")
        self.sim("/templates", {"templates": [TEMPLATE, NOTICE]})
        self.template, self.notice = (
            Template.objects.create(
                account=account, kind=kind, platform_id=known["template_id"], title=known["title"],
                content=known["content"],
            )
            for kind, known in (("template", TEMPLATE), ("notice", NOTICE))
        )  # fmt: skip

    def sim(self, path: str, body: dict[str, Any]) -> Any:
        return self.simulated.sim(f"/accounts/{self.account.appid}{path}", body)

    def follow(self, *openids: str) -> None:
        self.sim("/followers", {"openids": list(openids)})
        Follower.objects.bulk_create([Follower(account=self.account, openid=each) for each in openids])

    def campaign(self, *letters: str, **fields: Any) -> Campaign:
        """Creates a draft with the text “天河店”."""
        usual = {"name": "双十一", "way": "template", "template": self.template, "author": self.author}
        campaign = Campaign.objects.create(account=self.account, **{**usual, **fields})
        for letter in letters or ("A",):
            shop = "天河店" if letter == "A" else f"{letter} 店"
            content = {"type": "text", "content": f"到店有礼 {letter}"}
            Variant.objects.create(campaign=campaign, letter=letter, content=content, values={"thing4": shop})
        return campaign

    def checked(self, campaign: Campaign) -> Campaign:
        """Computes the recipients of a campaign, like "work out who gets it" on its page."""
        assert transitions.check(campaign)
        work.run("campaigns.run")
        campaign.refresh_from_db()
        return campaign

    def approved(self, campaign: Campaign) -> Campaign:
        self.checked(campaign)
        assert approval.submit(campaign, self.author)
        assert approval.approve(campaign, self.second)
        return campaign

    def begun(self, campaign: Campaign) -> Campaign:
        """Approves and prepares a campaign; its first messages are queued."""
        self.approved(campaign)
        self.tick(campaign)
        return campaign

    def tick(self, campaign: Campaign) -> None:
        """Runs the work of a tick, a second later."""
        for _step in range(3):
            Campaign.objects.filter(
                pk=campaign.pk, due_at__isnull=False, state__in=("running", "paused", "done", "cancelled")
            ).update(due_at=timezone.now())
            work.run("campaigns.run")
        campaign.refresh_from_db()

    def run(self, campaign: Campaign, seconds: float = 300) -> Campaign:
        """Works on a campaign until it is over, paused or cancelled, or ``seconds`` have passed."""
        ends = time.monotonic() + seconds
        while campaign.state not in ("done", "paused", "cancelled") and time.monotonic() < ends:
            self.tick(campaign)
            send_due()
        return campaign

    def received(self) -> Counter[str]:
        ledger = self.simulated.get(f"/accounts/{self.account.appid}/ledger")
        return Counter(entry["openid"] for entry in ledger["entries"] if entry["via"] != "system")

    def texts_by_openid(self) -> dict[str, str]:
        """Returns the shop or text that each follower received, by openid."""
        ledger = self.simulated.get(f"/accounts/{self.account.appid}/ledger")
        return {
            entry["openid"]: entry["content"].get("data", {}).get("thing4", {}).get("value")
            or entry["content"].get("content", "")
            or entry["content"].get("text", {}).get("content", "")
            for entry in ledger["entries"]
            if entry["via"] != "system"
        }


def recipients(campaign: Campaign) -> "QuerySet[Recipient]":
    return Recipient.objects.filter(campaign=campaign).select_related("push")


def reasons(campaign: Campaign) -> dict[str, str]:
    """Returns the reasons why people were excluded or not sent to, by openid."""
    return {each.openid: each.why for each in recipients(campaign) if each.why}


def states(campaign: Campaign) -> Counter[str]:
    return Counter(each.outcome.value for each in recipients(campaign))


def pending() -> int:
    return Push.objects.filter(due_at__isnull=False).count()


@pytest.fixture
def world(simulated: Simulated, account: OfficialAccount, staff: Cast) -> World:
    return World(simulated, account, staff.owner, staff.superuser)


@pytest.fixture
def tag(account: OfficialAccount, known: Simulated) -> Tag:
    """A tag that exists on both sides, without followers at the platform."""
    made = Tag.objects.create(account=account, name="会员", state="there", due_at=None)
    made.platform_id = 100
    made.save()
    state = known.get("/state")
    state["accounts"][account.appid]["tags"] = {"100": "会员"}
    known.put("/state", state)
    return made


@pytest.fixture
def written(account: OfficialAccount, known: Simulated) -> Writer:
    def write(**fields: Any) -> MassSend:
        usual = {"name": "周末会员日", "account": account, "content": TEXT, "target": "all"}
        return MassSend.objects.create(**{**usual, **fields})

    return write
