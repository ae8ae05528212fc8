"""The doctor's findings about an account's set-up that arriving callbacks show."""

import datetime
from collections.abc import Iterator
from typing import Any

from django.db.models import Avg, F, OuterRef, Q, QuerySet, Subquery
from django.utils.translation import gettext_lazy as _

from accounts.official.doctor import Finding, Level, examines, last_seen, observes, with_time
from accounts.official.models import OfficialAccount
from accounts.operations.arrivals import SOURCES, Arrivals
from wechat.inbox import unknown_addresses
from wechat.inbox.models import NOT_A_RECEIPT, InboundMessage, Refusal, Verification

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
    "address": (
        _("Callbacks arrive from addresses that WeChat does not name as its own, and are not let in."),
        _("If they are genuine, set TRUSTED_PROXIES to what is in front, or take CALLBACK_ALLOW_LIST away."),
    ),
}
WHAT_REFUSALS_SAY["length"] = WHAT_REFUSALS_SAY["padding"]

_TAKEN_AT = (
    InboundMessage.objects.filter(NOT_A_RECEIPT, account=OuterRef("account"))
    .order_by("-pk")
    .values("received_at")[:1]
)
_VERIFIED_AT = Verification.objects.filter(account=OuterRef("account")).values("last_at")[:1]


def current_refusals(account: Any) -> QuerySet[Refusal]:
    """Returns the current refusals of an account, given as its id or a reference to it.

    An accepted push ends all of them. A verification ends those of signatures, because it proves the token
    only.
    """
    refusals = Refusal.objects.filter(account=account, reason__in=list(WHAT_REFUSALS_SAY))
    return refusals.annotate(taken_at=Subquery(_TAKEN_AT), verified_at=Subquery(_VERIFIED_AT)).filter(
        Q(taken_at=None) | Q(last_at__gt=F("taken_at")),
        ~Q(reason="signature") | Q(verified_at=None) | Q(last_at__gt=F("verified_at")),
    )


def newest(account: OfficialAccount) -> InboundMessage | None:
    """Returns the newest accepted push, readable or not."""
    rows = InboundMessage.objects.filter(account=account).order_by("-id")
    return rows.defer("raw_bytes", "answer", "later").first()


def verified_at(account: OfficialAccount) -> datetime.datetime | None:
    """Returns when the platform last verified the callback address; ``None`` if it never did."""
    return Verification.objects.filter(account=account).values_list("last_at", flat=True).first()


@SOURCES.register
def arrivals(account: OfficialAccount) -> Arrivals:
    """Returns when the account was verified and pushed to last, and wrong addresses that were tried."""
    taken = newest(account)
    return Arrivals(
        verified_at=verified_at(account),
        pushed_at=taken.received_at if taken else None,
        wrong_slugs=tuple(unknown_addresses.meant_for(account)),
    )


@observes
def refused_callbacks(account: OfficialAccount) -> Iterator[Finding]:
    """Yields a finding for each cause for which callbacks are refused.

    A wrong key shows as the one or the other of two reasons, by chance.
    """
    by_sentence: dict[tuple[Any, Any], list[Refusal]] = {}
    for refusal in current_refusals(account).order_by("-last_at"):
        by_sentence.setdefault(WHAT_REFUSALS_SAY[refusal.reason], []).append(refusal)
    for (sentence, next_step), refusals in by_sentence.items():
        seen = last_seen(refusals[0].last_at, sum(each.count for each in refusals))
        yield Finding(Level.FAULT, with_time(sentence, seen), next_step)


@observes
def mode_mismatch(account: OfficialAccount) -> Iterator[Finding]:
    """Yields a finding for encrypted pushes to an account in plain mode: genuine, but they cannot be read."""
    latest = newest(account)
    is_plain = account.mode == OfficialAccount.ModeChoice.PLAIN
    if is_plain and latest and latest.kind == InboundMessage.MALFORMED and "<Encrypt>" in latest.body:
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
