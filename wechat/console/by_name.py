"""The search of rows by a part of their name or its pinyin: 停车 by "tingche" and by "tc"."""

import functools
from collections.abc import Iterable
from typing import Any

from django.db.models import QuerySet

# Names that are spelled for one question; of longer lists those that come first.
SPELLED = 2000


def matches(name: str, wanted: str) -> bool:
    """Returns whether a name has this part, in its own script or spelled."""
    part = wanted.casefold().replace(" ", "")
    return part in name.casefold().replace(" ", "") or any(part in each for each in spelled(name))


@functools.lru_cache(maxsize=20_000)
def spelled(name: str) -> tuple[str, str]:
    """Returns the pinyin of a name and its initials; of a name without Chinese nothing that is not in it."""
    if name.isascii():
        return "", ""
    # Its dictionaries take 55 MB, which a process that nobody searches in need not have.
    from pypinyin import Style, lazy_pinyin

    syllables = lazy_pinyin(name), lazy_pinyin(name, style=Style.FIRST_LETTER)
    whole, initials = ("".join(each).casefold().replace(" ", "") for each in syllables)
    return whole, initials


def named(rows: QuerySet[Any], field: str, wanted: str, most: int) -> list[Any]:
    """Returns rows whose ``field`` has this part; what is typed in Latin letters may be pinyin."""
    found = list(rows.filter(**{f"{field}__icontains": wanted})[:most])
    if len(found) >= most or not wanted.isascii() or not any(letter.isalpha() for letter in wanted):
        return found
    have = {row.pk for row in found}
    keys = [pk for pk, name in _names(rows, field) if pk not in have and matches(name, wanted)]
    by_key = rows.in_bulk(keys[: most - len(found)])
    return [*found, *(by_key[key] for key in keys if key in by_key)]


def _names(rows: QuerySet[Any], field: str) -> Iterable[tuple[Any, str]]:
    return rows.values_list("pk", field)[:SPELLED]
