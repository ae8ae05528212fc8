"""The requests to publish a menu: now, at a time, or again; and their cancellation."""

import datetime
from collections.abc import Sequence

from django.contrib.auth.models import User
from django.db import IntegrityError, transaction
from django.db.models import QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _

from menus.facts import problems_of
from menus.live import order_with
from menus.models import Menu, Publication, Version
from menus.validation import Problem
from wechat.kernel import work

FARTHEST = datetime.timedelta(days=365)
State, Reason = Publication.State, Publication.Reason


class Busy(Exception):
    """Another publication of the account is under way."""


class NotPublishable(Exception):
    """The version has errors for which WeChat would refuse it."""

    def __init__(self, problems: list[Problem]) -> None:
        super().__init__()
        self.problems = problems


class EndHasPassed(Exception):
    """The publication was to end at a time that has passed."""


def wrong_times(at: datetime.datetime, until: datetime.datetime | None) -> dict[str, str]:
    """Returns the errors of the start and end of a publication, by the name of the field."""
    wrong, now = {}, timezone.now()
    if at < now:
        wrong["at"] = _("This time has passed: choose a later one, or publish now.")
    elif at > now + FARTHEST:
        wrong["at"] = _("This is more than a year away.")
    if until and until <= at:
        wrong["until"] = _("The end must be later than the beginning.")
    return wrong


def publish(
    menu: Menu,
    version: Version | None,
    *,
    by: User | None,
    through: str = "",
    order: Sequence[int] | None = None,
) -> Publication:
    """Queues the publication of the version, or without one the removal of the menu.

    ``order`` is the precedence of the menus as it was reviewed, if that was earlier.
    Raises ``NotPublishable`` and ``Busy``.
    """
    _check(version)
    now = timezone.now()
    return _create(
        menu=menu, version=version, asked_by=by, asked_through=through, state=State.PENDING,
        starts_at=now, due_at=now, order=_order(menu) if order is None else order,
    )  # fmt: skip


@transaction.atomic
def schedule(
    menu: Menu,
    version: Version,
    *,
    at: datetime.datetime,
    until: datetime.datetime | None = None,
    by: User | None,
    through: str = "",
) -> Publication:
    """Schedules the publication of a version, and the return to the former version at ``until``, if given.

    Raises ``NotPublishable``.
    """
    _check(version)
    common = {
        "menu": menu, "asked_by": by, "asked_through": through, "state": State.SCHEDULED,
        "order": _order(menu),
    }  # fmt: skip
    going = _create(version=version, starts_at=at, due_at=at, **common)
    if until is not None:
        _create(returns=going, starts_at=until, due_at=until, **common)
    return going


@transaction.atomic
def publish_again(failed: Publication) -> Publication:
    """Queues a failed publication again, for whoever asked for it; its scheduled return still follows.

    Raises ``NotPublishable``, ``Busy`` and ``EndHasPassed``.
    """
    back = Publication.objects.filter(returns=failed).exclude(reason=Reason.BY_STAFF).first()
    if back is not None and back.starts_at <= timezone.now():
        raise EndHasPassed
    again = publish(
        failed.menu, failed.version, by=failed.asked_by, through=failed.asked_through, order=failed.order
    )
    Publication.objects.filter(returns=failed, state=State.SCHEDULED).update(returns=again)
    return again


def cancel(publication: Publication) -> bool:
    """Cancels a publication before it starts, with its return; returns ``False`` if it has started."""
    done = _close(
        Publication.objects.filter(pk=publication.pk, state=State.SCHEDULED), State.CANCELLED, Reason.BY_STAFF
    )
    if done:
        _close(
            Publication.objects.filter(returns=publication, state=State.SCHEDULED),
            State.CANCELLED,
            Reason.BY_STAFF,
        )
    return bool(done)


def running(account_id: int) -> Publication | None:
    """Returns the publication that is under way in this account, or ``None``."""
    return Publication.objects.filter(account=account_id, state__in=Publication.RUNNING).first()


def _check(version: Version | None) -> None:
    errors = [each for each in problems_of(version) if each.is_error] if version else []
    if errors:
        raise NotPublishable(errors)


def _order(menu: Menu) -> list[int]:
    return [each.pk for each in order_with(menu)]


def _create(**fields: object) -> Publication:
    menu = fields["menu"]
    assert isinstance(menu, Menu)
    try:
        with transaction.atomic():
            publication = Publication.objects.create(account_id=menu.account_id, **fields)
    except IntegrityError:
        raise Busy from None
    work.wake("menus.publish")
    return publication


def _close(rows: QuerySet[Publication], state: Publication.State, reason: Publication.Reason) -> int:
    return rows.update(state=state, reason=reason, due_at=None, finished_at=timezone.now())
