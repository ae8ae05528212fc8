"""The kinds of background work as staff see them.

Of each: what waits, what is next, what is on hold, and when a worker last did some of it.
"""

import datetime
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from django.db import connection
from django.db.models import Model, Q, QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _
from django_stubs_ext import StrOrPromise

from accounts.official.models import OfficialAccount
from accounts.staff import held_work
from wechat.kernel.models import Hold
from wechat.kernel.subqueries import select_sql
from wechat.kernel.work import KINDS, Kind, WorkRow, holds, last_turns
from wechat.kernel.work.kinds import AnyKind
from wechat.kernel.work.last_turns import LastTurn
from wechat.kernel.work.rows import LEASED

# The largest number of waiting rows that is counted.
MOST = 10_000
Counted = tuple[int, datetime.datetime | None, datetime.datetime | None]


@dataclass(frozen=True, slots=True)
class Job:
    """A kind of work; ``waiting`` rows are due, since ``oldest``; the next row is due at ``next_at``."""

    name: str
    label: StrOrPromise
    waiting: int
    oldest: datetime.datetime | None
    next_at: datetime.datetime | None
    last: LastTurn | None
    held: list[str]
    may_go_on: bool

    @property
    def is_idle(self) -> bool:
        """Returns whether nothing waits, nothing is planned, and nothing is on hold."""
        return not (self.waiting or self.next_at or self.held)

    @property
    def is_more(self) -> bool:
        return self.waiting >= MOST

    @property
    def is_moving(self) -> bool:
        """Returns whether work is being done now, so that the page should refresh itself."""
        return self.waiting > 0 and not self.held


def of(account: OfficialAccount, decided: Q) -> list[Job]:
    """Returns the kinds of work whose rows belong to accounts, those on hold and those waiting first.

    ``decided`` is the filter for holds that the reader may lift.
    """
    rows = {kind: found for kind in KINDS if (found := rows_of(kind, account)) is not None}
    held = _by_account(account, KINDS.names()) | _by_others(account, KINDS.names())
    jobs = _jobs(rows, held, _liftable(account, KINDS.names(), decided))
    return sorted(jobs, key=lambda job: (not job.held, not job.waiting, str(job.label)))


def of_installation() -> list[Job]:
    """Returns the kinds of work that do not belong to accounts."""
    kinds = _of_no_account()
    held = Hold.objects.filter(work__in=[kind.name for kind in kinds], until__isnull=False)
    return _jobs({kind: kind.all_rows() for kind in kinds}, held, held)


def rows_of(kind: AnyKind, account: OfficialAccount) -> QuerySet[WorkRow] | None:
    """Returns the account's rows of this kind of work, or ``None`` if its rows do not belong to accounts."""
    rows = kind.all_rows()
    if rows is None:
        return None
    subject = kind.subject if isinstance(kind, Kind) else ""
    if subject.split("__")[-1] == "account_id":
        return rows.filter(**{subject: account.pk})
    # Another subject, or none, but a column with the account.
    of_accounts: QuerySet[Any] = rows
    has_account = any(field.name == "account" for field in rows.model._meta.get_fields())
    return of_accounts.filter(account=account.pk) if has_account else None


def _jobs(
    rows: Mapping[AnyKind, QuerySet[WorkRow] | None], held: QuerySet[Hold], liftable: QuerySet[Hold]
) -> list[Job]:
    """Returns these kinds of work for the page, with the reasons of holds.

    The rows are counted by one statement, each part of which reads the index of due rows.
    """
    done, counted = last_turns.read_all(), _counted(rows)
    reasons, going_on = _reasons(held, liftable)
    return [
        Job(
            kind.name, kind.label, *counted.get(kind.name, (0, None, None)), done.get(kind.name),
            reasons.get(kind.name, []), kind.name in going_on,
        )
        for kind in rows
    ]  # fmt: skip


def _counted(rows: Mapping[AnyKind, QuerySet[WorkRow] | None]) -> dict[str, Counted]:
    """Returns by kind the number of due rows, the oldest due time, and the next one that is no lease."""
    now, parts, params = timezone.now(), [], []
    for kind, found in rows.items():
        if found is None:
            continue
        due, due_params = select_sql(found.filter(due_at__lte=now).order_by("due_at").values("due_at")[:MOST])
        next_one, next_params = select_sql(
            found.filter(~LEASED, due_at__gt=now).order_by("due_at").values("due_at")[:1]
        )
        parts.append(
            f"SELECT %s, count(*), min(due_at), ({next_one}) FROM ({due}) AS due"  # noqa: S608 - Django's own SQL
        )
        params += [kind.name, *next_params, *due_params]
    if not parts:
        return {}
    with connection.cursor() as cursor:
        cursor.execute(" UNION ALL ".join(parts), params)
        return {name: (number, since, following) for name, number, since, following in cursor.fetchall()}


def _reasons(held: QuerySet[Hold], liftable: QuerySet[Hold]) -> tuple[dict[str, list[str]], set[str]]:
    """Returns the reasons why kinds of work wait, by name, and the names of those the reader may resume.

    Holds that the reader may lift come first, because the button belongs to them.
    """
    found: dict[str, list[str]] = {}
    waiting = list(held.order_by("until"))
    theirs = set(liftable.values_list("pk", flat=True)) if waiting else set()
    for hold in sorted(waiting, key=lambda hold: hold.pk not in theirs):
        reasons = found.setdefault(hold.work, [])
        if (reason := _reason(hold)) not in reasons:
            reasons.append(reason)
    return found, {hold.work for hold in waiting if hold.pk in theirs}


def _reason(hold: Hold) -> str:
    """Returns the reason of a hold, with the name of the merchant or the number of the receiver.

    A receiver's address may contain a secret, so it is not shown.
    """
    row = subject_of(hold)
    if row is None or isinstance(row, OfficialAccount):
        return held_work.reason_with_part(hold)
    name = getattr(row, "name", "") or f"{row._meta.verbose_name} {row.pk}"
    return _("%(whose)s: %(reason)s") % {"whose": name, "reason": held_work.reason_with_part(hold)}


def subject_of(hold: Hold) -> Model | None:
    """Returns the account, merchant or receiver of a hold, or ``None``."""
    model = KINDS.get(hold.work).subjects()
    return model._default_manager.filter(pk=hold.subject).first() if model else None


def _by_account(account: OfficialAccount, names: Iterable[str]) -> QuerySet[Hold]:
    """Returns the holds of these kinds of work on the account itself."""
    ours = [
        name
        for name in names
        if (kind := KINDS.find(name)) and not _is_shared(kind) and rows_of(kind, account) is not None
    ]
    return Hold.objects.filter(work__in=ours, subject=account.pk, until__isnull=False)


def _by_others(account: OfficialAccount, names: Iterable[str]) -> QuerySet[Hold]:
    """Returns the holds on a merchant or a receiver that keep rows of the account waiting."""
    held = Q(pk__in=[])
    for kind in map(KINDS.find, names):
        if isinstance(kind, Kind) and _is_shared(kind) and (rows := rows_of(kind, account)) is not None:
            waiting = rows.filter(due_at__isnull=False)
            held |= Q(work=kind.name, subject__in=waiting.values(kind.subject))
    return Hold.objects.filter(held, until__isnull=False)


def _is_shared(kind: AnyKind) -> bool:
    """Returns whether holds of this kind are on a merchant or receiver, for all accounts that it serves."""
    return kind.subjects() not in {OfficialAccount, None}


def resume(account: OfficialAccount, names: Iterable[str], decided: Q) -> list[Hold]:
    """Resumes these kinds of work of the account at once; returns the holds that were lifted.

    ``decided`` is the filter for holds that the reader may lift.
    """
    return _lift(_liftable(account, names, decided))


def resume_of_installation(names: Iterable[str]) -> list[Hold]:
    """Resumes these kinds of work that do not belong to accounts; returns the holds that were lifted."""
    ours = {kind.name for kind in _of_no_account()} & set(names)
    return _lift(Hold.objects.filter(work__in=ours, until__isnull=False))


def _lift(held: QuerySet[Hold]) -> list[Hold]:
    found = list(held)
    holds.lift_all(found)
    return found


def _liftable(account: OfficialAccount, names: Iterable[str], decided: Q) -> QuerySet[Hold]:
    return (_by_account(account, names) | _by_others(account, names)).filter(decided)


def _of_no_account() -> list[AnyKind]:
    some = OfficialAccount()
    return [kind for kind in KINDS if rows_of(kind, some) is None]
