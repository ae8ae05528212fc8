"""The outbox of webhooks: an event is stored as a row for each endpoint, in the transaction that causes it.

A worker posts it, signed according to Standard Webhooks (``wechat.kernel.webhooks``), and retries until it is
answered with a status of 200 to 299, for some 23 hours in all. The body is ``{"type", "timestamp", "data"}``.
An endpoint that has failed for days, or answers that it is gone, is switched off, and staff are told.
"""

import datetime
import json
import logging
import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from typing import Any

from django.conf import settings
from django.db import transaction
from django.db.models import F, Q, QuerySet
from django.utils import timezone
from django.utils.translation import gettext_lazy

from accounts.official.models import OfficialAccount
from wechat.kernel import metrics, tracing, webhooks, work
from wechat.kernel.line_rates import LineRate
from wechat.kernel.models import Hold
from wechat.kernel.registry import Registry
from wechat.kernel.work import holds
from wechat.sdk.errors import Cause
from wechat.sdk.text import decode
from wechat.webhooks.models import Delivery, Endpoint, new_message_id

log = logging.getLogger(__name__)

State = Delivery.State

# Separate limits, so that lines about failures are not crowded out by the others.
_lines = {good: LineRate(settings.SEND_LINES_PER_SECOND) for good in (True, False)}

AT_ONCE = 16
DELIVERIES = work.Kind(
    "webhooks.deliver",
    lambda: Delivery.objects.select_related("endpoint", "account"),
    label=gettext_lazy("Delivering webhooks"),
    lease=datetime.timedelta(minutes=2),
    queue=work.BULK,
    batch=AT_ONCE,
    subject="endpoint_id",
)
RETRY_AFTER = [
    datetime.timedelta(seconds=seconds)
    for seconds in (10, 60, 300, 1800, 3600, 3 * 3600, 6 * 3600, 12 * 3600)
]
# The time after which a failing endpoint is switched off.
PATIENCE = datetime.timedelta(days=3)
# The status of a receiver that wants nothing more.
GONE = 410
# Kept on rows; staff read it in their language beside the endpoint.
UNSIGNED = "No key of FIELD_ENCRYPTION_KEYS opens the signing secret."

# Handles the JSON of an endpoint's answer; returns what is wrong with it, or the empty text.
Answering = Callable[[Delivery, Any], str]
_answering: Registry[Answering] = Registry("reader of answers")


class Unsigned(Exception):
    """The endpoint has no secret, or one that no key opens: nothing can be signed for it."""

    cause = Cause.ACCOUNT


@dataclass(frozen=True, slots=True)
class DeliveryAttempt:
    """The result of one attempt; ``status`` is ``None`` if no answer came, or nothing was posted."""

    ms: int
    status: int | None = None
    error: str = ""
    body: Any = None
    retry_after: datetime.timedelta = datetime.timedelta(0)

    @property
    def delivered(self) -> bool:
        return self.status is not None and 200 <= self.status < 300


def answered(event: str) -> Callable[[Answering], Answering]:
    """Registers a function that handles the JSON with which endpoints answer such an event."""

    def register(answering: Answering) -> Answering:
        _answering.add(event, answering)
        return answering

    return register


def emit(
    account: OfficialAccount, event: str, data: Mapping[str, Any], *, key: str, openid: str = ""
) -> None:
    """Queues an event for all subscribers; to be called inside the transaction that causes it."""
    for endpoint in subscribers(account, event):
        send(endpoint, account, event, data, key=key, openid=openid)


def subscribers(account: OfficialAccount, event: str) -> QuerySet[Endpoint]:
    """Returns the account's endpoints for the event, and those of API clients that may access the account."""
    theirs = Q(client__enabled=True, client__accounts=account)
    return Endpoint.objects.filter(Q(account=account) | theirs, enabled=True, events__contains=[event])


def endpoint_of(owner: str, account: OfficialAccount, url: str, secret: str) -> Endpoint:
    """Returns the endpoint that something else keeps, as ``rule:12``, as it says now.

    An empty ``secret`` is one that no key opens: what is posted waits until there is another.
    """
    endpoint = Endpoint.objects.filter(owner=owner).first()
    if endpoint is None:
        endpoint, _made = Endpoint.objects.get_or_create(
            owner=owner, defaults={"account": account, "url": url, "secret": secret}
        )
    if (endpoint.url, endpoint.readable_secret("secret")) != (url, secret):
        endpoint.url, endpoint.secret = url, secret
        begin_anew(endpoint)
    return endpoint


def begin_anew(endpoint: Endpoint) -> None:
    """Saves an endpoint with another address or secret: whatever was wrong with the former one is over."""
    endpoint.enabled, endpoint.failing_since, endpoint.switched_off_at = True, None, None
    endpoint.save()
    holds.lift_all(held(endpoint))


def send(
    endpoint: Endpoint,
    account: OfficialAccount,
    event: str,
    data: Mapping[str, Any],
    *,
    key: str,
    openid: str = "",
) -> bool:
    """Queues an event for one endpoint, once for each ``key``; returns whether it is new."""
    known = Delivery.objects.filter(endpoint=endpoint, key=key).exists()
    send_all([prepared(endpoint, account, event, data, key=key, openid=openid)])
    return not known


def send_all(deliveries: Sequence[Delivery]) -> None:
    """Queues deliveries, except those whose key their endpoint already has."""
    if deliveries:
        Delivery.objects.bulk_create(deliveries, ignore_conflicts=True)
        work.wake("webhooks.deliver")


def prepared(
    endpoint: Endpoint,
    account: OfficialAccount,
    event: str,
    data: Mapping[str, Any],
    *,
    key: str,
    openid: str = "",
    trace: str = "",
) -> Delivery:
    """Returns the unsaved row of an event; ``trace`` is that of its cause, by default the current one."""
    now = timezone.now()
    body = {"type": event, "timestamp": now.isoformat(), "data": {"account": account.slug, **data}}
    text = json.dumps(body, ensure_ascii=False)
    row = Delivery(endpoint=endpoint, account=account, event=event, key=key, openid=openid, body=text)
    row.trace = trace or row.trace
    row.state, row.due_at = (State.WAITING, now) if endpoint.enabled else (State.FAILED, None)
    return row


def send_again(deliveries: Sequence[Delivery]) -> int:
    """Queues delivered or given-up deliveries again, as the same message; returns their number."""
    closed = Delivery.objects.filter(
        pk__in=[each.pk for each in deliveries], due_at=None, endpoint__enabled=True
    )
    count = closed.update(state=State.WAITING, due_at=timezone.now(), attempts=0)
    work.wake("webhooks.deliver")
    return count


@DELIVERIES.together
def deliver(found: Sequence[Delivery]) -> None:
    """Posts events to business systems in parallel; only the caller's thread uses the database.

    An endpoint that does not answer several times is put on hold, and its other events wait for a probe.
    """
    going = [each for each in found if each.endpoint.enabled]
    with ThreadPoolExecutor(AT_ONCE, thread_name_prefix="webhooks") as pool:
        attempts = list(pool.map(_attempt, going))
    for delivery, attempt in zip(going, attempts, strict=True):
        _settle(delivery, attempt)
    for delivery in found:
        if not delivery.endpoint.enabled:
            # Without an error: nobody was asked.
            delivery.give_up("")


def sample(endpoint: Endpoint, account: OfficialAccount, event: str, example: Mapping[str, Any]) -> Delivery:
    """Posts an example now, once, even if the endpoint is off; returns the delivery with its attempt."""
    data, key = {**example, "sample": True}, f"sample:{new_message_id()}"
    delivery = prepared(endpoint, account, event, data, key=key)
    attempt = _attempt(delivery)
    delivery.state, delivery.due_at = (State.DELIVERED if attempt.delivered else State.FAILED), None
    delivery.attempts, delivery.log = 1, [_entry(attempt)]
    delivery.save()
    return delivery


def _attempt(delivery: Delivery) -> DeliveryAttempt:
    """Posts one delivery. It runs in another thread and must not use the database."""
    with tracing.span("webhooks.deliver", delivery.trace, event=delivery.event):
        attempt = _posted(delivery)
        if _lines[attempt.delivered].allows():
            line = {"event_type": delivery.event, "account": delivery.account.slug, "status": attempt.status}
            log.info("webhook", extra={**line, "endpoint": delivery.endpoint_id, "ms": attempt.ms})
    return attempt


def _posted(delivery: Delivery) -> DeliveryAttempt:
    started, endpoint = time.monotonic(), delivery.endpoint
    if endpoint.is_unsigned:
        return DeliveryAttempt(0, error=UNSIGNED)
    try:
        answer = webhooks.post(
            endpoint.url, delivery.body.encode(), list(endpoint.valid_secrets()), delivery.message_id
        )
    except webhooks.NoAnswer as error:
        return DeliveryAttempt(_since(started), error=str(error)[:500])
    outcome = DeliveryAttempt(
        _since(started), answer.status, body=answer.json(), retry_after=answer.retry_after
    )
    if outcome.delivered:
        return outcome
    return replace(outcome, error=decode(answer.body[:500]) or f"HTTP {answer.status}")


def held(endpoint: Endpoint) -> QuerySet[Hold]:
    """Returns the hold on the deliveries to this receiver, if there is one."""
    return Hold.objects.filter(work=DELIVERIES.name, subject=endpoint.pk, until__isnull=False)


def unsigned() -> QuerySet[Hold]:
    """Returns the holds of the receivers for which nothing can be signed."""
    return Hold.objects.filter(work=DELIVERIES.name, cause=Hold.Cause.ACCOUNT, until__isnull=False)


@transaction.atomic
def _settle(delivery: Delivery, attempt: DeliveryAttempt) -> None:
    if delivery.endpoint.is_unsigned:
        DELIVERIES.failed(delivery, Unsigned(UNSIGNED))
        return
    now = timezone.now()
    metrics.WEBHOOKS.labels(str(attempt.status or "no_answer")).inc()
    if attempt.delivered and (answering := _answering.find(delivery.event)):
        attempt = replace(attempt, error=answering(delivery, attempt.body))
    history = [*delivery.log, _entry(attempt)]
    if attempt.delivered:
        delivery.settle(state=State.DELIVERED, due_at=None, attempts=F("attempts") + 1, error="", log=history)
    elif attempt.status == GONE:
        delivery.give_up(attempt.error, log=history)
    elif delivery.attempts < len(RETRY_AFTER):
        wait = max(RETRY_AFTER[delivery.attempts], min(attempt.retry_after, RETRY_AFTER[-1]))
        delivery.again(attempt.error, now + wait, log=history)
    else:
        delivery.give_up(attempt.error, log=history)
    if attempt.status is not None:
        DELIVERIES.answered(delivery)
    else:
        holds.report(
            DELIVERIES.name, delivery.endpoint_id, Cause.AWAY, attempt.error, is_probe=delivery.is_probe
        )
    _update_health(delivery, now, attempt)


def _entry(attempt: DeliveryAttempt) -> dict[str, Any]:
    at = timezone.now().isoformat()
    return {"at": at, "status": attempt.status, "ms": attempt.ms, "error": attempt.error}


def _update_health(delivery: Delivery, now: datetime.datetime, attempt: DeliveryAttempt) -> None:
    """Records since when the endpoint has been failing.

    Switches it off if the receiver says that it is gone, or if it has failed for days and a delivery has had
    all of its attempts: two failures of an endpoint with rare events may lie days apart.
    """
    # What a former address answered says nothing about the one of now.
    rows = Endpoint.objects.filter(pk=delivery.endpoint_id, url=delivery.endpoint.url)
    if attempt.delivered:
        rows.filter(failing_since__isnull=False).update(failing_since=None)
        return
    rows.filter(failing_since=None).update(failing_since=now)
    if delivery.state != State.FAILED:
        return
    longest = datetime.timedelta(0) if attempt.status == GONE else PATIENCE
    failing = rows.filter(enabled=True, failing_since__lte=now - longest)
    if failing.update(enabled=False, switched_off_at=now):
        log.error("webhook_switched_off", extra={"endpoint": delivery.endpoint_id})


def _since(started: float) -> int:
    return round((time.monotonic() - started) * 1000)
