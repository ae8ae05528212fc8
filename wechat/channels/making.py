"""Codes on their way: asked for at the platform, and their pictures fetched, by a worker.

Asking twice for a code of the same scene harms nobody, so a lost answer is asked for again.
Reference: WeChat reference 7.1 and 7.2.
"""

import datetime
import time
import uuid

from django.conf import settings
from django.core.files.base import ContentFile
from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone

from accounts.clients import client_for
from wechat.channels.models import Channel, Code
from wechat.kernel import due, files
from wechat.sdk.api import qrcodes
from wechat.sdk.errors import ApiError, TransportError, WeChatError

State = Code.State

LEASE = datetime.timedelta(minutes=2)
RETRY_AFTER = [datetime.timedelta(seconds=seconds) for seconds in (5, 30, 300, 3600)]
# A used-up day ends at midnight; a hundred codes that each try every few seconds would not help.
QUOTA_PAUSE = datetime.timedelta(hours=1)
DAILY_QUOTA = 45009
RUN_SECONDS = 20.0
PER_SECOND = 5.0
LARGEST_PICTURE = 2 * 1024 * 1024
PICTURES = frozenset({"image/jpeg", "image/png"})


def make_due() -> int:
    """Bring what is due a step further until nothing is; how many steps were tried."""
    tried, until = 0, time.monotonic() + RUN_SECONDS
    while time.monotonic() < until and (codes := due.claim(_open(), lease=LEASE, limit=1)):
        began = time.monotonic()
        for code in codes:
            _advance(code)
        tried += len(codes)
        time.sleep(max(0.0, 1 / PER_SECOND - (time.monotonic() - began)))
    return tried


def is_due() -> bool:
    return _open().filter(due_at__lte=timezone.now()).exists()


def make_again(code: Code) -> None:
    """Have a worker make it anew, with the same scene; the former code and picture are good until then."""
    code.state, code.due_at, code.attempts = State.WAITING, timezone.now(), 0
    code.errcode, code.error = None, ""
    code.save(update_fields=["state", "due_at", "attempts", "errcode", "error"])


def _open() -> QuerySet[Code]:
    codes = Code.objects.filter(due_at__isnull=False, channel__account__enabled=True)
    return codes.select_related("channel__account")


def _advance(code: Code) -> None:
    code.attempts += 1
    try:
        if code.state == State.WAITING:
            _make(code)
        _fetch_picture(code)
    except WeChatError as error:
        _failed(code, error)


def _make(code: Code) -> None:
    channel, asked_at = code.channel, timezone.now()
    client = client_for(channel.account)
    if channel.lifetime == Channel.Lifetime.PERMANENT:
        made = qrcodes.create_permanent(client, channel.scene)
    else:
        made = qrcodes.create_temporary(client, channel.scene, channel.days * 86_400)
    ends = datetime.timedelta(seconds=made.expires_in) if made.expires_in else None
    code.state, code.attempts = State.DRAWING, 1
    _keep(
        code,
        state=State.DRAWING,
        ticket=made.ticket,
        url=made.url,
        made_at=asked_at,
        expires_at=ends and asked_at + ends,
    )
    code.ticket = made.ticket


def _fetch_picture(code: Code) -> None:
    body = qrcodes.picture(code.ticket, settings.WECHAT_MP_BASE)
    kind = files.content_type(body[: files.HEAD_BYTES])
    if kind not in PICTURES or len(body) > LARGEST_PICTURE:
        raise TransportError(
            "/cgi-bin/showqrcode answered something other than a picture", outcome_unknown=True
        )
    former = code.picture.name
    name = f"channels/{code.channel.account_id}/codes/{uuid.uuid4().hex}.{files.extension(kind)}"
    stored = code.picture.storage.save(name, ContentFile(body))
    _keep(code, state=State.READY, due_at=None, picture=stored)
    if former:
        transaction.on_commit(lambda: code.picture.storage.delete(former))


def _failed(code: Code, error: WeChatError) -> None:
    errcode = error.errcode if isinstance(error, ApiError) else None
    told = {"errcode": errcode, "error": str(error)}
    if errcode == DAILY_QUOTA:
        _keep(code, **told)
        _hold_back(code)
    elif _is_lasting(error) or code.attempts > len(RETRY_AFTER):
        # Without its picture a code can still be scanned: it is drawn here.
        over = State.READY if code.state == State.DRAWING else State.FAILED
        _keep(code, state=over, due_at=None, **told)
    else:
        _keep(code, due_at=timezone.now() + RETRY_AFTER[code.attempts - 1], **told)


def _is_lasting(error: WeChatError) -> bool:
    return isinstance(error, ApiError) and not (error.retryable or error.refresh_token)


def _hold_back(code: Code) -> None:
    """All that the account still waits for, and as if it had not been tried."""
    later = timezone.now() + QUOTA_PAUSE
    waiting = Code.objects.filter(channel__account=code.channel.account_id, state=State.WAITING)
    waiting.filter(due_at__lt=later).update(due_at=later)
    Code.objects.filter(pk=code.pk).update(attempts=0)


def _keep(code: Code, **outcome: object) -> None:
    kept = {"attempts": code.attempts, "errcode": None, "error": "", **outcome}
    Code.objects.filter(pk=code.pk).update(**kept)
