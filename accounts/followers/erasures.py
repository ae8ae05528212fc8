"""The record of erased people, asked before anything about a person is written.

Data from before the moment of an erasure is not written, however late it arrives (a delayed message, a
profile that was asked for, a login under way); what the person does afterwards is recorded as a stranger's.
"""

import datetime
from collections.abc import Iterable, Mapping

from django.db import connection

from accounts.followers.models import Erasure

LOCK_CLASS = 0x45524153


def moments(account_id: int, openids: Iterable[str]) -> Mapping[str, datetime.datetime]:
    """Returns when people were erased, by openid; those who were not erased are left out."""
    rows = Erasure.objects.filter(account=account_id, openid__in=list(openids))
    return dict(rows.values_list("openid", "at"))


def is_from_before(account_id: int, openid: str, moment: datetime.datetime) -> bool:
    """Returns whether the person was erased at that moment or later, so that data from then is not kept."""
    return Erasure.objects.filter(account=account_id, openid=openid, at__gte=moment).exists()


def erased_since(account_id: int, openids: Iterable[str], moment: datetime.datetime) -> set[str]:
    """Returns the openids that were erased since a moment, such as the start of a job."""
    return {openid for openid, at in moments(account_id, openids).items() if at >= moment}


def any_since(account_id: int, moment: datetime.datetime) -> bool:
    """Returns whether anybody of the account was erased since a moment."""
    return Erasure.objects.filter(account=account_id, at__gte=moment).exists()


def record(account_id: int, openid: str, at: datetime.datetime) -> None:
    """Records the erasure of a person, after transactions that hold ``block_erasures`` have ended."""
    _lock("pg_advisory_xact_lock", account_id)
    Erasure.objects.update_or_create(account_id=account_id, openid=openid, defaults={"at": at})


def block_erasures(account_id: int) -> None:
    """Blocks erasures in the account until the end of the current transaction."""
    _lock("pg_advisory_xact_lock_shared", account_id)


def _lock(function: str, account_id: int) -> None:
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT {function}(%s, %s)", [LOCK_CLASS, account_id])
