"""The rows that are deleted together with others, by kind and number.

Django's own pages read and list every such row: for a tag, a line for each follower who has it.
"""

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from django.db import DEFAULT_DB_ALIAS
from django.db.models import Model, ProtectedError, RestrictedError
from django.db.models.deletion import Collector
from django.utils.text import camel_case_to_spaces, capfirst

from wechat.console.phrases import labelled

# The number of protected rows that are named.
NAMED = 20


@dataclass
class Deletion:
    """The numbers of deleted rows by model, the rows that were read, and the names of protected rows."""

    read: dict[type[Model], list[Model]] = field(default_factory=dict)
    numbers: Counter[type[Model]] = field(default_factory=Counter)
    protected: list[str] = field(default_factory=list)

    def by_name(self) -> dict[str, int]:
        """Returns the numbers of those kinds that have a name for staff."""
        return {
            capfirst(str(model._meta.verbose_name)): self.numbers[model]
            for model in self.numbers
            if _has_name(model)
        }


def deletion_of(rows: Iterable[Model]) -> Deletion:
    """Returns what deleting these rows would delete; rows that need no individual check are only counted."""
    deletion, collector = Deletion(), Collector(using=DEFAULT_DB_ALIAS)
    try:
        collector.collect(list(rows))
    except ProtectedError as error:
        deletion.protected = list(_named(error.protected_objects))
    except RestrictedError as error:
        deletion.protected = list(_named(error.restricted_objects))
    for model, found in collector.data.items():
        deletion.read[model] = list(found)
        deletion.numbers[model] += len(found)
    for unread in collector.fast_deletes:
        deletion.numbers[unread.model] += unread.count()
    deletion.numbers += Counter()
    return deletion


def _named(rows: Iterable[Model]) -> Iterator[str]:
    for row in list(rows)[:NAMED]:
        yield labelled(capfirst(str(row._meta.verbose_name)), row)


def _has_name(model: type[Model]) -> bool:
    options = model._meta
    return not options.auto_created and options.verbose_name != camel_case_to_spaces(
        options.object_name or ""
    )
