"""The names of people, decided in one place for every page.

A remark comes first, then a name that the person gave (at a login with consent, in an order), then a short
handle that never changes. A reader from whom the owner withheld personal data sees only handles.

``of`` returns all people of a page with one query, and one more for the names of their channels.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from operator import attrgetter
from typing import Any
from urllib.parse import quote

from django.db import connection
from django.urls import reverse
from django.utils.functional import cached_property
from django.utils.html import escape, format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from accounts.followers import handles
from accounts.followers.labels import name_of_scene
from accounts.followers.models import GivenName
from accounts.staff import personal_data
from wechat.console import codes

COLOURS = 12
DRAWING = (
    '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 28 28">'
    '<rect width="28" height="28" fill="hsl({colour},32%,40%)"/><text x="14" y="19.5" font-size="15" '
    'font-family="sans-serif" text-anchor="middle" fill="#fff">{initial}</text></svg>'
)
LONGEST = GivenName._meta.get_field("name").max_length or 0
# Returns a row for every openid asked for, known or not.
KNOWN = """
SELECT asked.openid, follower.id, coalesce(follower.remark, ''), coalesce(follower.nickname, ''),
    coalesce(given.name, ''), coalesce(avatar.file, ''), coalesce(follower.subscribe_scene, ''),
    coalesce(follower.qr_scene_str, ''), coalesce(follower.qr_scene, 0)
FROM unnest(%(openids)s::text[]) AS asked(openid)
LEFT JOIN followers_follower AS follower
    ON follower.account_id = %(account)s AND follower.openid = asked.openid
LEFT JOIN followers_givenname AS given ON given.account_id = %(account)s AND given.openid = asked.openid
LEFT JOIN followers_avatar AS avatar ON avatar.account_id = %(account)s AND avatar.openid = asked.openid
"""


@dataclass(frozen=True)
class Person:
    """A person as staff see them; ``came_by`` is the channel or way by which they came, in words.

    ``follower_id`` is ``None`` for a stranger: an openid that is no follower of the account.
    """

    account_id: int
    openid: str
    follower_id: int | None = None
    remark: str = ""
    nickname: str = ""
    given_name: str = ""
    has_picture: bool = False
    came_by: str = ""

    @property
    def called(self) -> str:
        """Returns the name that staff or the person chose, or the empty text."""
        return self.remark or self.nickname or self.given_name

    @cached_property
    def name(self) -> str:
        return self.called or handles.handle_name(self.openid)

    @property
    def handle(self) -> str:
        return handles.handle(self.openid)

    @property
    def initial(self) -> str:
        """Returns the letter, or other first character, in the generated picture."""
        return (self.called or self.handle)[:1].upper()

    @property
    def colour(self) -> int:
        """Returns the hue of the generated picture, in degrees."""
        return int(handles.digits(self.openid), 16) % COLOURS * (360 // COLOURS)

    @property
    def picture(self) -> str:
        """Returns the address of our copy of the person's picture, or a generated picture as a data URL."""
        if self.has_picture:
            return reverse("admin:followers_avatar", args=[self.follower_id])
        drawing = DRAWING.format(colour=self.colour, initial=escape(self.initial))
        return f"data:image/svg+xml,{quote(drawing)}"

    @property
    def page(self) -> str:
        """Returns the address of the follower's page, or the empty text for a stranger."""
        return reverse("admin:followers_follower_change", args=[self.follower_id]) if self.follower_id else ""

    def __str__(self) -> str:
        return self.name


def of(account_id: int, openids: Iterable[str]) -> Mapping[str, Person]:
    """Returns the people of these openids, by openid."""
    asked = sorted({openid for openid in openids if openid})
    if not asked:
        return {}
    with connection.cursor() as cursor:
        cursor.execute(KNOWN, {"account": account_id, "openids": asked})
        rows = cursor.fetchall()
    scenes = codes.scenes.names_of(account_id, sorted({_scene(row) for row in rows} - {""}))
    return {row[0]: _person(account_id, row, scenes) for row in rows}


def one(account_id: int, openid: str) -> Person:
    """Returns the person with this openid."""
    return of(account_id, [openid]).get(openid) or Person(account_id, openid)


def attach_people(
    rows: Sequence[Any],
    openid: Callable[[Any], str] = attrgetter("openid"),
    account_id: Callable[[Any], int] = attrgetter("account_id"),
) -> None:
    """Sets ``row.person`` for each of the rows, which belong to one account."""
    found = of(account_id(rows[0]), map(openid, rows)) if rows else {}
    for row in rows:
        vars(row)["person"] = found.get(openid(row))


def of_row(
    row: Any,
    openid: Callable[[Any], str] = attrgetter("openid"),
    account_id: Callable[[Any], int] = attrgetter("account_id"),
) -> Person | None:
    """Returns the person attached to a row, or looked up now; ``None`` if the row has no openid."""
    if "person" not in vars(row):
        attach_people([row], openid, account_id)
    known: Person | None = vars(row)["person"]
    return known


def give_name(account_id: int, openid: str, name: str) -> None:
    """Stores the name that a person gave, in place of an earlier one."""
    if name := " ".join(name.split())[:LONGEST]:
        GivenName.objects.update_or_create(account_id=account_id, openid=openid, defaults={"name": name})


def rendered(person: Person | None, link: str = "") -> SafeString:
    """Returns a person as HTML: picture, name, and where they came from.

    ``link`` is the address that the name leads to instead of the person's own page.
    """
    if person is None:
        return SafeString("–")
    address = link or person.page
    name = (
        format_html('<a class="link" href="{}">{}</a>', address, person.name)
        if address
        else format_html("<span>{}</span>{}", person.name, copy_button(person))
    )
    came_by = format_html('<span class="quiet">{}</span>', person.came_by) if person.came_by else ""
    words = format_html('<span class="who-words">{}{}</span>', name, came_by)
    return format_html('<span class="who">{}{}</span>', face(person), words)


def face(person: Person) -> SafeString:
    """Returns the person's small picture as HTML."""
    return format_html('<img class="face" src="{}" alt="" loading="lazy">', person.picture)


def copy_button(person: Person) -> SafeString:
    """Returns a button, as HTML, that copies the OpenID."""
    return format_html(
        '<button type="button" class="button-small" data-copy="{}" data-copied="{}">{}</button>',
        person.openid,
        _("Copied"),
        _("Copy OpenID"),
    )


def _came_by(scene: str, code: str, names: Mapping[str, str]) -> str:
    return code_in_words(code, names) if code else str(name_of_scene(scene))


def code_in_words(code: str, names: Mapping[str, str]) -> str:
    """Returns the name of a scanned QR code; ``names`` are the names that were looked up, by scene."""
    return names.get(code) or _("QR code “%(code)s”, made elsewhere") % {"code": code}


def _scene(row: tuple[Any, ...]) -> str:
    return str(row[7] or row[8] or "")


def _person(account_id: int, row: tuple[Any, ...], scenes: Mapping[str, str]) -> Person:
    openid, follower_id, remark, nickname, given, file, scene, *_code = row
    if personal_data.is_hidden_from_reader(account_id):
        remark = nickname = given = file = ""
    return Person(
        account_id=account_id,
        openid=openid,
        follower_id=follower_id,
        remark=remark,
        nickname=nickname,
        given_name=given,
        # The picture's page exists only for followers.
        has_picture=bool(file and follower_id),
        came_by=_came_by(scene, _scene(row), scenes),
    )
