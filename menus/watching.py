"""The repeated readings of the live menus, to detect that they differ from what was published here."""

import datetime

from django.utils import timezone
from django.utils.translation import gettext_lazy

from accounts.official.clients import client_for
from accounts.official.models import OfficialAccount
from menus import live as live_menus
from menus.live import MenuNotReady
from menus.models import AFTER_ERROR, LiveMenu, Publication
from menus.planning import Live
from wechat.kernel import work
from wechat.sdk.errors import ApiError, WeChatError

WHILE_PUBLISHING = datetime.timedelta(minutes=1)
READ_EVERY = datetime.timedelta(minutes=10)
READINGS = work.Kind(
    "menus.read_live",
    lambda: LiveMenu.objects.select_related("account"),
    label=gettext_lazy("Looking at the live menu"),
    lease=datetime.timedelta(minutes=1),
    queue=work.BULK,
)


def watch(account: OfficialAccount) -> LiveMenu:
    """Returns the account's live menu, created on first use; from then on it is read repeatedly."""
    row, _made = LiveMenu.objects.get_or_create(account=account, defaults={"due_at": timezone.now()})
    return row


@READINGS.each
def read_due(row: LiveMenu) -> None:
    """Reads the live menus, as scheduled work."""
    if _is_publishing(row.account):
        raise work.NotYet(WHILE_PUBLISHING)
    store(row.account, live_menus.read(client_for(row.account)))


def read_now(account: OfficialAccount) -> LiveMenu:
    """Reads the live menus from WeChat now; on failure the former reading stays, with the error."""
    watch(account)
    if _is_publishing(account):
        _update(account, due_at=timezone.now() + WHILE_PUBLISHING)
        return LiveMenu.objects.get(account=account)
    try:
        found = live_menus.read(client_for(account))
    except WeChatError as error:
        errcode = error.errcode if isinstance(error, ApiError) else None
        _update(account, errcode=errcode, error=str(error), due_at=timezone.now() + AFTER_ERROR)
    else:
        store(account, found)
    return LiveMenu.objects.get(account=account)


def _is_publishing(account: OfficialAccount) -> bool:
    """Returns whether a publication is under way, which reads the menus itself and must not be disturbed."""
    return Publication.objects.filter(account=account, state__in=Publication.RUNNING).exists()


def store(account: OfficialAccount, found: Live) -> None:
    """Stores what was read; ``differs_since`` is the time of the first reading with a difference."""
    row, now = watch(account), timezone.now()
    same = is_ours(account, found)
    since = None if same else row.differs_since or now
    _update(
        account, live=live_menus.dump(found), read_at=now, differs_since=since, errcode=None, error="",
        attempts=0, due_at=now + READ_EVERY,
    )  # fmt: skip


def is_ours(account: OfficialAccount, found: Live) -> bool:
    try:
        return found.same(live_menus.wanted(account))
    except MenuNotReady:
        return False


def _update(account: OfficialAccount, **fields: object) -> None:
    LiveMenu.objects.filter(account=account).update(**fields)
