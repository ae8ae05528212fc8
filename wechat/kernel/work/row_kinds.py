"""The kinds of work that lease due rows of a table, each declared beside the function that does it.

Work on single rows::

    UPLOADS = work.Kind(
        "materials.upload",
        lambda: Asset.objects.select_related("account"),
        lease=datetime.timedelta(minutes=5),
        queue=work.BULK,
    )

    @UPLOADS.each
    def upload(asset: Asset) -> None:
        ...
        asset.done(state=State.UPLOADED)

The function records its results on the row and does not catch errors: ``policy`` decides what they mean. Work
that claims its rows in another way is a ``TurnKind``.
"""

import datetime
import logging
from collections.abc import Callable, Mapping, Sequence
from contextlib import nullcontext
from typing import Generic, TypeVar, cast

from django.db.models import Model, Q, QuerySet
from django.utils import timezone
from django_stubs_ext import StrOrPromise

from wechat.kernel import tracing
from wechat.kernel.models import Hold
from wechat.kernel.work import heartbeat, holds, interruptions, overdue, policy, waking
from wechat.kernel.work.claiming import claim
from wechat.kernel.work.heartbeat import Heartbeat
from wechat.kernel.work.kinds import NO_PARTS, AnyKind, Turn
from wechat.kernel.work.rows import WorkRow
from wechat.kernel.work.switches import SWITCHES
from wechat.sdk.errors import Cause

log = logging.getLogger(__name__)
Row = TypeVar("Row", bound=WorkRow)

RETRY = tuple(datetime.timedelta(seconds=seconds) for seconds in (5, 30, 120, 600, 3600))


class Kind(AnyKind, Generic[Row]):
    """A kind of work whose rows are claimed by their due time, the oldest first.

    - ``rows`` returns the rows that workers may take, whatever their due time. ``batch`` of them are claimed
      at a time, for a ``lease``; by default for a short one that is renewed while a row is processed, see
      ``heartbeat``.
    - ``retry`` are the pauses before each further attempt of a failed row, which is then given up. With
      ``gives_up`` false it is tried again after the last pause, for as long as it takes.
    - ``subject`` is the lookup of the id of the account, merchant or receiver that a row belongs to. While it
      is on hold its rows wait, and those of others do not. It is empty for kinds that call nobody.
    - ``divided_by`` is the column or annotation with the part of a row, for kinds that call several APIs,
      each with its own quota: a hold on one part leaves the others. ``parts`` are the names of the parts.
    - ``by_day`` kinds write to followers: after a used-up quota they go on in the morning, not at midnight.
    - ``asks`` is the condition for rows that wait for a person if they were due long ago, see ``overdue``.
    """

    def __init__(
        self,
        name: str,
        rows: Callable[[], QuerySet[Row]],
        *,
        queue: str,
        label: StrOrPromise = "",
        lease: datetime.timedelta | None = None,
        batch: int = 1,
        retry: Sequence[datetime.timedelta] = RETRY,
        seconds: float = 10.0,
        subject: str = "account_id",
        divided_by: str = "",
        parts: Mapping[str, StrOrPromise] = NO_PARTS,
        by_day: bool = False,
        gives_up: bool = True,
        asks: Q | None = None,
    ) -> None:
        super().__init__(name, label=label, queue=queue, seconds=seconds, parts=parts)
        self._rows = rows
        self.lease = lease or heartbeat.LEASE
        self.has_heartbeat = lease is None
        self.batch = batch
        self.retry = retry
        self.subject = subject
        self.divided_by = divided_by
        self.by_day = by_day
        self.gives_up = gives_up
        self.asks = asks
        self._do: Callable[[Sequence[Row]], object] | None = None
        self._cancel: Callable[[Row], object] | None = None

    def rows(self) -> QuerySet[Row]:
        """Returns the rows that a worker may take, whatever their time: of no subject that is off."""
        rows, model = self._rows(), self.subjects()
        switch = SWITCHES.get(model) if model else None
        return rows.filter(**{f"{self.subject.removesuffix('_id')}__{switch}": True}) if switch else rows

    def cancels(self, cancel: Callable[[Row], object]) -> Callable[[Row], object]:
        """Registers the function that cancels an overdue row, as a person decided."""
        self._cancel = cancel
        return cancel

    def each(self, do: Callable[[Row], object]) -> Callable[[Row], object]:
        """Registers the function that processes one row."""

        def do_each(rows: Sequence[Row]) -> None:
            for row in rows:
                self.attempt(row, do)

        self._do = do_each
        return do

    def together(self, do: Callable[[Sequence[Row]], object]) -> Callable[[Sequence[Row]], object]:
        """Registers a function that processes a batch and calls ``answered`` or ``failed`` for each row."""
        self._do = do
        return do

    def attempt(self, row: Row, do: Callable[[Row], object]) -> None:
        """Processes one row; an error is recorded on the row and does not stop the others."""
        try:
            alive = Heartbeat(row) if self.has_heartbeat else nullcontext()
            with tracing.span(self.name, getattr(row, "trace", "")), alive:
                do(row)
        except Exception as error:  # noqa: BLE001 - the one place where errors of work arrive; ours are logged
            self.failed(row, error)
        else:
            self.answered(row)

    def work_off(self, turn: Turn) -> int:
        if self._do is None:
            raise LookupError(f"no function does {self.name}")
        taken, limit = 0, self.batch
        while not turn.is_over and (rows := self.claim(limit)):
            if rows[0].is_suspect:
                self._try_alone(rows[0])
            else:
                self._work_on(rows)
            taken += len(rows)
            # The others of its batch come next.
            limit = 1 if rows[0].is_suspect else self.batch
        return taken

    def _try_alone(self, row: Row) -> None:
        """Processes an interrupted row alone, or gives it up if it has ended too many workers."""
        times = interruptions.record(self.name, row, was_alone=self.batch == 1)
        try:
            if times >= interruptions.MOST:
                self._settle(row, interruptions.ENDED, policy.Decision(None))
                if row.is_probe:
                    # It found nothing out: another row is to.
                    holds.give_back_probe(self._hold_of(row))
                self.gave_up_unworked(row)
            elif row.renew(self._lease_alone(times)):
                self._work_on([row])
        except Exception as error:  # noqa: BLE001 - there is no other row that it could be about
            self.failed(row, error)
        finally:
            interruptions.forget(self.name, row)

    def _lease_alone(self, times: int) -> datetime.timedelta:
        """Returns the lease of a row that is tried alone; with a heartbeat it stays short."""
        return self.lease if self.has_heartbeat else self.lease + interruptions.LONGER[times]

    def gave_up_unworked(self, row: Row) -> None:
        """Is called for a row that was given up because it ended three workers; for subclasses."""

    def _work_on(self, rows: Sequence[Row]) -> None:
        assert self._do is not None
        try:
            self._do(rows)
        except SystemExit:
            # A signal ends the worker: none of its rows is the cause, so none counts as interrupted.
            for row in rows:
                row.settle(leased_until=None)
            raise

    def claim(self, limit: int | None = None) -> list[Row]:
        """Leases the next rows: one to probe with where a hold may have ended, else those not on hold."""
        if self.subject:
            for subject, part in holds.ready(self.name):
                if rows := self._claim_probe(subject, part):
                    return rows
        return self._claimed(self._free(), limit or self.batch)

    def _claimed(self, rows: QuerySet[Row], limit: int) -> list[Row]:
        found = claim(rows, lease=self.lease, limit=limit)
        if self.divided_by:
            for row in found:
                row.part = str(getattr(row, self.divided_by))
        return found

    def _claim_probe(self, subject: int, part: str) -> list[Row]:
        """Leases one row of what is on hold; without one that is due, the probe is left to the next."""
        rows, held = self._unasked().filter(self._of([subject], part)), self._hold(subject, part)
        if not self._due(rows).exists() or not holds.take_probe(held):
            return []
        found = self._claimed(rows, 1)
        for row in found:
            row.is_probe = True
        if not found:
            holds.give_back_probe(held)
        return found

    def oldest_due(self) -> datetime.datetime | None:
        # The first row of the index that is not held; min() over the join would read every row.
        return self._takeable().order_by("due_at").values_list("due_at", flat=True).first()

    def is_due(self) -> bool:
        # Mostly nothing is due, which the first query finds without the holds.
        return self._due(self._unasked()).exists() and self._takeable().exists()

    def all_rows(self) -> QuerySet[WorkRow]:
        return cast("QuerySet[WorkRow]", self.rows())

    def subjects(self) -> type[Model] | None:
        """Returns the model at the end of the lookup ``subject``."""
        if not self.subject:
            return None
        model: type[Model] = self._rows().model
        if self.subject == "pk":
            return model
        for name in self.subject.split("__"):
            model = cast("type[Model]", model._meta.get_field(name.removesuffix("_id")).related_model)
        return model

    def subject_of(self, row: Row) -> int:
        """Returns the id of the row's subject; 0 for a kind without subjects."""
        if not self.subject:
            return 0
        found: object = row
        for name in self.subject.split("__"):
            found = getattr(found, name)
        return found if isinstance(found, int) else 0

    def answered(self, row: Row) -> None:
        """Notes that the other side answered: if the row was a probe, whatever held this work up is over."""
        holds.answered(self._hold_of(row), is_probe=row.is_probe)

    def failed(self, row: Row, error: Exception, *others: Row) -> None:
        """Records on the row what the error means for it, and puts the subject's work on hold if need be.

        ``others`` are rows of the same account that were part of the same failed call.
        """
        decision = policy.decide(error, row.attempts, self.retry)
        if not decision.is_expected:
            log.exception("work_failed", extra={"work": self.name, "row": row.pk}, exc_info=error)
        if policy.is_about_row(error):
            self.answered(row)
        elif row.is_probe and decision.hold is None:
            holds.give_back_probe(self._hold_of(row))
        is_held = bool(self.subject) and self._put_on_hold(row, error, decision.hold)
        for each in (row, *others):
            self._settle(each, error, policy.decide(error, each.attempts, self.retry).held(is_held))

    def _put_on_hold(self, row: Row, error: Exception, cause: Cause | None) -> bool:
        """Returns whether the work of the row's account is on hold from now on."""
        if cause is None:
            return False
        subject = self.subject_of(row)
        is_held = holds.report(self.name, subject, cause, error, part=row.part, is_probe=row.is_probe)
        if self.by_day and cause == Cause.QUOTA:
            until = policy.next_quota_morning(timezone.now())
            holds.hold(self.name, subject, Cause.QUOTA, error, part=row.part, until=until)
        return is_held

    def _settle(self, row: Row, error: object, decision: policy.Decision) -> None:
        if decision.again_at is not None:
            row.again(error, decision.again_at, counts=decision.counts)
        elif self.gives_up:
            row.give_up(error)
        else:
            row.again(error, timezone.now() + self.retry[-1])

    def _hold_of(self, row: Row) -> QuerySet[Hold]:
        return self._hold(self.subject_of(row), row.part)

    def _hold(self, subject: int, part: str) -> QuerySet[Hold]:
        return Hold.objects.filter(work=self.name, subject=subject, part=part)

    def _of(self, subjects: Sequence[int], part: str) -> Q:
        """Returns the condition for the rows of these subjects, of that part where the kind has some."""
        found = Q(**{f"{self.subject}__in": subjects})
        return found & Q(**{self.divided_by: part}) if self.divided_by else found

    def _free(self) -> QuerySet[Row]:
        return self._without(holds.blocked(self.name) if self.subject else [])

    def _takeable(self) -> QuerySet[Row]:
        """Returns the due rows that a worker may take now, as a probe or otherwise."""
        paused = holds.paused(self.name) if self.subject else []
        return self._due(self._without(paused))

    def _due(self, rows: QuerySet[Row]) -> QuerySet[Row]:
        return rows.filter(due_at__lte=timezone.now())

    def _without(self, held: Sequence[holds.Held]) -> QuerySet[Row]:
        rows = self._unasked()
        for part in sorted({part for _subject, part in held}):
            rows = rows.exclude(self._of([subject for subject, its in held if its == part], part))
        return rows

    def _unasked(self) -> QuerySet[Row]:
        """Returns the rows that do not wait for a decision of a person."""
        return self.rows() if self.asks is None else self.rows().exclude(overdue.long_ago(self.asks))

    def overdue(self, account_id: int) -> QuerySet[Row]:
        """Returns the overdue rows of the account, about which a person has to decide."""
        if self.asks is None:
            return self.rows().none()
        return self.rows().filter(overdue.long_ago(self.asks), account_id=account_id)

    def send_overdue(self, account_id: int) -> int:
        """Makes the overdue rows due now; returns how many."""
        rows = self.rows().model._default_manager.filter(pk__in=self.overdue(account_id).values("pk"))
        sent = rows.update(due_at=timezone.now())
        waking.wake(self.name)
        return sent

    def cancel_overdue(self, account_id: int) -> int:
        """Gives the overdue rows up; returns how many."""
        if self._cancel is None:
            raise LookupError(f"no function cancels {self.name}")
        rows = list(self.overdue(account_id))
        for row in rows:
            self._cancel(row)
        return len(rows)
