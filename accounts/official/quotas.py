"""The daily quotas of an account: they are read from the platform, and can be cleared.

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
from wechat.sdk.beijing import BEIJING
from wechat.sdk.calls import base
from wechat.sdk.client import Client
from wechat.sdk.errors import ApiError

CLEARINGS_A_MONTH = 10
# Below this share of a day's calls somebody should know.
NEARLY_SPENT = 0.1
EVERY = datetime.timedelta(hours=1)
# What was told longer ago is of another hour, or another day, and is not told on.
VALID_FOR = 2 * EVERY
# No such path, not one of this kind of account, or no right to it: there is nothing to tell.
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
    lambda: QuotaReading.objects.filter(account__enabled=True).select_related("account"),
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
    """The quota of one API: today's calls, and the limit a minute if there is one."""

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
    """Returns the newest quotas, the scarcest first."""
    found = [
        Quota(path, WATCHED[path], *figures) for path, figures in reading.figures.items() if path in WATCHED
    ]
    return sorted(found, key=lambda quota: -quota.share)


def watch(account: OfficialAccount) -> QuotaReading:
    """Returns the account's row; creates it at the first call, after which quotas are read hourly."""
    row, made = QuotaReading.objects.get_or_create(account=account, defaults={"due_at": timezone.now()})
    if made:
        work.wake(READINGS.name)
    return row


@WATCHES.does
def _watch_new(_turn: work.Turn) -> int:
    """Starts the reading of quotas for accounts that have no row yet."""
    return sum(bool(watch(account)) for account in _unwatched())


def _unwatched() -> QuerySet[OfficialAccount]:
    return OfficialAccount.objects.filter(enabled=True, quota_reading=None).exclude(appsecret="")


def recent() -> Iterator[tuple[str, Quota]]:
    """Yields the slugs of accounts with their quotas, if those were read recently."""
    readings = QuotaReading.objects.filter(account__enabled=True, read_at__gt=timezone.now() - VALID_FOR)
    for reading in readings.select_related("account").order_by("account__slug"):
        for quota in of(reading):
            yield reading.account.slug, quota


def read(account: OfficialAccount) -> None:
    """Reads the account's quotas from the platform and saves them. Raises ``WeChatError``."""
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
        day, minute = answer.get("quota", {}), answer.get("rate_limit", {})
        numbers = (day.get("daily_limit"), day.get("used"), day.get("remain"), minute.get("call_count", 0))
        if all(isinstance(number, int) for number in numbers) and numbers[0]:
            figures[path] = [int(number) for number in numbers]
    return figures


def cleared_this_month(account: OfficialAccount) -> int:
    """Returns how often this console cleared the quotas this month; the platform may count more."""
    month = timezone.now().astimezone(BEIJING).replace(day=1, hour=0, minute=0, second=0, microsecond=0)
    return QuotaClearing.objects.filter(account=account, at__gte=month).count()


def clear(account: OfficialAccount, by: User) -> None:
    """Clears all daily quotas of the account, at most ten times a month. Raises ``WeChatError``."""
    base.clear_quota(client_for(account))
    QuotaClearing.objects.create(account=account, by=by)
