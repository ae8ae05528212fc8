"""Tests that no page offers a link or button that would be refused."""

from collections.abc import Iterator
from typing import Any

import lxml.html
import pytest
from django.urls import Resolver404, resolve

from tests.cast import Cast, member
from tests.console.table import may, table
from tests.console.visiting import Visitor, address_of
from tests.console.world import World

pytestmark = pytest.mark.django_db

TABLE = table()
# A list's own form is for what is ticked, its filters and its order.
OF_THE_LIST = {"changelist-form", "changelist-search"}
# A menu for some followers, which can be deleted; the table is about the one for everybody.
KNOWN = {("menus_audience", "menus_menu_delete")}


def offered(page: str, address: str) -> Iterator[tuple[str, str]]:
    """Returns the addresses of links and of forms that change something, with the method."""
    if 'id="main"' not in page:
        return
    root: Any = lxml.html.fromstring(page)
    root.make_links_absolute(f"http://testserver{address}")
    for link in root.xpath("//*[@id='main']//a[@href]"):
        yield "GET", link.get("href")
    for form in root.xpath("//*[@id='main']//form[@method='post']"):
        sends = form.xpath(".//button[not(@type='button')] | .//input[@type='submit']")
        if form.get("id") not in OF_THE_LIST and sends:
            yield "POST", form.get("action") or f"http://testserver{address}"


def name_of(address: str) -> str:
    """Returns the name of a page of the console; empty for any other address."""
    scheme, _separator, rest = address.partition("http://testserver")
    try:
        match = resolve(rest.partition("?")[0].partition("#")[0])
    except Resolver404:
        return ""
    name = match.url_name or ""
    return "" if scheme or name not in TABLE else name


@pytest.mark.parametrize("role", ["auditor", "service", "editor", "finance"])
def test_nobody_is_offered_what_they_may_not_do(role: str, staff: Cast, ours: World) -> None:
    visitor = Visitor(member(f"reads-as-{role}", ours.account, role), ours.account)
    wrong = set()
    for name, page in TABLE.items():
        if not may(role, page.get) or name in ("login", "logout") or page.is_not_now:
            continue
        address = address_of(name, page, ours)
        for method, target in offered(visitor.visit("GET", address, {}).text, address):
            asked = TABLE.get(name_of(target))
            right = asked and (asked.get if method == "GET" else asked.post)
            if right and not may(role, right) and (name, name_of(target)) not in KNOWN:
                wrong.add(f"{name} as {role}: {method} {name_of(target)}")
    assert not wrong, "\n".join(sorted(wrong))
