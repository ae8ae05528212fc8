"""The search over everything in an account that has a page, for readers who may open that page.

An app registers what can be found of its own in its ``search.py``::

    @source("rules", gettext_lazy("Rules"), "alt_route", Area.CONTENT)
    def rules(account, wanted):
        for rule in named(Rule.objects.filter(account=account), "name", wanted, MOST):
            yield Found(rule.name, rule.note, address_of(rule))
"""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

from django.db import OperationalError, connection, models, transaction
from django.http import HttpRequest
from django.urls import reverse
from django_stubs_ext import StrOrPromise

from accounts.official.models import OfficialAccount
from accounts.staff.rights import Area, Rights
from wechat.kernel.registry import Registry

# The number of results of each kind; the list of that kind has the others.
MOST = 5
LONGEST = 60
# The time limit of each kind; a kind that takes longer is left out, and reported as slow.
MILLISECONDS = 400


@dataclass(frozen=True, slots=True)
class Found:
    """A search result: its title, a detail, and the address of its page."""

    title: str
    detail: str
    link: str


Find = Callable[[OfficialAccount, str], Iterable[Found]]


@dataclass(frozen=True, slots=True)
class SearchSource:
    """A kind of object that is searched, for readers who may view ``area``."""

    label: StrOrPromise
    icon: str
    area: Area
    find: Find


@dataclass(frozen=True, slots=True)
class ResultGroup:
    """The search results of one kind; ``is_slow`` if the search took too long."""

    label: StrOrPromise
    icon: str
    found: list[Found]
    is_slow: bool = False


SOURCES: Registry[SearchSource] = Registry("source of search")


def source(name: str, label: StrOrPromise, icon: str, area: Area) -> Callable[[Find], Find]:
    """Registers a function that finds objects of one kind."""

    def register(find: Find) -> Find:
        SOURCES.add(name, SearchSource(label, icon, area, find))
        return find

    return register


def searched(request: HttpRequest, account: OfficialAccount | None, wanted: str) -> Iterator[ResultGroup]:
    """Yields the results that the reader may see, by kind; kinds without results are left out."""
    rights = Rights.of(request.user)
    if account is None or not wanted:
        return
    for each in SOURCES:
        if rights.may_view(each.area, account.pk):
            group = _of(each, account, wanted)
            if group.found or group.is_slow:
                yield group


def page_of(row: models.Model) -> str:
    """Returns the address of a row's page."""
    meta = row._meta
    return reverse(f"admin:{meta.app_label}_{meta.model_name}_change", args=[row.pk])


def _of(each: SearchSource, account: OfficialAccount, wanted: str) -> ResultGroup:
    try:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(f"SET LOCAL statement_timeout = {MILLISECONDS}")
            found = list(each.find(account, wanted))[:MOST]
            cursor.execute("SET LOCAL statement_timeout = DEFAULT")
    except OperationalError:
        return ResultGroup(each.label, each.icon, [], is_slow=True)
    return ResultGroup(each.label, each.icon, found)
