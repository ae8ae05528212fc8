"""The to-do items of staff: apps register kinds of things that wait, and one statement counts them all.

An app registers its kinds in a module ``todo``::

    KINDS.add("refunds.waiting", TodoKind(
        title=_("Refunds wait for a second person"),
        page="admin:orders_refund_changelist",
        query="state=waiting",
        areas=(Area.MONEY,),
        severity=Severity.DECISION,
        rows=lambda account, user: Refund.objects.filter(account=account, state=RefundState.WAITING),
    ))
"""

import enum
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.contrib.auth.models import User
from django.db.models import IntegerField, OuterRef, QuerySet, Subquery
from django.db.models.functions import Coalesce
from django.urls import reverse
from django.utils import timezone
from django_stubs_ext import StrOrPromise

from accounts.official.models import OfficialAccount
from accounts.staff.models import Acknowledgement
from accounts.staff.rights import Area, Rights
from wechat.kernel.models import Hold
from wechat.kernel.registry import Registry
from wechat.kernel.work import KINDS as WORK
from wechat.kernel.work import Kind as WorkKind
from wechat.kernel.work import WorkRow

# The largest number that is counted; whether 120 or 150 wait makes no difference to staff.
MOST = 99

# Called with an account (its id, or a reference to it in the statement for several accounts) and a user;
# returns the rows that wait. The query should filter by an index only.
Rows = Callable[[Any, User], QuerySet[Any]]


class Severity(enum.IntEnum):
    """The order in which to-do items are shown: faults, then decisions, then notices."""

    FAULT = 0
    DECISION = 1
    NOTICE = 2


@dataclass(frozen=True, slots=True)
class TodoKind:
    """A kind of thing that waits for users who may change one of ``areas`` in the account.

    ``page`` names the list of these things, whose entry in the navigation shows their number; ``link`` is
    another address to open, and ``opens`` that of the only row that waits, by its id. An ``acknowledged``
    kind has no end of its own: it waits until somebody says that they have seen it.
    """

    title: StrOrPromise
    page: str
    areas: tuple[Area, ...]
    severity: Severity
    rows: Rows
    query: str = ""
    link: Callable[[int], str] | None = None
    opens: Callable[[int], str] | None = None
    acknowledged: bool = False

    def is_for(self, rights: Rights, account_id: int) -> bool:
        return any(rights.may_change(area, account_id) for area in self.areas)

    @property
    def tells_newest(self) -> bool:
        """Returns whether the id of the newest waiting row is read as well."""
        return self.acknowledged or self.opens is not None

    def address(self, account_id: int) -> str:
        if self.link is not None:
            return self.link(account_id)
        return f"{reverse(self.page)}?{self.query}" if self.query else reverse(self.page)


KINDS: Registry[TodoKind] = Registry("kind of thing that waits")


@dataclass(frozen=True, slots=True)
class TodoItem:
    """The number of waiting things of a kind in an account; ``newest`` is an id, or 0 if it is not read."""

    name: str
    kind: TodoKind
    account: OfficialAccount
    number: int
    newest: int

    @property
    def shown(self) -> str:
        return shown(self.number)

    @property
    def address(self) -> str:
        if self.kind.opens is not None and self.number == 1:
            return self.kind.opens(self.newest)
        return self.kind.address(self.account.pk)


def shown(number: int) -> str:
    """Returns the number as it is shown; above ``MOST`` it is "99+"."""
    return str(number) if number <= MOST else f"{MOST}+"


def waiting(user: User, account_id: int | None = None) -> list[TodoItem]:
    """Returns the to-do items of a user in one account, or in all of theirs, read in one statement.

    They are ordered by the account's name, then by severity.
    """
    rights = Rights.of(user)
    accounts = {pk: each for pk, each in rights.accounts.items() if account_id in {None, pk}}
    yours = [(name, kind) for name, kind in KINDS.by_name().items() if _is_any(kind, accounts, rights)]
    if not yours:
        return []
    found = [*_counted(yours, accounts, user, rights)]
    return sorted(found, key=lambda each: (each.account.name, each.kind.severity))


def acknowledge(account: OfficialAccount, name: str, up_to: int, by: User) -> None:
    """Records that somebody has seen the things of a kind up to that row."""
    seen, is_first = Acknowledgement.objects.get_or_create(
        account=account, kind=name, defaults={"up_to": up_to, "by": by}
    )
    if not is_first:
        # A page opened earlier must not lower the mark.
        older = Acknowledgement.objects.filter(pk=seen.pk, up_to__lt=up_to)
        older.update(up_to=up_to, by=by, at=timezone.now())


def held(*works: str) -> Rows:
    """Returns the ``rows`` of a kind about background work on hold, of these names."""
    return lambda account, _user: Hold.objects.filter(work__in=works, subject=account, until__isnull=False)


def overdue(work: str) -> Rows:
    """Returns the ``rows`` of a kind about overdue work that waits for a decision."""

    def rows(account: Any, _user: User) -> QuerySet[Any]:
        kind = WORK.get(work)
        assert isinstance(kind, WorkKind)
        found: QuerySet[WorkRow] = kind.overdue(account)
        return found

    return rows


def _is_any(kind: TodoKind, accounts: Iterable[int], rights: Rights) -> bool:
    return any(kind.is_for(rights, account_id) for account_id in accounts)


class _Count(Subquery):
    """The number of rows, counted to at most one more than is shown."""

    template = "(SELECT count(*) FROM (%(subquery)s) bounded)"
    output_field = IntegerField()


class _Newest(Subquery):
    """The highest id of the rows."""

    template = "(SELECT coalesce(max(bounded.pk), 0) FROM (%(subquery)s) bounded)"
    output_field = IntegerField()


def _counted(
    kinds: Sequence[tuple[str, TodoKind]],
    accounts: Mapping[int, OfficialAccount],
    user: User,
    rights: Rights,
) -> Iterator[TodoItem]:
    columns: list[Subquery] = []
    for name, kind in kinds:
        rows = _rows(name, kind, OuterRef("pk"), user)
        columns += [_Count(rows), _Newest(rows)] if kind.tells_newest else [_Count(rows)]
    named = {f"column_{number}": column for number, column in enumerate(columns)}
    table = OfficialAccount.objects.filter(pk__in=_accounts(kinds, accounts, rights))
    for account_id, *values in table.annotate(**named).values_list("pk", *named):
        numbers = iter(values)
        for name, kind in kinds:
            number = next(numbers)
            newest = next(numbers) if kind.tells_newest else 0
            if number and kind.is_for(rights, account_id):
                yield TodoItem(name, kind, accounts[account_id], number, newest)


def _accounts(kinds: Sequence[tuple[str, TodoKind]], accounts: Iterable[int], rights: Rights) -> list[int]:
    return [pk for pk in accounts if any(kind.is_for(rights, pk) for _name, kind in kinds)]


def _rows(name: str, kind: TodoKind, account: Any, user: User) -> QuerySet[Any]:
    rows = kind.rows(account, user).order_by()
    if kind.acknowledged:
        seen = Acknowledgement.objects.filter(account=OuterRef(account), kind=name).values("up_to")
        rows = rows.filter(pk__gt=Coalesce(Subquery(seen), 0)).order_by("-pk")
    return rows.values("pk")[: MOST + 1]
