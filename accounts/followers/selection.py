"""The selection of followers for a bulk action: those ticked in the list, or all under its filters."""

from collections.abc import Mapping
from typing import Any

from django.db import OperationalError, connection, transaction
from django.db.models import QuerySet
from django.http import QueryDict

from accounts.followers.filtering import FollowerFilter
from accounts.followers.models import Follower, Segment
from accounts.official.models import OfficialAccount
from accounts.staff import personal_data
from wechat.console.big_tables import estimated_count

# A count that would take longer is replaced by an estimate.
COUNT_MILLISECONDS = 700


def followers_of(account: OfficialAccount, details: Mapping[str, Any]) -> QuerySet[Follower]:
    """Returns the followers that the ``details`` of a job select.

    These have ``ids``, or ``filter`` (the list's query string), ``newest`` (the highest id at that time) and
    ``hidden`` (whether the person who asked may not see personal data: a worker must find no more than the
    list showed).
    """
    rows = Follower.objects.filter(account=account)
    if "ids" in details:
        return rows.filter(pk__in=details["ids"])
    return _filter(account, details).narrowed(rows).filter(pk__lte=details["newest"])


def segment_of(account: OfficialAccount, details: Mapping[str, Any]) -> Segment | None:
    """Returns the segment that the filter in the ``details`` of a job names."""
    if "ids" in details:
        return None
    form = _filter(account, details)
    segment: Segment | None = form.cleaned_data["segment"] if form.is_valid() else None
    return segment


def _filter(account: OfficialAccount, details: Mapping[str, Any]) -> FollowerFilter:
    return FollowerFilter(account, QueryDict(details["filter"]), hidden=details["hidden"])


def everybody(account: OfficialAccount, query: str) -> dict[str, Any]:
    """Returns the details of a job about all followers that the list shows under a query string."""
    newest = Follower.objects.filter(account=account).order_by("-pk").values_list("pk", flat=True).first()
    return {"filter": query, "newest": newest or 0, "hidden": personal_data.is_hidden_from_reader(account.pk)}


def count(rows: QuerySet[Follower]) -> tuple[int, bool]:
    """Returns the number of rows and whether it is exact; if counting takes too long, it is estimated."""
    try:
        with transaction.atomic():
            with connection.cursor() as cursor:
                cursor.execute(f"SET LOCAL statement_timeout = {COUNT_MILLISECONDS}")
            number = rows.order_by().count()
            with connection.cursor() as cursor:
                cursor.execute("SET LOCAL statement_timeout = DEFAULT")
            return number, True
    except OperationalError:
        return estimated_count(rows), False
