"""The door of forms for staff, and for followers in the shop: all forms found by following links."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from random import Random
from urllib.parse import urljoin, urlsplit

from django.test import Client
from django.urls import Resolver404, resolve
from lxml import etree, html

from bench.fuzz.inputs import CSRF, Input, changed_query, headers, multipart, with_query
from bench.fuzz.mutations import TEXTS, scrambled
from bench.fuzz.world import World

BOUNDARY, FORM = "fuzz-boundary", "application/x-www-form-urlencoded"
# Pages that end the session, or delete rows that other inputs need.
LEFT_ALONE = re.compile(
    r"/(logout|login|account|delete|erase|setlang|sessions|password_change)/|/auth/user/|/me/"
)
MOST_OF_A_ROUTE = 2
# Ordinary texts, as people paste them, in addition to hostile ones.
TYPED = [
    "１２３", "１２．５０", "　", "\u200b12\ufeff", "12 ", "2001-01-01T10:00", "2001-01-01", "10000-01-01",
    "0000-00-00",
    "25:61", "1,2,3", "12:00 PM", "明天", "💥" * 40, "长" * 10_000, "(a+)+$", "(?P<a>", "[", "{remark|",
    "%s %(x)s",
    "https://" + "a" * 300 + ".com/", "a@b", "+86 138 0013 8000", "\r\n\r\n", "[]", "{}", "[1]", "0.1", "-0",
]  # fmt: skip


@dataclass(frozen=True)
class Form:
    """A form of a page: its fields in order, each with its value."""

    method: str
    address: str
    fields: tuple[tuple[str, str], ...]
    buttons: tuple[tuple[str, str], ...]


def forms(world: World, random: Random) -> Input:
    if not world.forms:
        world.forms.extend(_found(world))
    form = random.choice(world.forms)
    fields = [*form.fields]
    if form.buttons:
        fields.append(random.choice(form.buttons))
    for _ in range(random.choice([0, 1, 1, 2, len(fields)])):
        _change(random, fields)
    sent = headers(random, FORM) | {"Cookie": f"{world.cookies}; csrftoken={CSRF}", "X-CSRFToken": CSRF}
    parts = urlsplit(form.address)
    if form.method == "GET":
        asked = {name: [value for each, value in fields if each == name] for name, _ in fields}
        return Input("GET", with_query(parts.path, asked)[:8_000], b"", sent)
    given = [(name, value.encode(errors="surrogatepass")) for name, value in fields]
    path = with_query(parts.path, changed_query(random, {})) if not parts.query else form.address
    body = multipart(given, {}, BOUNDARY)
    body = scrambled(random, body) if random.random() < 0.05 else body
    return Input("POST", path, body, sent | {"Content-Type": f"multipart/form-data; boundary={BOUNDARY}"})


def _change(random: Random, fields: list[tuple[str, str]]) -> None:
    if not fields:
        return
    counts = [at for at, (name, _value) in enumerate(fields) if name.endswith("_FORMS")]
    at = random.choice(counts) if counts and random.random() < 0.1 else random.randrange(len(fields))
    name, _value = fields[at]
    if random.random() < 0.08:
        del fields[at]
    elif random.random() < 0.08:
        fields.append((name, random.choice(TYPED)))
    else:
        fields[at] = name, random.choice(TYPED if random.random() < 0.6 else TEXTS)


def _found(world: World) -> list[Form]:
    browser = Client(headers={"Host": "127.0.0.1"})
    for cookie in world.cookies.split("; "):
        name, _, value = cookie.partition("=")
        browser.cookies[name] = value
    shop = f"/h5/{world.account.slug}/shop/{world.item}/"
    found, waiting, seen = dict[object, Form](), ["/admin/", shop, f"{shop}buy/"], dict[str, int]()
    while waiting:
        address = waiting.pop(0)
        page = browser.get(address)
        if page.status_code != 200 or not page["Content-Type"].startswith("text/html"):
            continue
        document = html.fromstring(b"".join(page) if page.streaming else page.content)
        for form in _forms(document, address):
            found.setdefault(
                (form.method, _route(form.address), tuple(name for name, _ in form.fields)), form
            )
        for link in document.iter("a"):
            target = urljoin(address, link.get("href") or "")
            route = _route(target)
            if route and not LEFT_ALONE.search(target) and seen.get(route, 0) < MOST_OF_A_ROUTE:
                seen[route] = seen.get(route, 0) + 1
                waiting.append(target)
    return list(found.values())


def _route(address: str) -> str:
    """Returns the URL pattern of a page of the console that can be opened; empty for any other URL."""
    path = urlsplit(address).path
    if not address.startswith(("/admin/", "/h5/")):
        return ""
    try:
        return resolve(path).route
    except Resolver404:
        return ""


def _forms(document: html.HtmlElement, address: str) -> Iterator[Form]:
    for form in document.iter("form"):
        action = urljoin(address, form.get("action") or "")
        if LEFT_ALONE.search(action) or not _route(action):
            continue
        fields = [pair for each in form.iter("input", "textarea", "select") for pair in _values(each)]
        buttons = [
            (str(each.get("name")), each.get("value") or "")
            for each in form.iter("button")
            if each.get("name")
        ]
        yield Form((form.get("method") or "get").upper(), action, tuple(fields), tuple(buttons))


def _values(field: etree._Element) -> Iterator[tuple[str, str]]:
    name, kind = field.get("name"), (field.get("type") or "text").lower()
    if not name or name == "csrfmiddlewaretoken" or kind in {"submit", "button", "image", "file"}:
        return
    if field.tag == "textarea":
        yield name, field.text or ""
    elif field.tag == "select":
        options = field.findall(".//option")
        chosen = [each for each in options if each.get("selected") is not None] or options[:1]
        for each in chosen:
            yield name, each.get("value") or ""
    elif kind not in {"checkbox", "radio"} or field.get("checked") is not None:
        yield name, field.get("value") or ""
