"""The publishing of menus: requested by staff, carried out by a worker, verified by reading the live menus.

A publication is *publishing* in Postgres before WeChat is called. If the worker is killed, the next one reads
the live menus and continues from there, with the same result. A lost answer does no harm either: the live
menus are read and compared. Only what was read counts.
"""

import datetime
import logging
from collections.abc import Iterator

from django.db import IntegrityError, transaction
from django.db.models import Exists, OuterRef, Q, QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.official.clients import client_for
from accounts.staff import audit
from menus import live as live_menus
from menus import mini_programs, publications, watching
from menus.differences import in_words
from menus.live import MenuNotReady
from menus.models import NOT_LINKED, Publication, Version
from menus.planning import Add, Live, Step, plan
from wechat.console.phrases import labelled, listed
from wechat.kernel import work
from wechat.kernel.work import heartbeat
from wechat.sdk.client import Client
from wechat.sdk.errors import ApiError, Cause

log = logging.getLogger(__name__)

State, Reason = Publication.State, Publication.Reason

LEASE = heartbeat.LEASE
AFTER_ANOTHER = datetime.timedelta(seconds=2)
NO_ROOM = frozenset({65305, 65316})
MOST_ROUNDS = 3


class PublicationOvertaken(Exception):
    """The lease has expired, and another worker continues this publication."""


class _NothingToReturnFrom(Exception):
    """The version to return from is no longer live, as after another one was published."""


def _ready() -> QuerySet[Publication]:
    other = Publication.objects.filter(account=OuterRef("account"), state__in=Publication.RUNNING).exclude(
        pk=OuterRef("pk")
    )
    open_ones = Publication.objects.filter(state__in=Publication.OPEN)
    return open_ones.filter(~Q(state=State.SCHEDULED) | ~Exists(other)).select_related("account", "menu")


PUBLICATIONS = work.Kind(
    "menus.publish",
    _ready,
    label=gettext_lazy("Publishing menus"),
    queue=work.INTERACTIVE,
    # An overdue return of a menu that is live needs no decision.
    asks=Q(state=State.SCHEDULED) & (Q(returns=None) | Q(returns__state=State.SCHEDULED)),
)


PUBLICATIONS.cancels(publications.cancel)


@PUBLICATIONS.each
def carry_out(publication: Publication) -> None:
    """Publishes a menu or takes it off; records the outcome and WeChat's menus on the row."""
    try:
        _begin(publication)
        try:
            _carry_out(publication, client_for(publication.account))
        except ApiError as error:
            if error.cause != Cause.ROW:
                raise
            _refused(publication, error)
    except _NothingToReturnFrom:
        _finish(publication, State.CANCELLED, Reason.NOTHING_TO_RETURN_FROM)
    except MenuNotReady as error:
        _finish(publication, State.FAILED, Reason.NOT_READY, error=str(error))
    except PublicationOvertaken:
        log.info("publication_overtaken", extra={"publication": publication.pk})


def _begin(publication: Publication) -> None:
    """Marks the publication as being published, which excludes others of the account.

    Raises ``PublicationOvertaken``.
    """
    try:
        with transaction.atomic():
            _note(publication, state=State.PUBLISHING)
    except IntegrityError:
        # Another worker began one of the same account before this claim.
        raise work.NotYet(AFTER_ANOTHER) from None


def _carry_out(publication: Publication, client: Client) -> None:
    is_beginning = publication.before is None
    if is_beginning:
        _check_order(publication)
    wanted = _wanted(publication)
    before = live_menus.read(client)
    if is_beginning:
        _note(publication, before=live_menus.dump(before))
    was_refused = publication.refusal is not None
    found = before if was_refused else _brought_to(publication, client, before, wanted)
    if found.same(wanted):
        _published(publication, found)
    else:
        _finish(publication, State.FAILED, Reason.REFUSED if was_refused else Reason.NOT_SHOWN, found)


def _check_order(publication: Publication) -> None:
    """Raises ``MenuNotReady`` if other menus would win than whoever asked saw; what returns is due anyhow."""
    if publication.returns is None and not live_menus.is_in_order(publication.menu, publication.order):
        raise MenuNotReady(
            _("The order of the menus was changed after this was planned. Look at it again, then publish.")
        )


def _brought_to(publication: Publication, client: Client, found: Live, wanted: Live) -> Live:
    """Makes the wanted menus live, in several rounds if necessary; returns the live menus after that."""
    for _round in range(MOST_ROUNDS):
        for step in _steps(found, wanted, removing_first=False):
            try:
                _take(publication, client, step)
            except ApiError as error:
                if error.errcode not in NO_ROOM or not isinstance(step, Add):
                    raise
                _take_all(publication, client, live_menus.read(client), wanted)
                break
        found = live_menus.read(client)
        if found.same(wanted):
            break
    return found


def _take_all(publication: Publication, client: Client, found: Live, wanted: Live) -> None:
    for step in _steps(found, wanted, removing_first=True):
        _take(publication, client, step)


def _steps(found: Live, wanted: Live, *, removing_first: bool) -> Iterator[Step]:
    return plan(found, wanted, removing_first=removing_first)


def _take(publication: Publication, client: Client, step: Step) -> None:
    """Makes one call, while the publication is still ours. Raises ``PublicationOvertaken`` otherwise."""
    if not publication.renew(LEASE):
        raise PublicationOvertaken
    live_menus.perform(client, step)


def _wanted(publication: Publication) -> Live:
    """Returns the menus that are to be live. Raises ``MenuNotReady`` and ``_NothingToReturnFrom``."""
    if publication.returns is not None and publication.version is None and publication.replaced is None:
        _resolve_return(publication, publication.returns)
    return live_menus.wanted(publication.account, publication.menu, publication.version)


def _resolve_return(publication: Publication, going: Publication) -> None:
    now_live = publication.menu.versions.filter(state=Version.State.PUBLISHED).first()
    if going.state != State.PUBLISHED or now_live is None or now_live.pk != going.version_id:
        raise _NothingToReturnFrom
    publication.version = going.replaced
    _note(publication, version=going.replaced)


def _refused(publication: Publication, error: ApiError) -> None:
    """Records the refusal, then reads the live menus, and ends the publication with both."""
    if publication.refusal is not None:
        # The reading of the live menus was refused as well.
        _finish(publication, State.FAILED, Reason.REFUSED)
        return
    _learn_from(publication, error)
    publication.error = str(error)
    _note(publication, refusal=error.errcode, errcode=error.errcode, error=publication.error)
    carry_out(publication)


def _learn_from(publication: Publication, error: ApiError) -> None:
    """Records mini programs as not linked after a refusal for that reason, except those that were live."""
    if error.errcode != NOT_LINKED:
        return
    known = live_menus.appids_of(live_menus.load(publication.before)) if publication.before else set()
    opened = live_menus.appids_of(_wanted(publication)) - known
    mini_programs.mark_refused(publication.account, opened)


@transaction.atomic
def _published(publication: Publication, found: Live) -> None:
    """Updates the states of versions, because the live menus are the wanted ones; ends the publication."""
    now = timezone.now()
    versions = Version.objects.filter(menu__account=publication.account, state=Version.State.PUBLISHED)
    replaced = versions.filter(menu=publication.menu).first()
    # Without a menu for everybody, WeChat shows no other menus.
    gone = versions.filter(menu=publication.menu) if found.button else versions
    gone.update(state=Version.State.SUPERSEDED, superseded_at=now)
    if publication.version is not None:
        publication.version.state = Version.State.PUBLISHED
        publication.version.published_at, publication.version.superseded_at = now, None
        publication.version.save(update_fields=["state", "published_at", "superseded_at"])
    mini_programs.mark_linked(publication.account, live_menus.appids_of(found))
    publication.refusal, publication.error = None, ""
    if not _finish(publication, State.PUBLISHED, "", found, replaced=replaced):
        transaction.set_rollback(True)


def _finish(
    publication: Publication,
    state: Publication.State,
    reason: str,
    found: Live | None = None,
    *,
    error: str | None = None,
    replaced: Version | None = None,
) -> bool:
    """Records the end of the publication; returns ``False`` if another worker has taken it over."""
    after = live_menus.dump(found) if found is not None else None
    with transaction.atomic():
        done = publication.done(
            state=state, reason=reason, after=after, finished_at=timezone.now(), replaced=replaced,
            refusal=publication.refusal, errcode=publication.refusal,
            error=publication.error if error is None else error,
        )  # fmt: skip
        if done and found is not None:
            watching.store(publication.account, found)
        if done:
            _log(publication, state, reason, found)
    return done


def _log(publication: Publication, state: Publication.State, reason: str, found: Live | None) -> None:
    """Writes the audit entry, with the live menus' changes."""
    if publication.asked_by_id is None:
        return
    before = live_menus.load(publication.before) if publication.before else None
    changes = in_words(before, found) if before is not None and found is not None else []
    outcome = Reason(reason).label if reason else State(state).label
    version = publication.version
    what = _("Version %(number)d") % {"number": version.number or 0} if version else _("Taken off")
    message = f"{labelled(what, outcome)} {listed(changes)}".strip()
    audit.record_by(publication.asked_by_id, publication.menu, message)


def _note(publication: Publication, **fields: object) -> None:
    """Saves values on the row while the publication is ours. Raises ``PublicationOvertaken`` otherwise."""
    if not publication.settle(**fields):
        raise PublicationOvertaken
