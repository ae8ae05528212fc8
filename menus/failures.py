"""Menus that were not published, for the desk of what failed."""

from django.db.models import Exists, OuterRef, QuerySet
from django.urls import reverse
from django.utils.translation import gettext_lazy

from accounts.official.errcodes import in_words
from accounts.official.models import OfficialAccount
from accounts.operations.failures import SOURCES, FailureSource
from accounts.staff.rights import Area
from menus.models import Publication

State, Reason = Publication.State, Publication.Reason


def _failed(account: OfficialAccount) -> QuerySet[Publication]:
    """Those after which the menu was not published: a later success ends them."""
    rows = Publication.objects.filter(account=account)
    later = rows.filter(menu=OuterRef("menu"), state=State.PUBLISHED, pk__gt=OuterRef("pk"))
    return rows.filter(~Exists(later), state=State.FAILED).select_related("menu")


def _why(errcode: int | None, reason: str) -> str:
    if errcode is not None:
        return in_words(errcode)
    return str(Reason(reason).label) if reason in Reason.values else reason


def _page(publication: Publication) -> str:
    return reverse("admin:menus_publish", args=[publication.menu_id])


SOURCES.add(
    "menus",
    FailureSource(
        gettext_lazy("Publishing menus"), Area.CONTENT, _failed, None, _page,
        cause=("errcode", "reason"), words=_why,
    ),
)  # fmt: skip
