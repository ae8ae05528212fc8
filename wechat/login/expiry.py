"""Codes, sign-ins and sessions are deleted some time after they are over."""

import datetime

from django.db.models import Model
from django.utils import timezone
from django.utils.translation import gettext_lazy

from wechat.kernel import work
from wechat.login.models import BrowserSession, Handover, LoginSession, ScanLogin

BATCH = 5_000
# Kept a while longer, so that an old token is still told to be old.
LATER = datetime.timedelta(days=1)
TABLES: tuple[type[Model], ...] = (Handover, ScanLogin, LoginSession, BrowserSession)


def is_due() -> bool:
    over = timezone.now() - LATER
    return any(table._default_manager.filter(expires_at__lte=over).exists() for table in TABLES)


FORGETTING = work.TurnKind(
    "login.forget", is_due, label=gettext_lazy("Deleting old sign-ins of followers"), queue=work.BULK
)


@FORGETTING.does
def forget(turn: work.Turn) -> int:
    """Deletes batch after batch of each table; returns how many rows."""
    forgotten = 0
    while not turn.is_over and (count := sum(_forget(table) for table in TABLES)):
        forgotten += count
    return forgotten


def _forget(table: type[Model]) -> int:
    over = table._default_manager.filter(expires_at__lte=timezone.now() - LATER)
    keys = list(over.values_list("pk", flat=True)[:BATCH])
    return table._default_manager.filter(pk__in=keys).delete()[0]
