"""The batches of channels from a table: checked row by row as a whole, then created all or not at all."""

import csv
import io
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from django.contrib.auth.models import User
from django.db import transaction
from django.utils.translation import gettext as _

from accounts.followers.models import Tag
from accounts.official.models import OfficialAccount
from wechat.channels import limits
from wechat.channels.forms import owners
from wechat.channels.models import HIGHEST_COST, Channel, Code
from wechat.console.phrases import listed
from wechat.console.tables import headings
from wechat.console.tables.cells import damage
from wechat.console.tables.headings import Heading, Numbered
from wechat.console.tables.limits import UnreadableTable
from wechat.kernel import work
from wechat.sdk.pay import money

MOST_ROWS = 1000
LARGEST_FILE = 1024 * 1024

# The titles that each column may have in the first row, in lower case.
COLUMNS: Mapping[str, Sequence[str]] = {
    "name": ("名称", "渠道名称", "name"),
    "group": ("分组", "group"),
    "place": ("地点", "place"),
    "owner": ("负责人", "owner"),
    "cost": ("成本", "成本（元）", "成本(元)", "cost"),
    "tags": ("标签", "tags"),
}
SEPARATORS = re.compile(r"[、，,;；|]")
EXAMPLE = [
    ["名称", "分组", "地点", "负责人", "成本（元）", "标签"],
    ["一号店收银台", "门店", "广州市越秀区示例路 18 号", "", "120.00", ""],
    ["春季展会 A 展台", "展会", "国际会展中心 3 号馆", "", "3500", ""],
]


class UnreadableBatch(Exception):
    """The error for a file that is not a table of channels; its text says why."""


@dataclass(frozen=True, slots=True)
class Making:
    """The kind of code for all channels of a batch; ``days`` is for temporary codes."""

    lifetime: str = Channel.Lifetime.PERMANENT
    days: int = 30


@dataclass(frozen=True, slots=True)
class BatchRow:
    """A row of the file.

    ``number`` counts the rows of the file from 1; ``problems`` say what to correct.
    """

    number: int
    channel: Channel
    tags: Sequence[Tag]
    problems: Sequence[str]


@dataclass(frozen=True, slots=True)
class Batch:
    account: OfficialAccount
    text: str
    rows: Sequence[BatchRow]

    @property
    def wrong(self) -> list[BatchRow]:
        return [row for row in self.rows if row.problems]


def read(account: OfficialAccount, body: bytes, making: Making) -> Batch:
    """Returns the batch that a file describes, with the problems of each row. Raises ``UnreadableBatch``."""
    heading, rows = _numbered(body)
    places = _places(heading.names)
    if not rows:
        raise UnreadableBatch(_("Below its first row the file has no channel."))
    if making.lifetime == Channel.Lifetime.PERMANENT:
        _check_room(account, len(rows))
    reader = _Reader(account, places, making)
    text = _as_text([(heading.number, heading.as_row()), *rows])
    return Batch(account, text, [reader.row(number, row) for number, row in rows])


@transaction.atomic
def make(batch: Batch) -> list[Channel]:
    """Creates all channels of a batch and their codes, which a worker makes; returns the channels.

    Raises ``IntegrityError`` if a name is taken.
    """
    channels = Channel.objects.bulk_create([row.channel for row in batch.rows])
    Code.objects.bulk_create([Code(channel=channel) for channel in channels])
    through = Channel.tags.through
    through.objects.bulk_create(
        [
            through(channel=channel, tag=tag)
            for channel, row in zip(channels, batch.rows, strict=True)
            for tag in row.tags
        ]
    )
    work.wake("channels.make_codes")
    return channels


def _numbered(body: bytes) -> tuple[Heading, list[Numbered]]:
    """Returns the heading, and the rows that are not empty, with their numbers in the file.

    Raises ``UnreadableBatch``.
    """
    if len(body) > LARGEST_FILE:
        raise UnreadableBatch(_("The file has more than 1 MB: split it."))
    found: list[Numbered] = []
    try:
        heading, rows = headings.split(io.BytesIO(body), _is_title_of_names)
        for number, row in rows:
            if any(map(str.strip, row)):
                found.append((number, row))
            if len(found) > MOST_ROWS:
                raise UnreadableBatch(_("A file may have 1,000 channels at most: split it."))
    except UnreadableTable as error:
        raise UnreadableBatch(str(error)) from None
    if not heading.names:
        raise UnreadableBatch(_("The file is empty."))
    return heading, found


def _is_title_of_names(title: str) -> bool:
    return title.strip().lower() in COLUMNS["name"]


def _as_text(rows: Sequence[Numbered]) -> str:
    """Returns the rows as CSV, each on the line of its number.

    The preview posts this text again when it is confirmed, so that exactly what was shown is created.
    """
    written = io.StringIO()
    writer = csv.writer(written, lineterminator="\n")
    last = 0
    for number, row in rows:
        written.write("\n" * (number - last - 1))
        writer.writerow(row)
        last = number
    return written.getvalue()


def _check_room(account: OfficialAccount, count: int) -> None:
    """Checks that the account has ``count`` permanent codes left. Raises ``UnreadableBatch`` if not."""
    left = limits.permanent_left(account)
    if count > left:
        sentence = _("The account has only %(left)d permanent codes left: make temporary ones.")
        raise UnreadableBatch(sentence % {"left": left})


def _places(titles_by_place: Mapping[int, str]) -> dict[str, int]:
    """Returns the indexes of the columns by name.

    Raises ``UnreadableBatch`` for an unknown or repeated column, or if the name's column is missing.
    """
    places: dict[str, int] = {}
    for place, title in titles_by_place.items():
        name = next((name for name, titles in COLUMNS.items() if title.lower() in titles), None)
        if name is None:
            known = listed(titles[0] for titles in COLUMNS.values())
            sentence = _("The column “%(title)s” is unknown. There may be: %(known)s.")
            raise UnreadableBatch(sentence % {"title": title[:40], "known": known})
        if name in places:
            raise UnreadableBatch(_("The column “%(title)s” is there twice.") % {"title": title})
        places[name] = place
    if "name" not in places:
        raise UnreadableBatch(_("The file needs a column 名称 (name) in its first row."))
    return places


@dataclass(slots=True)
class _Reader:
    account: OfficialAccount
    places: Mapping[str, int]
    making: Making
    names: dict[str, int] = field(default_factory=dict)
    taken: set[str] = field(init=False)
    tags: dict[str, Tag] = field(init=False)
    staff: dict[str, User] = field(init=False)

    def __post_init__(self) -> None:
        self.taken = set(Channel.objects.filter(account=self.account).values_list("name", flat=True))
        self.tags = {tag.name: tag for tag in Tag.objects.filter(account=self.account)}
        self.staff = {user.get_username(): user for user in owners(self.account.pk)}

    def row(self, number: int, cells: Sequence[str]) -> BatchRow:
        cells_by_name = {name: _cell(cells, place) for name, place in self.places.items()}
        wanted = [tag for tag in map(str.strip, SEPARATORS.split(cells_by_name.get("tags", ""))) if tag]
        problems = [*self._problems(number, cells_by_name, wanted)]
        if too_many := headings.surplus(self.places.values(), cells):
            problems.append(too_many)
        tags = [self.tags[name] for name in dict.fromkeys(wanted) if name in self.tags]
        return BatchRow(number, self._channel(cells_by_name), tags, problems)

    def _channel(self, cells_by_name: Mapping[str, str]) -> Channel:
        return Channel(
            account=self.account,
            name=cells_by_name["name"],
            group=cells_by_name.get("group", ""),
            place=cells_by_name.get("place", ""),
            owner=self.staff.get(cells_by_name.get("owner", "")),
            cost=_amount(cells_by_name.get("cost", "")) or 0,
            lifetime=self.making.lifetime,
            days=self.making.days,
        )

    def _problems(self, number: int, cells_by_name: Mapping[str, str], tags: Sequence[str]) -> Iterator[str]:
        yield from self._name_problems(number, cells_by_name["name"])
        for name, most in (("name", 60), ("group", 40), ("place", 120)):
            if damaged := damage(cells_by_name.get(name, "")):
                yield damaged
            if len(cells_by_name.get(name, "")) > most:
                title = COLUMNS[name][0]
                yield _("“%(title)s” has more than %(most)d characters.") % {"title": title, "most": most}
        owner = cells_by_name.get("owner", "")
        if owner and owner not in self.staff:
            yield _("Nobody with the user name “%(name)s” works with this account.") % {"name": owner[:40]}
        if _amount(cells_by_name.get("cost", "")) is None:
            yield _("“%(cost)s” is no amount in yuan, such as 120.50.") % {"cost": cells_by_name["cost"][:40]}
        for name in tags:
            if name not in self.tags:
                yield _("There is no tag “%(name)s”: make it first.") % {"name": name[:40]}

    def _name_problems(self, number: int, name: str) -> Iterator[str]:
        if not name:
            yield _("The name is missing.")
        elif name in self.taken:
            yield _("There is a channel of this name already.")
        elif name in self.names:
            yield _("The name is in row %(number)d as well.") % {"number": self.names[name]}
        self.names.setdefault(name, number)


def _cell(cells: Sequence[str], place: int) -> str:
    return cells[place].strip() if place < len(cells) else ""


def _amount(text: str) -> int | None:
    """Returns an amount in fen, zero for an empty text; ``None`` if the text is not a valid amount."""
    try:
        amount = money.typed(text or "0")
    except ValueError:
        return None
    return amount if 0 <= amount <= HIGHEST_COST else None
