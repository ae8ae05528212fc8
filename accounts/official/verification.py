"""The state of an account's verification by WeChat (微信认证), as the events about it tell.

Reference: WeChat reference 2.2, the events from ``qualification_verify_success`` to ``verify_expired``.
"""

import datetime
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from django.db.models import QuerySet
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext_lazy as _
from django_stubs_ext import StrOrPromise

from accounts.official.doctor import Finding, Level, observes
from accounts.official.models import OfficialAccount, VerificationState
from wechat.sdk.answers import LAST_SECOND


@dataclass(frozen=True, slots=True)
class Waiting:
    """A state of the verification in which something is left to be done: a sentence and the next step."""

    level: Level
    sentence: StrOrPromise
    next_step: StrOrPromise


# By the event that began it; one of success ends each of them.
WAITING = {
    "verify_expired": Waiting(
        Level.FAULT,
        _("The account's verification by WeChat (微信认证) expired on %(day)s."),
        _("Apply for it again under 公众号设置 → 微信认证: WeChat takes back the rights that need it."),
    ),
    "qualification_verify_fail": Waiting(
        Level.FAULT,
        _("WeChat refused the account's verification (微信认证): %(reason)s"),
        _("Correct that under 公众号设置 → 微信认证 and apply again."),
    ),
    "annual_renew": Waiting(
        Level.WARNING,
        _("The account's verification by WeChat (微信认证) is to be renewed: it is valid until %(day)s."),
        _("Have it reviewed under 公众号设置 → 微信认证 before that day, or its rights end with it."),
    ),
    "naming_verify_fail": Waiting(
        Level.WARNING,
        _("WeChat refused the account's name in its verification (微信认证): %(reason)s"),
        _("The rights stay, but the mark is missing: choose another name under 公众号设置 → 微信认证."),
    ),
}


def record(
    account: OfficialAccount, event: str, at: datetime.datetime, expires: int = 0, reason: str = ""
) -> None:
    """Records an event about the verification, unless a later one is known.

    ``expires`` is in Unix seconds, 0 where the event has none: then the known time stays.
    """
    values: dict[str, Any] = {"event": event, "at": at, "reason": reason}
    if 0 < expires <= LAST_SECOND:
        values["expires_at"] = datetime.datetime.fromtimestamp(expires, tz=datetime.UTC)
    state, is_first = VerificationState.objects.get_or_create(account=account, defaults=values)
    if not is_first:
        VerificationState.objects.filter(pk=state.pk, at__lte=at).update(**values)


def waiting(account: Any) -> QuerySet[VerificationState]:
    """Returns the state of an account, as its id or a reference, if something is left to be done."""
    return VerificationState.objects.filter(account=account, event__in=WAITING)


@observes
def unfinished(account: OfficialAccount) -> Iterator[Finding]:
    """Yields what is left to be done for the account's verification."""
    for state in waiting(account):
        now = WAITING[state.event]
        yield Finding(now.level, now.sentence % {"day": _day(state), "reason": state.reason}, now.next_step)


def _day(state: VerificationState) -> str:
    return date_format(timezone.localtime(state.expires_at or state.at), "Y-m-d H:i")
