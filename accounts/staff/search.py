"""The search over all rows of an account that have a page, for those who may open that page.

An app says in its ``search.py`` what of its own is found, and registers it::

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

# Of each kind: who needs more opens its list.
MOST = 5
LONGEST = 60
# No kind may take longer: it is left out then, and the answer says so.
MILLISECONDS = 400


@dataclass(frozen=True, slots=True)
class Found:
    """A thing that was found: what it is called, more about it, and its page."""

    title: str
    detail: str
    link: str


Find = Callable[[OfficialAccount, str], Iterable[Found]]


@dataclass(frozen=True, slots=True)
class SearchSource:
    """A kind of thing that is searched, for whoever may look at ``area``."""

    label: StrOrPromise
    icon: str
    area: Area
    find: Find


@dataclass(frozen=True, slots=True)
class ResultGroup:
    """The things of one kind that were found; ``is_slow`` if the search for them took too long."""

    label: StrOrPromise
    icon: str
    found: list[Found]
    is_slow: bool = False


SOURCES: Registry[SearchSource] = Registry("source of search")


def source(name: str, label: StrOrPromise, icon: str, area: Area) -> Callable[[Find], Find]:
    """Registers a function that finds things of one kind."""

    def register(find: Find) -> Find:
        SOURCES.add(name, SearchSource(label, icon, area, find))
        return find

    return register


def searched(request: HttpRequest, account: OfficialAccount | None, wanted: str) -> Iterator[ResultGroup]:
    """Yields what the reader may see of the account, kind by kind; kinds without a match are left out."""
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
