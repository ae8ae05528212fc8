"""The synchronisation with the platform's list of followers, as work that continues where it stopped.

A run goes through steps; each piece of a step writes its rows and its progress in one transaction, so a
killed worker costs one piece. Followers are marked as gone only if the whole list was read: if a page repeats
or leaves out openids, the run continues, reports it, and marks nobody. Likewise nobody is taken off the
blacklist that was not read whole.

Reference: WeChat reference 6.1, 6.3, 6.5 and 6.6.
"""

import datetime
import logging
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

from django.db import connection, transaction
from django.utils import timezone
from django.utils.translation import gettext_lazy

from accounts.followers import platform_rows
from accounts.followers.models import Follower, FollowerSync, ListedOpenid
from accounts.followers.sync_requests import ask_soon
from accounts.official import app_ids
from accounts.official.clients import client_for
from accounts.official.models import OfficialAccount
from wechat.kernel import work
from wechat.kernel.work import heartbeat
from wechat.sdk.calls import tags as tags_api
from wechat.sdk.calls import users
from wechat.sdk.client import Client
from wechat.sdk.errors import ApiError

log = logging.getLogger(__name__)

Kind, Step = FollowerSync.Kind, FollowerSync.Step
ENDED = (Step.DONE, Step.STOPPED)

# The time after which a run leaves the worker to other work.
RUN_SECONDS = 10.0
LEASE = heartbeat.LEASE
SYNCS = work.Kind(
    "followers.sync_followers",
    lambda: FollowerSync.objects.select_related("account"),
    label=gettext_lazy("Reading followers from WeChat"),
    queue=work.BULK,
)
# The profiles of one piece, the batches of 100 requested at once, and the calls a second.
PIECE = 1_000
IN_FLIGHT = 8
CALLS_A_SECOND = 100.0
INVALID_OPENID = 40003

LIST = """
INSERT INTO followers_listedopenid (sync_id, openid)
SELECT %s, openid FROM unnest(%s::text[]) WITH ORDINALITY AS page(openid, place) ORDER BY place
ON CONFLICT (sync_id, openid) DO NOTHING
"""
LIST_UNPROFILED = """
INSERT INTO followers_listedopenid (sync_id, openid)
SELECT %s, openid FROM followers_follower WHERE account_id = %s AND subscribed AND profiled_at IS NULL
ON CONFLICT (sync_id, openid) DO NOTHING
"""
# Excludes who followed or was seen after the run began: they may be missing from the list that was read.
LEAVE = """
UPDATE followers_follower AS f SET subscribed = FALSE, unsubscribed_at = %(started)s
WHERE account_id = %(account)s AND subscribed
    AND (subscribed_at IS NULL OR subscribed_at < %(started)s)
    AND (last_seen_at IS NULL OR last_seen_at < %(started)s)
    AND NOT EXISTS (
        SELECT FROM followers_listedopenid WHERE sync_id = %(sync)s AND openid = f.openid
    )
"""


class LeaseLost(Exception):
    """Another worker has taken over the run, or staff changed it."""


@dataclass(frozen=True, slots=True)
class Piece:
    """Openids whose profiles are being read; ``to`` is the id of the last listed row among them."""

    openids: Sequence[str]
    to: int
    asked_at: datetime.datetime
    answers: Sequence[Future[list[dict[str, Any]]]]


class Pace:
    """A limit of calls a second, shared by all threads."""

    def __init__(self, a_second: float) -> None:
        self._gap = 1 / a_second
        self._next = 0.0
        self._lock = threading.Lock()

    def wait(self) -> None:
        with self._lock:
            at = max(self._next, time.monotonic())
            self._next = at + self._gap
        time.sleep(max(0.0, at - time.monotonic()))


@app_ids.belongs
def has_followers(account: OfficialAccount) -> bool:
    return Follower.objects.filter(account=account).exists()


@SYNCS.each
def go_on(run: FollowerSync) -> None:
    """Continues a claimed run until it ends, has to wait, or its time is over."""
    until = time.monotonic() + RUN_SECONDS
    try:
        client = client_for(run.account)
        if run.started_at is None:
            _note(run, started_at=timezone.now())
        while run.step not in ENDED and time.monotonic() < until:
            STEPS[run.step](run, client, until)
        if run.step not in ENDED:
            _note(run, due_at=timezone.now())
    except LeaseLost:
        log.info("sync_taken_over", extra={"sync": run.pk})


def _read_tags(run: FollowerSync, client: Client, until: float) -> None:
    platform_rows.sync_tags(run.account, tags_api.get(client))
    cursor = "" if run.kind == Kind.FULL else _last_end(run)
    _note(run, step=Step.LISTING, cursor=cursor, kind=run.kind if cursor else Kind.FULL)


def _last_end(run: FollowerSync) -> str:
    """Returns the last openid of the last finished run, or "": the list is in the order of following."""
    before = FollowerSync.objects.filter(account=run.account, step=Step.DONE).exclude(cursor="")
    return before.order_by("-pk").values_list("cursor", flat=True).first() or ""


def _read_list(run: FollowerSync, client: Client, until: float) -> None:
    try:
        page = users.user_get(client, run.cursor)
    except ApiError as error:
        if error.errcode != INVALID_OPENID or run.kind == Kind.FULL:
            raise
        # The follower with whom the last run ended has left.
        _note(run, kind=Kind.FULL, cursor="")
        return
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(LIST, [run.pk, list(page.openids)])
        new = cursor.rowcount
        stuck = bool(page.openids) and new == 0
        ends = not page.cursor or stuck
        _note(
            run,
            total=page.total,
            listed=run.listed + new,
            repeated=run.repeated + len(page.openids) - new,
            cursor=page.cursor or run.cursor,
            step=Step.PROFILES if ends else Step.LISTING,
            remarks=[*run.remarks, "stuck"] if stuck else run.remarks,
        )
        if ends and run.kind == Kind.INCREMENTAL:
            cursor.execute(LIST_UNPROFILED, [run.pk, run.account_id])
            _note(run, listed=run.listed + cursor.rowcount)


def _read_profiles(run: FollowerSync, client: Client, until: float) -> None:
    """Reads profiles piece by piece; the next piece is requested while this one is written."""
    pace = Pace(CALLS_A_SECOND)
    with ThreadPoolExecutor(IN_FLIGHT, thread_name_prefix="profiles") as pool:
        piece = _ask_for_piece(pool, pace, client, run, run.profiled_to)
        if piece is None:
            _note(run, step=Step.LEAVING) if run.kind == Kind.FULL else _finish(run)
        while piece is not None:
            began = time.monotonic()
            following = (
                _ask_for_piece(pool, pace, client, run, piece.to) if time.monotonic() < until else None
            )
            _keep(run, client, piece, began)
            piece = following


def _ask_for_piece(
    pool: ThreadPoolExecutor, pace: Pace, client: Client, run: FollowerSync, after: int
) -> Piece | None:
    rows = list(
        ListedOpenid.objects.filter(sync=run, pk__gt=after).order_by("pk").values_list("pk", "openid")[:PIECE]
    )
    if not rows:
        return None
    openids = [openid for _pk, openid in rows]
    batches = [openids[start : start + users.INFO_BATCH] for start in range(0, len(rows), users.INFO_BATCH)]
    asked_at = timezone.now()
    answers = [pool.submit(_profiles_of, client, pace, batch) for batch in batches]
    return Piece(openids, rows[-1][0], asked_at, answers)


def _profiles_of(client: Client, pace: Pace, openids: Sequence[str]) -> list[dict[str, Any]]:
    """Returns the profiles of a batch, without an openid that the platform refuses.

    One such openid spoils the whole batch: it is halved until that openid is alone.
    """
    pace.wait()
    try:
        return users.user_info_batch(client, openids)
    except ApiError as error:
        if error.errcode != INVALID_OPENID:
            raise
        if len(openids) == 1:
            return []
    finally:
        connection.close()  # fetching a token may have used one
    middle = len(openids) // 2
    return [
        *_profiles_of(client, pace, openids[:middle]),
        *_profiles_of(client, pace, openids[middle:]),
    ]


def _keep(run: FollowerSync, client: Client, piece: Piece, began: float) -> None:
    profiles = []
    for answer in piece.answers:
        profiles += answer.result()
        _renew(run)
    with transaction.atomic():
        noted = platform_rows.update_profiles(run.account, client, piece.openids, profiles, piece.asked_at)
        rate = len(piece.openids) / max(time.monotonic() - began, 0.001)
        _note(
            run,
            profiled_to=piece.to,
            profiled=run.profiled + len(piece.openids),
            added=run.added + noted.added,
            left=run.left + noted.left,
            rate=0.9 * run.rate + 0.1 * rate if run.rate else rate,
        )


def _note_leavers(run: FollowerSync, client: Client, until: float) -> None:
    """Marks the followers who are not in the list as gone, if the whole list was read."""
    if run.listed < run.total or "stuck" in run.remarks:
        _note(run, step=Step.BLACKLIST, remarks=[*run.remarks, "incomplete"])
        return
    _renew(run)
    with transaction.atomic(), connection.cursor() as cursor:
        # Without this, the server plans with the statistics from before the run, and compares each follower
        # with each listed openid.
        cursor.execute("ANALYZE followers_listedopenid, followers_follower, followers_follower_tags")
        cursor.execute(LEAVE, {"started": run.started_at, "account": run.account_id, "sync": run.pk})
        _note(run, step=Step.BLACKLIST, left=run.left + cursor.rowcount)


def _read_blacklist(run: FollowerSync, client: Client, until: float) -> None:
    openids: dict[str, None] = {}
    page = users.blacklist(client)
    while page.openids and not openids.keys() >= set(page.openids):
        openids.update(dict.fromkeys(page.openids))
        _renew(run)
        if not page.cursor:
            break
        page = users.blacklist(client, page.cursor)
    platform_rows.note_blacklist(run.account, list(openids), is_whole=len(openids) >= page.total)
    _finish(run)


def _finish(run: FollowerSync) -> None:
    ListedOpenid.objects.filter(sync=run).delete()
    _note(run, step=Step.DONE, due_at=None, finished_at=timezone.now())
    if platform_rows.unprofiled(run.account):
        # Some followed while the run was under way.
        ask_soon([run.account_id])


STEPS: Mapping[str, Callable[[FollowerSync, Client, float], None]] = {
    Step.TAGS: _read_tags,
    Step.LISTING: _read_list,
    Step.PROFILES: _read_profiles,
    Step.LEAVING: _note_leavers,
    Step.BLACKLIST: _read_blacklist,
}


def _renew(run: FollowerSync) -> None:
    """Renews the lease of a run. Raises ``LeaseLost`` if it is no longer ours."""
    if not run.renew(LEASE):
        raise LeaseLost


def _note(run: FollowerSync, **values: Any) -> None:
    """Saves progress and renews the lease, if the run is still ours. Raises ``LeaseLost`` otherwise."""
    if not run.done(**{"due_at": timezone.now() + LEASE, **values}):
        raise LeaseLost
