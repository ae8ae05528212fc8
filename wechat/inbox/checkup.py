"""What the arriving callbacks say of an account's set-up, for the doctor."""

import datetime
from collections.abc import Iterator

from django.db.models import Avg, F
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts.official.doctor import Finding, Level, examines
from accounts.official.models import OfficialAccount
from wechat.inbox.models import NOT_A_RECEIPT, InboundMessage, Refusal

RECENT = datetime.timedelta(hours=24)
RECENT_ROWS = 50
MOST_DELAY = datetime.timedelta(seconds=60)

WHAT_REFUSALS_SAY = {
    "downgraded": (
        _("The platform sends unencrypted callbacks, but this account expects encrypted ones."),
        _("Set the same message mode (明文, 兼容, 安全) here and under 服务器配置."),
    ),
    "signature": (
        _("Callbacks arrive with a signature of another token."),
        _("Copy the Token of 服务器配置 into this account again."),
    ),
    "appid": (
        _("Callbacks arrive that were encrypted for another AppID."),
        _("Check that the AppID here belongs to the account whose 服务器配置 names this address."),
    ),
    "padding": (
        _("Callbacks arrive that do not decrypt with this account's key."),
        _("Copy the EncodingAESKey of 服务器配置 into this account again."),
    ),
    "stale": (
        _("Callbacks arrive whose time is more than five minutes from this server's."),
        _("Switch on time synchronisation (NTP) on this server."),
    ),
}
WHAT_REFUSALS_SAY["length"] = WHAT_REFUSALS_SAY["padding"]


@examines
def refused_callbacks(account: OfficialAccount) -> Iterator[Finding]:
    for refusal in Refusal.objects.filter(account=account, last_at__gte=timezone.now() - RECENT):
        if refusal.reason in WHAT_REFUSALS_SAY:
            sentence, next_step = WHAT_REFUSALS_SAY[refusal.reason]
            yield Finding(Level.WARNING, sentence, next_step)


@examines
def mode_mismatch(account: OfficialAccount) -> Iterator[Finding]:
    """An encrypted push to an account in plain mode is genuine, but nothing in it can be read."""
    unreadable = InboundMessage.objects.filter(account=account, kind=InboundMessage.MALFORMED)
    latest = unreadable.order_by("-id").first()
    if latest and latest.received_at >= timezone.now() - RECENT and "<Encrypt>" in latest.body:
        yield Finding(
            Level.FAULT,
            _("The platform sends encrypted callbacks, but this account is set to plain mode."),
            _("Set the same message mode (明文, 兼容, 安全) here and under 服务器配置."),
        )


@examines
def delayed(account: OfficialAccount) -> Iterator[Finding]:
    rows = InboundMessage.objects.filter(NOT_A_RECEIPT, account=account).order_by("-id")[:RECENT_ROWS]
    delay = rows.aggregate(delay=Avg(F("received_at") - F("sent_at")))["delay"]
    if delay and abs(delay) > MOST_DELAY:
        yield Finding(
            Level.WARNING,
            _("Messages arrive %(seconds)d seconds after they were sent, on average.")
            % {"seconds": delay.total_seconds()},
            _("Check this server's clock first, then whether callbacks had to be retried."),
        )
