"""The failure source of publications of menus."""

from django.db.models import Exists, OuterRef, QuerySet
from django.urls import reverse
from django.utils.translation import gettext_lazy

from accounts.official.error_sentences import in_words
from accounts.official.models import OfficialAccount
from accounts.operations.failures import SOURCES, FailureSource
from accounts.staff.rights import Area
from menus import publications
from menus.models import Publication

State, Reason = Publication.State, Publication.Reason


def failed(account: OfficialAccount | int) -> QuerySet[Publication]:
    """Returns failed publications without a later success of the same menu, which would end the failure."""
    # Compared by the end: one that was scheduled long before may have failed only now.
    later = Publication.objects.filter(
        menu=OuterRef("menu"), state=State.PUBLISHED, finished_at__gt=OuterRef("finished_at")
    )
    return Publication.objects.filter(~Exists(later), account=account, state=State.FAILED)


def _failed(account: OfficialAccount) -> QuerySet[Publication]:
    return failed(account).select_related("menu")


def _why(errcode: int | None, reason: str) -> str:
    if errcode is not None:
        return in_words(errcode)
    return str(Reason(reason).label) if reason in Reason.values else reason


def _publish_again(rows: QuerySet[Publication]) -> int:
    """Queues the newest failed publication of each menu again, but no returns; returns their number."""
    number = 0
    for publication in rows.filter(returns=None).order_by("menu_id", "-pk").distinct("menu_id"):
        try:
            publications.publish_again(publication)
        except (publications.Busy, publications.NotPublishable, publications.EndHasPassed):
            # The page of the publication says why.
            continue
        number += 1
    return number


def _page(publication: Publication) -> str:
    return reverse("admin:menus_publish", args=[publication.menu_id])


SOURCES.add(
    "menus",
    FailureSource(
        gettext_lazy("Publishing menus"), Area.CONTENT, _failed, _publish_again, _page,
        cause=("errcode", "reason"), words=_why, again_area=Area.SENDING,
    ),
)  # fmt: skip
