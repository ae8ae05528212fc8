"""The record of erasures: code that writes about a person asks what may still be written.

The rule is one for all of them: what is from before the moment somebody was erased is not written, however
late it comes (a message that was held up, a profile that was asked for, a login that was under way); what
the person does afterwards is a stranger's.
"""

import datetime
from collections.abc import Iterable, Mapping

from django.db import connection

from accounts.followers.models import Erasure

LOCK_CLASS = 0x45524153


def moments(account_id: int, openids: Iterable[str]) -> Mapping[str, datetime.datetime]:
    """Returns when people were erased, by openid; those who were not are left out."""
    rows = Erasure.objects.filter(account=account_id, openid__in=list(openids))
    return dict(rows.values_list("openid", "at"))


def is_from_before(account_id: int, openid: str, moment: datetime.datetime) -> bool:
    """Returns whether the person was erased at that moment or later: what is from before is not kept."""
    return Erasure.objects.filter(account=account_id, openid=openid, at__gte=moment).exists()


def erased_since(account_id: int, openids: Iterable[str], moment: datetime.datetime) -> set[str]:
    """Returns those who were erased since a moment, as after work on them was asked for."""
    return {openid for openid, at in moments(account_id, openids).items() if at >= moment}


def any_since(account_id: int, moment: datetime.datetime) -> bool:
    """Returns whether anybody of the account was erased since a moment."""
    return Erasure.objects.filter(account=account_id, at__gte=moment).exists()


def note(account_id: int, openid: str, at: datetime.datetime) -> None:
    """Keeps that the person is erased; waits for transactions that write about the account's people."""
    _lock("pg_advisory_xact_lock", account_id)
    Erasure.objects.update_or_create(account_id=account_id, openid=openid, defaults={"at": at})


def keep_as_they_are(account_id: int) -> None:
    """Lets nobody of the account be erased until the transaction is over."""
    _lock("pg_advisory_xact_lock_shared", account_id)


def _lock(function: str, account_id: int) -> None:
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT {function}(%s, %s)", [LOCK_CLASS, account_id])
