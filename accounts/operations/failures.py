"""The registry of work that failed for good, by cause, and how it is retried.

An app registers its own in a module ``failures``::

    SOURCES.add("uploads", FailureSource(_("Uploads"), Area.CONTENT, rows, again))
"""

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django.db.models import BigIntegerField, CharField, F, Model, QuerySet, TextField, Value
from django.db.models.functions import Cast
from django_stubs_ext import StrOrPromise

from accounts.official.error_sentences import sentence
from accounts.official.models import OfficialAccount
from accounts.staff.rights import Area, Rights
from wechat.kernel.registry import Registry
from wechat.kernel.work import interruptions

# The number of newest rows of each kind that are read; older ones follow once these are gone.
MOST = 1_000


@dataclass(frozen=True, slots=True)
class FailureSource:
    """A kind of work that can fail for good.

    ``rows`` returns the failed rows of an account; ``cause`` names the columns of an error number and of a
    text, from which ``words`` makes a sentence. ``again`` retries some of them and returns their number;
    without it, staff open the row's own page, ``link``. ``caution`` is shown before a retry, and
    ``again_area`` is the area whose right to change a retry needs, if it is not ``area``. ``narrow`` limits
    the rows to those that somebody may view or change in the account, where the right in the area is not
    enough.
    """

    label: StrOrPromise
    area: Area
    rows: Callable[[OfficialAccount], QuerySet[Any]]
    again: Callable[[QuerySet[Any]], int] | None = None
    link: Callable[[Any], str] = lambda row: ""
    title: Callable[[Any], str] = str
    cause: tuple[str, str] = ("errcode", "error")
    words: Callable[[int | None, str], str] = sentence
    caution: StrOrPromise = ""
    again_area: Area | None = None
    narrow: Callable[[QuerySet[Any], OfficialAccount, Rights, bool], QuerySet[Any]] = lambda rows, *_: rows

    def why(self, errcode: int | None, text: str) -> str:
        """Returns the sentence for a cause, in the active language."""
        return sentence(None, text) if text == interruptions.ENDED else self.words(errcode, text)

    def rows_for(self, account: OfficialAccount, rights: Rights, *, change: bool = False) -> QuerySet[Any]:
        """Returns the failed rows of the account that somebody may view, or change."""
        return self.narrow(self.rows(account), account, rights, change)

    def may_try_again(self, rights: Rights, account: OfficialAccount) -> bool:
        return self.again is not None and rights.may_change(self.again_area or self.area, account.pk)


SOURCES: Registry[FailureSource] = Registry("source of failures")


@dataclass(frozen=True, slots=True)
class FailureGroup:
    """The failures of one kind with one cause, and their number; ``key`` stands for the cause in a URL."""

    name: str
    source: FailureSource
    key: str
    why: str
    number: int
    may_retry: bool


def groups(account: OfficialAccount, rights: Rights) -> list[FailureGroup]:
    """Returns the failures of the account that the reader may view, the most frequent causes first."""
    counts: dict[tuple[str, str], int] = {}
    for name, errcode, text in _causes(account, rights):
        key = (name, SOURCES.get(name).why(errcode, text))
        counts[key] = counts.get(key, 0) + 1
    found = [_group(account, rights, name, why, number) for (name, why), number in counts.items()]
    return sorted(found, key=lambda group: -group.number)


def of(account: OfficialAccount, rights: Rights, name: str, key: str) -> list[Any]:
    """Returns the rows of one kind that failed for this cause and may be viewed, newest first."""
    source = SOURCES.get(name)
    rows = source.rows_for(account, rights).order_by("-pk")[:MOST]
    return [row for row in rows if key_of(source.why(*cause_of(source, row))) == key]


def number(account: OfficialAccount, rights: Rights) -> int:
    """Returns the number of failed rows; at most ``MOST`` of each kind are counted."""
    return len(_causes(account, rights))


def try_again(account: OfficialAccount, rights: Rights, source: FailureSource, chosen: list[int]) -> int:
    """Retries those of these rows that have failed and that somebody may change; returns their number."""
    if source.again is None:
        return 0
    return source.again(source.rows_for(account, rights, change=True).filter(pk__in=chosen))


def key_of(why: str) -> str:
    """Returns a short hash of a cause."""
    return hashlib.sha256(why.encode()).hexdigest()[:12]


def _causes(account: OfficialAccount, rights: Rights) -> list[tuple[str, int | None, str]]:
    """Returns source name, error number and text of every failed row, read by one statement."""
    parts = [
        _part(name, source, source.rows_for(account, rights))
        for name, source in SOURCES.by_name().items()
        if rights.may_view(source.area, account.pk)
    ]
    if not parts:
        return []
    first, *others = parts
    return list(first.union(*others, all=True))


def _part(name: str, source: FailureSource, failed: QuerySet[Any]) -> QuerySet[Any]:
    number, text = source.cause
    rows = failed.order_by("-pk").annotate(
        of_source=Value(name, CharField()),
        of_number=Cast(F(number), BigIntegerField()) if number else Cast(Value(None), BigIntegerField()),
        of_text=Cast(F(text), TextField()),
    )  # fmt: skip
    listed: QuerySet[Any] = rows.values_list("of_source", "of_number", "of_text")[:MOST]
    return listed


def cause_of(source: FailureSource, row: Model) -> tuple[int | None, str]:
    """Returns the error number and the text of a failed row."""
    number, text = source.cause
    return (getattr(row, number) if number else None), getattr(row, text)


def _group(account: OfficialAccount, rights: Rights, name: str, why: str, number: int) -> FailureGroup:
    source = SOURCES.get(name)
    return FailureGroup(name, source, key_of(why), why, number, source.may_try_again(rights, account))
