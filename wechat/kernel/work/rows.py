"""The abstract model of rows of work."""

import datetime
import re
from contextlib import AbstractContextManager, nullcontext
from typing import Any

from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import F, Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

# Of the rows of work, those that ended with an error; one with an error that is due is tried again.
GIVEN_UP = Q(due_at__isnull=True) & ~Q(error="")
# Those that a worker claimed and recorded no outcome of: their ``due_at`` is the end of its lease.
LEASED = Q(leased_until=F("due_at"))


class WorkRow(models.Model):
    """A row that is due at a time, until its work is done.

    ``due_at`` is also the end of the lease of the worker that claimed the row. If that worker dies, the row
    becomes due again; if it comes back too late, it finds another time there and changes nothing. A model
    with states adds ``finished_is_not_due`` to its constraints.
    """

    # Whether it is a probe, tried to find out if the other rows of its account may go on.
    is_probe = False
    # Whether a worker ended while it worked on it, so that it is tried alone.
    is_suspect = False
    # The part of its kind of work that it was when it was claimed: doing it may make it another.
    part = ""
    # Held while the due time is compared and changed: a heartbeat renews it from a thread of its own.
    guard: AbstractContextManager[object] = nullcontext()

    due_at = models.DateTimeField(_("due"), null=True, blank=True, editable=False)
    # The end of the last lease. If ``due_at`` still has this value, that worker recorded no outcome.
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
    def is_leased(self) -> bool:
        """Returns whether a worker claimed it and recorded no outcome; if it is due, that worker ended."""
        return self.leased_until is not None and self.leased_until == self.due_at

    @property
    def planned_at(self) -> datetime.datetime | None:
        """Returns when the row is worked on next, for people: ``None`` while a worker holds it."""
        return None if self.is_leased else self.due_at

    @property
    def is_given_up(self) -> bool:
        return self.due_at is None and self.error != ""

    def done(self, **changes: Any) -> bool:
        """Records that the work is done, for ever or until the ``due_at`` among the changes.

        Returns whether this worker still held the row.
        """
        return self.settle(**{"due_at": None, "attempts": 0, "error": "", "errcode": None, **changes})

    def again(self, error: object, at: datetime.datetime, *, counts: bool = True, **changes: Any) -> bool:
        """Makes the row due again at that time; ``counts`` tells whether the attempt counts."""
        attempts = F("attempts") + 1 if counts else F("attempts")
        return self.settle(due_at=at, attempts=attempts, **_of(error), **changes)

    def give_up(self, error: object, **changes: Any) -> bool:
        """Records that the work is given up, and why."""
        return self.settle(
            due_at=None, attempts=F("attempts") + 1, **_of(error), **{**self.on_failure(error), **changes}
        )

    def on_failure(self, error: object) -> dict[str, Any]:
        """Returns further columns to set when the row is given up, by name."""
        return {}

    def settle(self, **changes: Any) -> bool:
        """Saves the changes if this worker still holds the row; returns whether it did."""
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


# The row keeps the text only, so unexpected errors are recognised by the usual names of their classes.
SURPRISE = re.compile(r"\A\w*(?:Error|Exception|Exists|DoesNotExist|Timeout|NoAnswer)(?::|\Z)")


def is_surprise(text: str) -> bool:
    """Returns whether this text is what ``in_words`` returned for an unexpected error."""
    return SURPRISE.match(text) is not None


def in_words(error: object) -> str:
    """Returns the text of an error for the row; for an unexpected error with the name of its class."""
    if isinstance(error, ValidationError):
        return " ".join(error.messages)
    if isinstance(error, Exception) and not hasattr(error, "cause"):
        return f"{type(error).__name__}: {error}" if str(error) else ""
    return str(error)
