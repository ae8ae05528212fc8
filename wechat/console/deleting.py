"""The list of rows that are deleted together with others, by kind and number.

Django's own pages read and list every row of it: of a tag that is a line for each follower who has it.
"""

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from django.db import DEFAULT_DB_ALIAS
from django.db.models import Model, ProtectedError, RestrictedError
from django.db.models.deletion import Collector
from django.utils.text import camel_case_to_spaces, capfirst

# So many of those that are in the way are named.
NAMED = 20


@dataclass
class Deletion:
    """The numbers of rows to delete by model, the rows that were read, and the names of protected rows."""

    read: dict[type[Model], list[Model]] = field(default_factory=dict)
    numbers: Counter[type[Model]] = field(default_factory=Counter)
    protected: list[str] = field(default_factory=list)

    def by_name(self) -> dict[str, int]:
        """Returns the numbers of those kinds that staff have a name for."""
        return {
            capfirst(str(model._meta.verbose_name)): self.numbers[model]
            for model in self.numbers
            if _has_name(model)
        }


def deletion_of(rows: Iterable[Model]) -> Deletion:
    """Looks what deleting these rows would take with them; what needs no look at each row is only counted."""
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
        yield f"{capfirst(str(row._meta.verbose_name))}: {row}"


def _has_name(model: type[Model]) -> bool:
    options = model._meta
    return not options.auto_created and options.verbose_name != camel_case_to_spaces(
        options.object_name or ""
    )
