"""The to-do items about menus."""

from django.db.models import Exists, OuterRef
from django.utils.translation import gettext_lazy as _

from accounts.staff.rights import Area
from accounts.staff.todo import KINDS, Severity, TodoKind, held, overdue
from menus.failures import failed
from menus.models import LiveMenu, Publication

PAGE = "admin:menus_menu_changelist"
PUBLISHERS = (Area.SENDING,)
_FAILED_AGAIN = Publication.objects.filter(
    menu=OuterRef("menu"), state=Publication.State.FAILED, pk__gt=OuterRef("pk")
)

KINDS.add(
    "menus.failed",
    TodoKind(
        # Each menu once, however often it has failed.
        title=_("Menus that could not be published"),
        page=PAGE,
        areas=PUBLISHERS,
        severity=Severity.FAULT,
        rows=lambda account, user: failed(account).filter(~Exists(_FAILED_AGAIN)),
        acknowledged=True,
    ),
)
KINDS.add(
    "menus.differs",
    TodoKind(
        title=_("The menu on WeChat was changed elsewhere"),
        page=PAGE,
        areas=PUBLISHERS,
        severity=Severity.DECISION,
        rows=lambda account, user: LiveMenu.objects.filter(account=account, differs_since__isnull=False),
    ),
)
KINDS.add(
    "held.menus",
    TodoKind(
        title=_("Publishing menus is on hold"),
        page=PAGE,
        areas=PUBLISHERS,
        severity=Severity.FAULT,
        rows=held("menus.publish", "menus.read_live"),
    ),
)
KINDS.add(
    "overdue.menus",
    TodoKind(
        title=_("Menus that were to be published long ago: publish them or not?"),
        page=PAGE,
        areas=PUBLISHERS,
        severity=Severity.DECISION,
        rows=overdue("menus.publish"),
    ),
)
