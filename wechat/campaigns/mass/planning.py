"""The planning of mass sends: a scheduled one becomes its calls, all of them or none."""

import datetime
import secrets
from dataclasses import dataclass

from django.db import connection, transaction
from django.db.models import Q, QuerySet
from django.utils import timezone
from django.utils.translation import gettext_lazy

from accounts.followers.models import Follower
from accounts.followers.segments import UnknownCondition, fingerprint_of
from wechat.campaigns.mass import allowance, bodies
from wechat.campaigns.models import MassCall, MassRecipient, MassSend
from wechat.kernel import work
from wechat.kernel.subqueries import select_sql
from wechat.sdk.calls import mass

State, Target = MassSend.State, MassSend.Target

SENDS = work.Kind(
    "campaigns.mass_begin",
    lambda: MassSend.objects.filter(state=State.SCHEDULED, account__enabled=True).select_related("account"),
    label=gettext_lazy("Beginning mass sends"),
    lease=datetime.timedelta(minutes=10),
    queue=work.BULK,
    # It calls no platform: the calls it creates are background work of their own.
    subject="",
    asks=Q(state=State.SCHEDULED),
)
AGAIN = datetime.timedelta(seconds=30)

# One statement, so that the calls are for exactly the followers that were counted. They share the followers
# evenly, because the platform refuses a call for a single one.
SPLIT = """
WITH chosen AS MATERIALIZED (
    SELECT openid, row_number() OVER (ORDER BY id) - 1 AS place, count(*) OVER () AS total
    FROM ({followers}) followers(id, openid)
),
numbered AS (
    SELECT openid, 1 + place %% ceil(total / %s::numeric)::int AS number FROM chosen
),
calls AS (
    INSERT INTO campaigns_masscall (
        send_id, account_id, number, clientmsgid, body, size, state, due_at, attempts, error, status, checks,
        urls
    )
    SELECT %s, %s, number, left('m' || replace(gen_random_uuid()::text, '-', ''), 32), %s::jsonb, count(*),
        'waiting', now(), 0, '', '', '[]', '{{}}'
    FROM numbered GROUP BY number
    RETURNING id, number
)
INSERT INTO campaigns_massrecipient (call_id, account_id, openid, at)
SELECT calls.id, %s, numbered.openid, %s FROM numbered JOIN calls USING (number)
"""

NOTE = """
INSERT INTO campaigns_massrecipient (call_id, account_id, openid, at)
SELECT %s, %s, openid, %s FROM ({followers}) followers(openid)
"""


@dataclass(frozen=True, slots=True)
class CannotBegin(Exception):
    """The error for a mass send that cannot begin; ``mark`` is the reason, a key of ``words.MARKS``."""

    mark: str


def plan(send: MassSend, at: datetime.datetime | None, user_id: int | None) -> bool:
    """Schedules the mass send for that time (``None``: now); returns ``False`` if it was no draft."""
    starts_at = at or timezone.now()
    changed = MassSend.objects.filter(pk=send.pk, state=State.DRAFT).update(
        state=State.SCHEDULED,
        due_at=starts_at,
        starts_at=starts_at,
        draft_revision=send.draft.revision if send.draft else None,
        segment_fingerprint=fingerprint_of(send.segment) if send.target == Target.SEGMENT else "",
        sent_by=user_id,
        attempts=0,
        error="",
    )
    work.wake("campaigns.mass_begin")
    return bool(changed)


@SENDS.cancels
def take_back(send: MassSend) -> bool:
    """Reverts a scheduled mass send to a draft; returns ``False`` if it has begun."""
    waiting = MassSend.objects.filter(pk=send.pk, state=State.SCHEDULED)
    draft = {"state": State.DRAFT, "draft_revision": None, "segment_fingerprint": ""}
    return bool(waiting.update(due_at=None, starts_at=None, **draft))


@SENDS.each
def begin(send: MassSend) -> None:
    """Creates the calls of a mass send that is due, or records why it cannot begin."""
    try:
        with transaction.atomic():
            # The row is locked: a concurrent take-back comes before or after this, never in between.
            locked = MassSend.objects.select_for_update(of=("self",), no_key=True)
            current = locked.filter(pk=send.pk, state=State.SCHEDULED, due_at=send.due_at).first()
            if current is not None:
                _make_calls(current)
    except bodies.BodyNotReady as missing:
        if missing.mark == "file":
            send.done(due_at=timezone.now() + AGAIN, error=missing.mark)
        else:
            send.give_up(missing.mark)
    except CannotBegin as refused:
        send.give_up(refused.mark)
    except UnknownCondition:
        send.give_up("segment")


def _make_calls(send: MassSend) -> None:
    if send.is_segment_changed:
        raise CannotBegin("segment_changed")
    body, now = bodies.body_of(send), timezone.now()
    if send.target in (Target.SEGMENT, Target.LIST):
        _split(send, body, now)
    else:
        _one_call(send, body, now)
    send.done(state=State.SENDING, started_at=now)
    work.wake("campaigns.mass_send")


def _one_call(send: MassSend, body: mass.Body, now: datetime.datetime) -> None:
    tag = send.tag.platform_id if send.target == Target.TAG and send.tag else None
    if send.target == Target.TAG and tag is None:
        raise CannotBegin("tag")
    call = MassCall.objects.create(
        send=send,
        account=send.account,
        number=1,
        clientmsgid="m" + secrets.token_hex(15),
        body=dict(body),
        tag_id=tag,
        size=allowance.arithmetic(send, now).will_get,
        due_at=now,
    )
    if send.target == Target.TAG:
        _note_recipients(call, allowance.receivers(send, now), now)


def _note_recipients(call: MassCall, followers: QuerySet[Follower], now: datetime.datetime) -> None:
    sql, parameters = select_sql(followers.order_by().values_list("openid"))
    with connection.cursor() as cursor:
        cursor.execute(NOTE.format(followers=sql), [call.pk, call.account_id, now, *parameters])


def _split(send: MassSend, body: mass.Body, now: datetime.datetime) -> None:
    followers = allowance.receivers(send, now)
    sql, parameters = select_sql(followers.order_by().values_list("pk", "openid"))
    template = MassCall(body=dict(body))
    prepared = MassCall._meta.get_field("body").get_db_prep_save(template.body, connection)
    with connection.cursor() as cursor:
        cursor.execute(
            SPLIT.format(followers=sql),
            [*parameters, mass.MOST_OPENIDS, send.pk, send.account_id, prepared, send.account_id, now],
        )
        chosen = cursor.rowcount
    if chosen < mass.LEAST_OPENIDS:
        raise CannotBegin("too_few")
    if send.is_articles and chosen > mass.MOST_OPENIDS:
        raise CannotBegin("articles_once")


def recipients(call: MassCall) -> list[str]:
    return list(MassRecipient.objects.filter(call=call).order_by("pk").values_list("openid", flat=True))
