"""The abstract model of rows that are work."""

import datetime
import re
from contextlib import AbstractContextManager, nullcontext
from typing import Any

from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import F, Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _


class WorkRow(models.Model):
    """A row that is due at a time, and no longer once its work is done.

    ``due_at`` is also the end of the lease of the worker that claimed the row: a worker that dies leaves the
    row due again, and one that comes back too late finds another time there and changes nothing.
    A model with states adds ``finished_is_not_due`` to its constraints.
    """

    # Whether it is tried to find out if the others of its account may go on.
    is_probe = False
    # Whether a worker ended while it was at it, so that it is tried by itself.
    is_suspect = False
    # The part of its kind of work that it was when it was claimed: doing it may make it another.
    part = ""
    # Held while the due time is compared and changed: a heartbeat renews it from a thread of its own.
    guard: AbstractContextManager[object] = nullcontext()

    due_at = models.DateTimeField(_("due"), null=True, blank=True, editable=False)
    # When the lease of the worker that claimed it last ends: nobody else writes this time as the due one.
    leased_until = models.DateTimeField(null=True, editable=False)
    attempts = models.PositiveIntegerField(_("attempts"), default=0, editable=False)
    error = models.TextField(_("error"), blank=True, editable=False)
    errcode = models.IntegerField(_("error code"), null=True, blank=True, editable=False)

    class Meta:
        abstract = True
        indexes = [
            models.Index(
                fields=["due_at"],
                name="%(app_label)s_%(class)s_due",
                condition=Q(due_at__isnull=False),
            )
        ]

    @property
    def was_interrupted(self) -> bool:
        """Returns whether nothing came of the lease that was its last, of a row that is due."""
        return self.leased_until is not None and self.leased_until == self.due_at

    def done(self, **changes: Any) -> bool:
        """Writes down that the work is done, for ever or until the ``due_at`` among the changes.

        Returns whether this worker still held the row.
        """
        return self.settle(**{"due_at": None, "attempts": 0, "error": "", "errcode": None, **changes})

    def again(self, error: object, at: datetime.datetime, *, counts: bool = True, **changes: Any) -> bool:
        """Makes the row due once more at that time; the attempt counts unless its cause is no fault of it."""
        attempts = F("attempts") + 1 if counts else F("attempts")
        return self.settle(due_at=at, attempts=attempts, **_of(error), **changes)

    def give_up(self, error: object, **changes: Any) -> bool:
        """Writes down that the work will never be done, and why."""
        return self.settle(
            due_at=None, attempts=F("attempts") + 1, **_of(error), **{**self.on_failure(error), **changes}
        )

    def on_failure(self, error: object) -> dict[str, Any]:
        """Returns the columns that tell that the row failed for good, by name."""
        return {}

    def settle(self, **changes: Any) -> bool:
        """Writes the changes down if this worker still holds the row; returns whether it did."""
        if "due_at" in changes:
            changes = {"leased_until": None, **changes}
        with self.guard:
            held = type(self)._default_manager.filter(pk=self.pk, due_at=self.due_at)
            if not held.update(**changes):
                return False
            for name, value in changes.items():
                if not isinstance(value, models.expressions.Combinable):
                    setattr(self, name, value)
            return True

    def renew(self, lease: datetime.timedelta) -> bool:
        """Extends the lease before a long step; returns whether this worker still held the row."""
        until = timezone.now() + lease
        return self.settle(due_at=until, leased_until=until)


def finished_is_not_due(name: str, *states: str, field: str = "state") -> models.CheckConstraint:
    """Returns the constraint that a row in one of the finished states is not due."""
    return models.CheckConstraint(
        condition=Q(due_at__isnull=True) | ~Q(**{f"{field}__in": list(states)}), name=name
    )


def _of(error: object) -> dict[str, Any]:
    return {"error": in_words(error), "errcode": getattr(error, "errcode", None)}


# No mark is kept with a text: classes of surprises are recognised by how such classes are called.
SURPRISE = re.compile(r"\A\w*(?:Error|Exception|Exists|DoesNotExist|Timeout|NoAnswer)(?::|\Z)")


def is_surprise(text: str) -> bool:
    """Returns whether ``in_words`` wrote this text of an error that nobody foresaw."""
    return SURPRISE.match(text) is not None


def in_words(error: object) -> str:
    """Returns the text that is kept of an error; a surprise is named by its class as well."""
    if isinstance(error, ValidationError):
        return " ".join(error.messages)
    if isinstance(error, Exception) and not hasattr(error, "cause"):
        return f"{type(error).__name__}: {error}" if str(error) else ""
    return str(error)
