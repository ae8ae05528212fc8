"""Looking now and then whether WeChat still shows what was published here, and who differs where if not."""

import datetime

from django.db.models import QuerySet
from django.utils import timezone

from accounts.clients import client_for
from accounts.models import OfficialAccount
from menus import live as live_menus
from menus.live import NotReady
from menus.models import LiveMenu, Publication
from menus.planning import Live
from wechat.kernel import due
from wechat.sdk.errors import ApiError, WeChatError

LEASE = datetime.timedelta(minutes=1)
LOOK_EVERY = datetime.timedelta(minutes=10)
AFTER_ERROR = datetime.timedelta(minutes=30)


def watch(account: OfficialAccount) -> LiveMenu:
    """The account's live menu; it is looked after from now on."""
    row, _made = LiveMenu.objects.get_or_create(account=account, defaults={"due_at": timezone.now()})
    return row


def look_at_due() -> int:
    looked = 0
    while rows := due.claim(_due(), lease=LEASE, limit=1):
        for row in rows:
            look(row.account)
        looked += len(rows)
    return looked


def _due() -> QuerySet[LiveMenu]:
    return LiveMenu.objects.filter(account__enabled=True).select_related("account")


def look(account: OfficialAccount) -> LiveMenu:
    """Ask WeChat now. What cannot be read stays what it was, with the error."""
    watch(account)
    if Publication.objects.filter(account=account, state__in=Publication.RUNNING).exists():
        # The two would only confuse each other; publishing reads the menus itself.
        _keep(account, due_at=timezone.now() + LEASE)
        return LiveMenu.objects.get(account=account)
    try:
        found = live_menus.read(client_for(account))
    except WeChatError as error:
        errcode = error.errcode if isinstance(error, ApiError) else None
        _keep(account, errcode=errcode, error=str(error), due_at=timezone.now() + AFTER_ERROR)
    else:
        keep(account, found)
    return LiveMenu.objects.get(account=account)


def keep(account: OfficialAccount, found: Live) -> None:
    """Note what was read; since when it differs is told by the first look that saw it."""
    row, now = watch(account), timezone.now()
    same = is_ours(account, found)
    since = None if same else row.differs_since or now
    _keep(
        account, live=live_menus.dump(found), read_at=now, differs_since=since, errcode=None, error="",
        due_at=now + LOOK_EVERY,
    )  # fmt: skip


def is_ours(account: OfficialAccount, found: Live) -> bool:
    try:
        return found.same(live_menus.wanted(account))
    except NotReady:
        return False


def _keep(account: OfficialAccount, **fields: object) -> None:
    LiveMenu.objects.filter(account=account).update(**fields)
