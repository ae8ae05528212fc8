"""The requests for a synchronisation: by a button, every night, and for new followers."""

import datetime
from collections.abc import Iterable

from django.contrib.auth.models import User
from django.db import transaction
from django.db.models import Exists, OuterRef, QuerySet
from django.utils import timezone
from django.utils.translation import gettext_lazy

from accounts.followers.models import FollowerSync, ListedOpenid
from accounts.official.models import OfficialAccount
from wechat.kernel import work

Kind, Step = FollowerSync.Kind, FollowerSync.Step

# New followers are collected for so long before the platform is asked about them.
COLLECT = datetime.timedelta(minutes=1)
# After a run that stopped with an error, those who come do not start another one for so long.
AFTER_A_FAILURE = datetime.timedelta(hours=6)
NIGHT_HOUR = 3


@transaction.atomic
def ask(account: OfficialAccount, kind: FollowerSync.Kind, by: User | None = None) -> FollowerSync:
    """Returns the open run, or a new one, due now. A full one takes the place of an incremental one."""
    now, run = timezone.now(), None
    # The open run may end before it is ours: then a new one is made.
    while run is None:
        FollowerSync.objects.bulk_create(
            [FollowerSync(account=account, kind=kind, due_at=now, asked_by=by)], ignore_conflicts=True
        )
        run = FollowerSync.objects.select_for_update().filter(account=account, due_at__isnull=False).first()
    if kind == Kind.FULL and run.kind == Kind.INCREMENTAL:
        ListedOpenid.objects.filter(sync=run).delete()
        FollowerSync.objects.filter(pk=run.pk).update(
            kind=kind, step=Step.TAGS, cursor="", profiled_to=0, listed=0, profiled=0, repeated=0, due_at=now
        )
        run.refresh_from_db()
    work.wake("followers.sync_followers")
    return run


def ask_soon(account_ids: Iterable[int]) -> None:
    """Has the profiles of new followers fetched in a minute, together with those who come until then."""
    now = timezone.now()
    failed = FollowerSync.objects.filter(
        account=OuterRef("pk"), step=Step.STOPPED, finished_at__gt=now - AFTER_A_FAILURE
    )
    asking = _with_followers().filter(~Exists(failed), pk__in=account_ids)
    FollowerSync.objects.bulk_create(
        [FollowerSync(account=each, kind=Kind.INCREMENTAL, due_at=now + COLLECT) for each in asking],
        ignore_conflicts=True,
    )


def lacking_tonight() -> QuerySet[OfficialAccount]:
    """Returns the accounts whose whole list was not asked for since the last night began."""
    since = FollowerSync.objects.filter(account=OuterRef("pk"), kind=Kind.FULL, created_at__gte=last_night())
    is_open = FollowerSync.objects.filter(account=OuterRef("pk"), due_at__isnull=False)
    return _with_followers().filter(~Exists(since), ~Exists(is_open))


NIGHTLY = work.TurnKind(
    "followers.ask_nightly",
    lambda: lacking_tonight().exists(),
    label=gettext_lazy("Planning the nightly reading of followers"),
    queue=work.BULK,
)


@NIGHTLY.does
def ask_nightly(turn: work.Turn) -> int:
    """Asks for a full run of every account that lacks tonight's."""
    accounts = list(lacking_tonight())
    for account in accounts:
        ask(account, Kind.FULL)
    return len(accounts)


def last_night() -> datetime.datetime:
    now = timezone.localtime()
    tonight = now.replace(hour=NIGHT_HOUR, minute=0, second=0, microsecond=0)
    return tonight if now >= tonight else tonight - datetime.timedelta(days=1)


def _with_followers() -> QuerySet[OfficialAccount]:
    """Returns the accounts whose followers the platform lists; of a mini program's users it has no list."""
    return OfficialAccount.objects.filter(enabled=True).exclude(kind=OfficialAccount.Kind.MINIPROGRAM)
