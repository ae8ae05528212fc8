"""The changes of a rule's keywords and replies, shown with the versions of the rule."""

from bisect import bisect_right
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any, NamedTuple

from django.utils.text import Truncator
from django.utils.translation import gettext as _

from wechat.materials.models import Asset
from wechat.replies.describing import marked
from wechat.replies.models import Keyword, Reply, Rule

LONGEST = 160


class PartChange(NamedTuple):
    """A change of a part of a rule; ``old`` is empty for what was added, ``new`` for what was removed."""

    at: datetime
    field: str
    old: str
    new: str


def by_version(rule_id: int) -> Mapping[int, Sequence[PartChange]]:
    """Returns the changes by the id of the version they were made with.

    A rule is stored before its parts.
    """
    versions = list(
        Rule.history.filter(id=rule_id)
        .order_by("history_date", "history_id")
        .values_list("history_date", "history_id")
    )
    begun = [at for at, _id in versions]
    found: dict[int, list[PartChange]] = defaultdict(list)
    for change in [*_changes(Keyword, rule_id), *_changes(Reply, rule_id)]:
        if versions:
            found[versions[max(bisect_right(begun, change.at) - 1, 0)][1]].append(change)
    return found


def _changes(model: type[Keyword] | type[Reply], rule_id: int) -> Iterator[PartChange]:
    rows = list(model.history.filter(rule_id=rule_id).order_by("history_date", "history_id"))
    parts = _keywords(rows) if model is Keyword else _replies(rows)
    name = str(model._meta.verbose_name)
    known: dict[int, tuple[Any, str]] = {}
    for row, (value, words) in zip(rows, parts, strict=True):
        before, old = known.get(row.id, (None, ""))
        known[row.id] = value, words
        if row.history_type == "-":
            yield PartChange(row.history_date, name, old, "")
        elif old != words:
            yield PartChange(row.history_date, name, old, words)
        elif before != value:
            yield PartChange(row.history_date, name, "", _("details of “%(reply)s”") % {"reply": words})


def _keywords(rows: Sequence[Any]) -> list[tuple[Any, str]]:
    return [(None, marked(row.compare, row.text)) for row in rows]


def _replies(rows: Sequence[Any]) -> list[tuple[Any, str]]:
    # A file may be gone since: the reply is then told without its name.
    files = Asset.objects.in_bulk({row.asset_id for row in rows if row.asset_id})
    return [
        (
            (row.content, row.asset_id, row.cover_id),
            Truncator(Reply(content=row.content, asset=files.get(row.asset_id)).words).chars(LONGEST),
        )
        for row in rows
    ]
