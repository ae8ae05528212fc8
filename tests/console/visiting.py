"""A visitor that opens and posts to pages of the console, each from the same initial state."""

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from django.contrib.auth.models import User
from django.db import connection, transaction
from django.test import Client
from django.urls import NoReverseMatch, get_resolver, reverse
from django.urls.resolvers import URLPattern, URLResolver

from accounts.official.models import OfficialAccount
from accounts.staff.rights import SESSION_KEY
from tests.console.table import Page
from tests.console.world import World

# Statements on sessions and traces of signing in do not count as changes.
CHANGE = re.compile(r'^\s*(INSERT INTO|UPDATE|DELETE FROM) (?!"(django_session|axes_\w+)")', re.IGNORECASE)
REFUSED = (403, 404, 405)


@dataclass(frozen=True)
class Answer:
    status: int
    sent_to: str
    text: str
    changes: list[str]

    @property
    def is_refused(self) -> bool:
        """Returns whether the page was refused, by its status or by the admin's redirect for missing rows."""
        return self.status in REFUSED or (
            self.status == 302 and (self.sent_to == "/admin/" or self.sent_to.startswith("/admin/login/"))
        )


class Visitor:
    """A member of staff with a browser that shows one account."""

    def __init__(self, user: User, shown: OfficialAccount) -> None:
        self.client = Client(raise_request_exception=False)
        self.client.force_login(user)
        self.show(shown)

    def show(self, account: OfficialAccount) -> None:
        """Chooses an account, like the switcher."""
        session = self.client.session
        session[SESSION_KEY] = account.pk
        session.save()

    def visit(self, method: str, address: str, data: dict[str, Any]) -> Answer:
        """Requests a page and rolls its changes back, so that the next page has the same initial state."""
        sent = self.client.get if method == "GET" else self.client.post
        with recorded() as changes, transaction.atomic():
            response = sent(address, data)
            text = b"".join(response) if response.streaming else response.content
            transaction.set_rollback(True)
        sent_to = response.headers.get("Location", "")
        return Answer(response.status_code, sent_to, text.decode(errors="replace"), changes)


def address_of(name: str, page: Page, world: World) -> str:
    given = page.arguments(world)
    try:
        address = reverse(f"admin:{name}", args=given)
    except NoReverseMatch:
        address = reverse(name, args=given)
    return f"{address}?account={world.account.pk}" if page.is_named else address


def names() -> set[str]:
    """Returns the names of the URLs of all pages of the console."""
    return {name for name, route in _routes(get_resolver(), "") if name and route.startswith("admin/")}


def _routes(resolver: URLResolver, before: str) -> Iterator[tuple[str | None, str]]:
    for each in resolver.url_patterns:
        route = f"{before}{each.pattern}"
        if isinstance(each, URLPattern):
            yield each.name, route
        else:
            yield from _routes(each, route)


@contextmanager
def recorded() -> Iterator[list[str]]:
    """Yields a list that records all writing statements."""
    found: list[str] = []

    def look(execute: Callable[..., Any], sql: str, *more: Any) -> Any:
        if CHANGE.match(sql):
            found.append(sql)
        return execute(sql, *more)

    with connection.execute_wrapper(look):
        yield found
