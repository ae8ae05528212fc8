"""The shared helpers of the tests of mass sends."""

import time
from collections.abc import Callable
from typing import Any

from django.utils import timezone

from accounts.followers.models import Follower, Tag
from accounts.official.models import OfficialAccount
from tests.cast import message
from tests.simulated import Simulated
from wechat.campaigns.mass import planning
from wechat.campaigns.models import MassCall, MassPreview, MassSend
from wechat.kernel import work
from wechat.kernel.models import Hold

SENDALL, SEND = "/cgi-bin/message/mass/sendall", "/cgi-bin/message/mass/send"
TEXT = {"type": "text", "content": "周末会员日，到店有礼"}

Writer = Callable[..., MassSend]


def followers(account: OfficialAccount, known: Simulated, count: int, tag: Tag | None = None) -> list[str]:
    """Creates ``count`` followers on both sides, optionally with a tag; returns their openids."""
    openids: list[str] = known.sim(f"/accounts/{account.appid}/followers", {"count": count})["openids"]
    rows = Follower.objects.bulk_create([Follower(account=account, openid=openid) for openid in openids])
    if tag is not None:
        tag.followers.add(*rows)
    return openids


def run_due() -> int:
    """Runs the due work of mass sends until none is left; returns the number of claimed rows."""
    return work.run_all("campaigns.mass_begin", "campaigns.mass_send", "campaigns.mass_preview")


def settle(send: MassSend) -> MassSend:
    """Starts a mass send if it is a draft, and runs the work that is due now."""
    planning.plan(send, None, None)
    run_due()
    send.refresh_from_db()
    return send


def a_minute_later(send: MassSend, known: Simulated, seconds: float = 61) -> MassSend:
    """Moves the platform's clock by a minute; makes waiting rows due, and ends their holds."""
    known.sim("/clock", {"advance": seconds})
    Hold.objects.filter(until__isnull=False).update(until=timezone.now())
    MassCall.objects.filter(due_at__isnull=False).update(due_at=timezone.now())
    MassPreview.objects.filter(due_at__isnull=False).update(due_at=timezone.now())
    run_due()
    send.refresh_from_db()
    return send


def received(account: OfficialAccount, known: Simulated, *, of: int | None = None) -> list[str]:
    """Returns the openid of the recipient of each delivered mass message; waits until there are ``of``."""
    ends = time.monotonic() + 60
    while True:
        entries = known.get(f"/accounts/{account.appid}/ledger")["entries"]
        found = sorted(each["openid"] for each in entries if each["via"] == "mass")
        if of is None or len(found) >= of or time.monotonic() > ends:
            return found
        time.sleep(0.02)


def report(account: OfficialAccount, msg_id: int | None, **fields: Any) -> Any:
    """Adds the platform's MASSSENDJOBFINISH to the message log, without a reaction."""
    usual = {"Status": "send success", "TotalCount": 3, "FilterCount": 3, "SentCount": 2, "ErrorCount": 1}
    inner = "".join(f"<{name}>{value}</{name}>" for name, value in {**usual, **fields}.items())
    body = (
        "<xml><ToUserName>gh_0123456789ab</ToUserName><FromUserName>oMassHelper</FromUserName>"
        "<CreateTime>1764000000</CreateTime><MsgType>event</MsgType><Event>MASSSENDJOBFINISH</Event>"
        f"<MsgID>{msg_id}</MsgID>{inner}</xml>"
    )
    return message(
        account, kind="event", event="masssendjobfinish", openid="oMassHelper", body=body,
        due_at=timezone.now(), handled_at=None,
    )  # fmt: skip
