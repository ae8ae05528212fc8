"""The readings of the platform's statistics, every morning, and again while figures may be corrected.

Every account, dataset and day is a row of work. A call reads as many days as the platform returns at once, so
that missed days and repeated readings need no calls of their own. A dataset that an account may not read
(48001) is put on hold, and tried again now and then.

Reference: WeChat reference 15.
"""

import datetime
from collections.abc import Sequence

from django.db.models import Exists, OuterRef, QuerySet
from django.utils import timezone
from django.utils.translation import gettext_lazy

from accounts.official.clients import client_for
from accounts.official.models import OfficialAccount
from wechat.console.periods import DAY
from wechat.kernel import work
from wechat.sdk.beijing import BEIJING
from wechat.sdk.calls import datacube
from wechat.sdk.calls.datacube import Dataset
from wechat.statistics.models import PlatformDay

# Figures of yesterday are ready at eight. Accounts spread over the following hour.
READY = datetime.time(8, 10)
SPREAD_MINUTES = 50
LATE = datetime.timedelta(hours=2)
# The length of a new account's history: two periods of ninety days to compare.
HISTORY_DAYS = 180
SHORTER_HISTORIES = {
    Dataset.ARTICLE_TOTAL: 60,
    Dataset.UPSTREAM_HOUR: 30,
    Dataset.INTERFACE_HOUR: 30,
}
# The ages, in days, at which a day is read again.
AGES = (2, 3, 7)
ONCE_MORE = (2,)
AGES_OF_ARTICLES = (2, 3, 4, 5, 6, 7, 10, 14, 21, 30)

# The report that shows it, by dataset.
REPORTS = (
    (gettext_lazy("User analysis"), (Dataset.USER_SUMMARY, Dataset.USER_CUMULATE)),
    (gettext_lazy("Article analysis"), (Dataset.BIZ_SUMMARY, Dataset.ARTICLE_TOTAL)),
    (gettext_lazy("Message analysis"), (Dataset.UPSTREAM, Dataset.UPSTREAM_HOUR)),
    (gettext_lazy("Interface analysis"), (Dataset.INTERFACE, Dataset.INTERFACE_HOUR)),
)

READINGS = work.Kind(
    "statistics.read",
    lambda: PlatformDay.objects.select_related("account"),
    label=gettext_lazy("Reading statistics from WeChat"),
    lease=datetime.timedelta(minutes=1),
    queue=work.BULK,
    # An account may have some and not others.
    divided_by="dataset",
    parts={each.name: report for report, datasets in REPORTS for each in datasets},
    gives_up=False,
)


@READINGS.each
def read(row: PlatformDay) -> None:
    """Reads the day of a row, and as many other due days as fit into one call."""
    dataset = Dataset[row.dataset]
    rows = _together(row, dataset.span * DAY)
    answer = datacube.read(client_for(row.account), dataset, rows[0].day, rows[-1].day)
    for each in rows:
        found = answer.days.get(each.day, [])
        again = (
            timezone.now() + LATE if answer.is_late else next_reading(row.account_id, dataset, each, found)
        )
        each.done(rows=found, read_at=timezone.now(), due_at=again)


def _together(row: PlatformDay, span: datetime.timedelta) -> list[PlatformDay]:
    """Returns a claimed row and the due rows that fit into one call with it, by day."""
    due = PlatformDay.objects.filter(
        account=row.account_id,
        dataset=row.dataset,
        day__gt=row.day - span,
        day__lt=row.day + span,
        due_at__lte=timezone.now(),
    )
    days = sorted([*due, row], key=lambda each: each.day)
    return [each for each in days if each.day > days[-1].day - span]


def next_reading(
    account_id: int, dataset: Dataset, row: PlatformDay, found: Sequence[datacube.Row]
) -> datetime.datetime | None:
    """Returns when a day is to be read again (``None``: never)."""
    age = (timezone.localdate() - row.day).days
    following = next((each for each in _ages(dataset, found) if each > age), None)
    return None if following is None else ready_at(account_id, row.day + following * DAY)


def _ages(dataset: Dataset, found: Sequence[datacube.Row]) -> Sequence[int]:
    if dataset == Dataset.ARTICLE_TOTAL:
        return AGES_OF_ARTICLES if found else ONCE_MORE
    return AGES if dataset.span > 1 else ONCE_MORE


def ready_at(account_id: int, day: datetime.date) -> datetime.datetime:
    """Returns when an account's statistics are to be read on a day.

    That is after the rows of that day are created.
    """
    begin = datetime.datetime.combine(day, READY, tzinfo=BEIJING)
    return begin + datetime.timedelta(minutes=1 + account_id % SPREAD_MINUTES)


def _waiting() -> QuerySet[OfficialAccount]:
    """Returns the accounts without rows for yesterday."""
    there = PlatformDay.objects.filter(
        account=OuterRef("pk"), dataset=Dataset.USER_SUMMARY.name, day=timezone.localdate() - DAY
    )
    accounts = OfficialAccount.objects.filter(enabled=True).exclude(kind=OfficialAccount.Kind.MINIPROGRAM)
    return accounts.exclude(Exists(there))


def _is_time() -> bool:
    return timezone.now().astimezone(BEIJING).time() >= READY and _waiting().exists()


PLANS = work.TurnKind(
    "statistics.plan", _is_time, label=gettext_lazy("Planning which statistics are read"), queue=work.BULK
)


@PLANS.does
def plan(turn: work.Turn) -> int:
    """Creates the missing rows up to yesterday; returns the number of accounts."""
    accounts = list(_waiting()) if _is_time() else []
    for account in accounts:
        _plan(account)
    work.wake(READINGS.name)
    return len(accounts)


def _plan(account: OfficialAccount) -> None:
    """Creates the missing rows of an account, including those of days on which nothing was running.

    The newest days are read first.
    """
    today = timezone.localdate()
    due_at = max(timezone.now(), ready_at(account.pk, today))
    rows = PlatformDay.objects.filter(account=account, day__gte=today - HISTORY_DAYS * DAY)
    known = set(rows.values_list("dataset", "day"))
    missing = [
        PlatformDay(account=account, dataset=dataset.name, day=today - age * DAY, due_at=due_at)
        for dataset in Dataset
        for age in range(1, SHORTER_HISTORIES.get(dataset, HISTORY_DAYS) + 1)
        if (dataset.name, today - age * DAY) not in known
    ]
    PlatformDay.objects.bulk_create(missing, ignore_conflicts=True, batch_size=1_000)
