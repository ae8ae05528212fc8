"""The daily quotas of an account's API calls: their readings and their reset.

Reference: WeChat reference 4.3 Quota management.
"""

import datetime
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from django.contrib.auth.models import User
from django.db.models import QuerySet
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django_stubs_ext import StrOrPromise

from accounts.official.clients import client_for
from accounts.official.models import OfficialAccount, QuotaClearing, QuotaReading
from wechat.kernel import work
from wechat.sdk.answers import number, part
from wechat.sdk.beijing import BEIJING
from wechat.sdk.calls import base
from wechat.sdk.client import Client
from wechat.sdk.errors import ApiError

CLEARINGS_A_MONTH = 10
# A quota with less than this share of the day's calls left is nearly spent.
NEARLY_SPENT = 0.1
EVERY = datetime.timedelta(hours=1)
# Older readings are not exported as metrics.
VALID_FOR = 2 * EVERY
# The path is unknown, not for this kind of account, or not permitted: it has no quota.
NOT_OURS = frozenset({48001, 76021, 76022, 50002})
WATCHED: Mapping[str, StrOrPromise] = {
    "/cgi-bin/message/custom/send": _("Customer-service messages"),
    "/cgi-bin/message/template/send": _("Template messages"),
    "/cgi-bin/message/subscribe/bizsend": _("Subscription notices"),
    "/cgi-bin/message/mass/sendall": _("Mass sends to a tag"),
    "/cgi-bin/message/mass/send": _("Mass sends to a list"),
    "/cgi-bin/user/get": _("Lists of followers"),
    "/cgi-bin/user/info/batchget": _("Profiles of followers"),
    "/cgi-bin/user/info/updateremark": _("Remarks"),
    "/cgi-bin/tags/members/batchtagging": _("Tags of followers"),
    "/cgi-bin/menu/create": _("Menus published"),
    "/cgi-bin/qrcode/create": _("QR codes"),
    "/cgi-bin/media/upload": _("Temporary files"),
    "/cgi-bin/material/add_material": _("Files of the library"),
    "/cgi-bin/draft/add": _("Drafts of articles"),
    "/cgi-bin/freepublish/submit": _("Articles published"),
}

READINGS = work.Kind(
    "official.read_quotas",
    lambda: QuotaReading.objects.select_related("account"),
    label=_("Reading the quotas"),
    lease=datetime.timedelta(minutes=5),
    queue=work.BULK,
    gives_up=False,
)
WATCHES = work.TurnKind(
    "official.watch_quotas",
    lambda: _unwatched().exists(),
    label=_("Beginning to read the quotas of new accounts"),
    queue=work.BULK,
)


@dataclass(frozen=True, slots=True)
class Quota:
    """The quota of one API: the calls of today, and the limit a minute if there is one."""

    path: str
    label: StrOrPromise
    limit: int
    used: int
    left: int
    a_minute: int

    @property
    def is_nearly_spent(self) -> bool:
        return self.left < self.limit * NEARLY_SPENT

    @property
    def share(self) -> int:
        """Returns the used percentage of the day's calls."""
        return min(100, round(100 * self.used / self.limit)) if self.limit else 0


def of(reading: QuotaReading) -> list[Quota]:
    """Returns the quotas of the last reading, the scarcest first."""
    found = [
        Quota(path, WATCHED[path], *figures) for path, figures in reading.figures.items() if path in WATCHED
    ]
    return sorted(found, key=lambda quota: -quota.share)


def watch(account: OfficialAccount) -> QuotaReading:
    """Returns the account's row, created on first use; from then on it is read every hour."""
    row, made = QuotaReading.objects.get_or_create(account=account, defaults={"due_at": timezone.now()})
    if made:
        work.wake(READINGS.name)
    return row


@WATCHES.does
def _watch_new(_turn: work.Turn) -> int:
    """Creates the row of every account that has none, whether or not anybody has opened its page.

    Returns the number of accounts.
    """
    return sum(bool(watch(account)) for account in _unwatched())


def _unwatched() -> QuerySet[OfficialAccount]:
    return OfficialAccount.objects.filter(enabled=True, quota_reading=None).exclude(appsecret="")


def recent() -> Iterator[tuple[str, Quota]]:
    """Yields the accounts' short names with each of their quotas, from readings within ``VALID_FOR``."""
    readings = QuotaReading.objects.filter(account__enabled=True, read_at__gt=timezone.now() - VALID_FOR)
    for reading in readings.select_related("account").order_by("account__slug"):
        for quota in of(reading):
            yield reading.account.slug, quota


def read(account: OfficialAccount) -> None:
    """Reads the account's quotas from the platform now and saves them. Raises ``WeChatError``."""
    row = watch(account)
    figures = _figures(client_for(account))
    QuotaReading.objects.filter(pk=row.pk).update(
        figures=figures, read_at=timezone.now(), due_at=timezone.now() + EVERY, error="", errcode=None
    )


@READINGS.each
def _read(row: QuotaReading) -> None:
    figures = _figures(client_for(row.account))
    row.done(figures=figures, read_at=timezone.now(), due_at=timezone.now() + EVERY)


def _figures(client: Client) -> dict[str, list[int]]:
    figures = {}
    for path in WATCHED:
        try:
            answer = base.quota_get(client, path)
        except ApiError as error:
            if error.errcode not in NOT_OURS:
                raise
            continue
        day, minute = part(answer, "quota"), part(answer, "rate_limit")
        if limit := number(day, "daily_limit"):
            figures[path] = [limit, number(day, "used"), number(day, "remain"), number(minute, "call_count")]
    return figures


def cleared_this_month(account: OfficialAccount) -> int:
    """Returns how often the counters were cleared here this month; the platform counts others as well."""
    month = timezone.now().astimezone(BEIJING).replace(day=1, hour=0, minute=0, second=0, microsecond=0)
    return QuotaClearing.objects.filter(account=account, at__gte=month).count()


def clear(account: OfficialAccount, by: User) -> None:
    """Clears all daily counters of the account, at most ten times a month. Raises ``WeChatError``."""
    base.clear_quota(client_for(account))
    QuotaClearing.objects.create(account=account, by=by)
