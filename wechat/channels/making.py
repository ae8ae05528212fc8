"""The background work that makes codes at the platform and fetches their pictures.

Making a code of the same scene twice does no harm, so a call is retried after a lost answer.
Reference: WeChat reference 7.1 and 7.2.
"""

import datetime
import time
import uuid

from django.conf import settings
from django.core.files.base import ContentFile
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext_lazy

from accounts.official.clients import client_for
from wechat.channels.models import Channel, Code
from wechat.kernel import buckets, files, work
from wechat.sdk.calls import qrcodes
from wechat.sdk.errors import TransportError, WeChatError

State = Code.State
# The rate limit of each account, shared by all workers.
PER_SECOND = 5.0
LARGEST_PICTURE = 2 * 1024 * 1024
PICTURES = frozenset({"image/jpeg", "image/png"})


CODES = work.Kind(
    "channels.make_codes",
    lambda: Code.objects.select_related("channel__account"),
    label=gettext_lazy("Making QR codes"),
    lease=datetime.timedelta(minutes=2),
    queue=work.BULK,
    subject="channel__account_id",
)


@CODES.each
def advance(code: Code) -> None:
    """Makes the code if it is waiting, and fetches its picture."""
    if code.state == State.WAITING:
        _make(code)
    try:
        _fetch_picture(code)
    except WeChatError as error:
        _without_picture(code, error)


def make_again(code: Code) -> None:
    """Schedules a new code with the same scene; the former code and picture stay valid until then."""
    code.state, code.due_at, code.attempts = State.WAITING, timezone.now(), 0
    code.errcode, code.error = None, ""
    code.save(update_fields=["state", "due_at", "attempts", "errcode", "error"])


def _make(code: Code) -> None:
    channel, asked_at = code.channel, timezone.now()
    _wait_for_turn(channel.account_id)
    client = client_for(channel.account)
    if channel.lifetime == Channel.Lifetime.PERMANENT:
        made = qrcodes.create_permanent(client, channel.scene)
    else:
        made = qrcodes.create_temporary(client, channel.scene, channel.days * 86_400)
    ends = datetime.timedelta(seconds=made.expires_in) if made.expires_in else None
    code.settle(
        attempts=0,
        error="",
        errcode=None,
        state=State.DRAWING,
        ticket=made.ticket,
        url=made.url,
        made_at=asked_at,
        expires_at=ends and asked_at + ends,
    )


def _wait_for_turn(account_id: int) -> None:
    while wait := buckets.wait_for(f"qrcodes:{account_id}", size=5, per_second=PER_SECOND):
        time.sleep(wait)


def _without_picture(code: Code, error: WeChatError) -> None:
    """Retries for a while, then marks the code as ready: it can be scanned from our own drawing."""
    if code.attempts < len(CODES.retry):
        code.again(error, timezone.now() + CODES.retry[code.attempts])
    else:
        code.done(state=State.READY, error=str(error))


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
    code.done(state=State.READY, picture=stored)
    if former:
        transaction.on_commit(lambda: code.picture.storage.delete(former))
