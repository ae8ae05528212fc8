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
from accounts.retrying import DAY_QUOTA, MINUTE_QUOTA, again_at
from wechat.channels.models import Channel, Code
from wechat.kernel import buckets, due, files
from wechat.sdk.api import qrcodes
from wechat.sdk.errors import ApiError, TransportError, WeChatError

State = Code.State
QUOTAS = frozenset({DAY_QUOTA, MINUTE_QUOTA})

LEASE = datetime.timedelta(minutes=2)
RUN_SECONDS = 20.0
# For each account, by all workers together.
PER_SECOND = 5.0
LARGEST_PICTURE = 2 * 1024 * 1024
PICTURES = frozenset({"image/jpeg", "image/png"})


def make_due() -> int:
    """Bring what is due a step further until nothing is; how many steps were tried."""
    return due.work_off(_open(), _advance, lease=LEASE, seconds=RUN_SECONDS)


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
    _wait_for_turn(channel.account_id)
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


def _wait_for_turn(account_id: int) -> None:
    while wait := buckets.wait_for(f"qrcodes:{account_id}", size=5, per_second=PER_SECOND):
        time.sleep(wait)


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
    due_at = again_at(error, code.attempts - 1)
    if due_at is not None:
        _keep(code, due_at=due_at, **told)
        if errcode in QUOTAS:
            _hold_back(code, due_at)
    else:
        # Without its picture a code can still be scanned: it is drawn here.
        over = State.READY if code.state == State.DRAWING else State.FAILED
        _keep(code, state=over, due_at=None, **told)


def _hold_back(code: Code, until: datetime.datetime) -> None:
    """All that the account still waits for: a thousand codes that each try would not help."""
    waiting = Code.objects.filter(channel__account=code.channel.account_id, state=State.WAITING)
    waiting.filter(due_at__lt=until).update(due_at=until)


def _keep(code: Code, **outcome: object) -> None:
    kept = {"attempts": code.attempts, "errcode": None, "error": "", **outcome}
    Code.objects.filter(pk=code.pk).update(**kept)
