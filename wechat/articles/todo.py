"""The things about articles that wait for a person."""

from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from accounts.staff.rights import Area
from accounts.staff.todo import KINDS, Severity, TodoKind, held, overdue
from wechat.articles.models import Draft

PAGE = "admin:articles_draft_changelist"

KINDS.add(
    "articles.failed",
    TodoKind(
        title=_("Articles that WeChat did not take"),
        page=PAGE,
        areas=(Area.CONTENT,),
        severity=Severity.FAULT,
        rows=lambda account, user: Draft.objects.filter(
            ~Q(error="") | Q(state=Draft.State.REFUSED), account=account, work=Draft.Work.NONE
        ),
        acknowledged=True,
    ),
)
KINDS.add(
    "held.articles",
    TodoKind(
        title=_("Saving and publishing articles is on hold"),
        page=PAGE,
        areas=(Area.CONTENT, Area.SENDING),
        severity=Severity.FAULT,
        rows=held("articles.work_off", "articles.read"),
    ),
)
KINDS.add(
    "overdue.articles",
    TodoKind(
        title=_("Articles that were to be published long ago: publish them or not?"),
        page=PAGE,
        areas=(Area.SENDING,),
        severity=Severity.DECISION,
        rows=overdue("articles.work_off"),
    ),
)
