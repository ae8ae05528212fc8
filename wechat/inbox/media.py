"""The pictures, voices and videos of followers, fetched once while the platform still has them.

Reference: WeChat reference 2.1 Messages, 12.1 Temporary media.
"""

import datetime
import uuid
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

from django.core.files.base import ContentFile
from django.db import connection
from django.utils import timezone
from django.utils.translation import gettext_lazy

from accounts.official.clients import client_for, may_download_from
from wechat.inbox.models import InboundMedia, InboundMessage
from wechat.kernel import files, work
from wechat.sdk.calls.media import get_temporary
from wechat.sdk.downloads import download as fetch_file
from wechat.sdk.errors import Cause
from wechat.sdk.messages import Image, Message, Video, Voice

Kind, State = InboundMedia.Kind, InboundMedia.State

LARGEST = 25 * 1024 * 1024
KEPT_BY_PLATFORM = datetime.timedelta(days=3)
IN_FLIGHT = 4
FETCHES = work.Kind(
    "inbox.fetch_media",
    lambda: InboundMedia.objects.select_related("message__account"),
    label=gettext_lazy("Fetching files that followers sent"),
    lease=datetime.timedelta(minutes=5),
    queue=work.BULK,
    batch=IN_FLIGHT,
    retry=[datetime.timedelta(seconds=seconds) for seconds in (10, 60, 600, 3600, 6 * 3600)],
    subject="message__account_id",
)

VIDEO_TIMEOUT = (3.0, 10.0)
VIDEO_SECONDS = 120.0


class Unusable(Exception):
    """The error for an answer without a file that can be kept; another try would bring the same one."""

    cause, is_answer = Cause.ROW, True


@dataclass(frozen=True, slots=True)
class Fetched:
    body: bytes
    content_type: str


Outcome = Fetched | Exception


def queue_fetch(row: InboundMessage, message: Message) -> None:
    """Makes a worker fetch the media of this message; safe to repeat."""
    wanted = [
        InboundMedia(message=row, media_id=media_id, kind=kind, due_at=timezone.now())
        for media_id, kind in _named(message)
        if media_id
    ]
    InboundMedia.objects.bulk_create(wanted, ignore_conflicts=True)


@FETCHES.together
def fetch(rows: Sequence[InboundMedia]) -> None:
    """Fetches files in parallel; only the caller's thread uses the database."""
    with ThreadPoolExecutor(IN_FLIGHT, thread_name_prefix="media") as pool:
        for row, outcome in zip(rows, pool.map(_fetched, rows), strict=True):
            _settle(row, outcome)


def _named(message: Message) -> Iterator[tuple[str, InboundMedia.Kind]]:
    match message:
        case Image():
            yield message.media_id, Kind.IMAGE
        case Voice():
            yield message.media_id, Kind.VOICE
        case Video():
            yield message.media_id, Kind.VIDEO
            yield message.thumb_media_id, Kind.THUMB


def _fetched(row: InboundMedia) -> Outcome:
    """Fetches one file in a thread, which does not use the database."""
    try:
        return _checked(_body(row))
    except Exception as error:  # noqa: BLE001 - the policy decides what it means; the other files go on
        return error
    finally:
        connection.close()  # fetching a token may have used one


def _body(row: InboundMedia) -> bytes:
    download = get_temporary(client_for(row.message.account), row.media_id)
    if download.json is None:
        return download.body
    address = download.json.get("video_url")
    if not isinstance(address, str) or not address.startswith(("http://", "https://")):
        raise Unusable("WeChat sent neither a file nor the address of one.")
    return fetch_file(
        address, admission=may_download_from, most=LARGEST, seconds=VIDEO_SECONDS, timeout=VIDEO_TIMEOUT
    )


def _checked(body: bytes) -> Fetched:
    if len(body) > LARGEST:
        raise Unusable(f"The file is larger than {LARGEST // 1024 // 1024} MB.")
    return Fetched(body, files.content_type(body[: files.HEAD_BYTES]))


def _settle(row: InboundMedia, outcome: Outcome) -> None:
    if isinstance(outcome, Fetched):
        _keep(row, outcome)
        FETCHES.answered(row)
    elif timezone.now() > row.message.sent_at + KEPT_BY_PLATFORM:
        row.give_up(outcome)
    else:
        FETCHES.failed(row, outcome)


def _keep(row: InboundMedia, fetched: Fetched) -> None:
    # A name nobody can guess, and none that a follower had a hand in.
    name = f"{uuid.uuid4().hex}.{files.extension(fetched.content_type)}"
    folder = f"inbound/{row.message.account_id}/{row.message.sent_at:%Y/%m/%d}"
    row.file.save(f"{folder}/{name}", ContentFile(fetched.body), save=False)
    kept = row.done(
        state=State.FETCHED,
        file=row.file.name,
        content_type=fetched.content_type,
        size=len(fetched.body),
    )
    if not kept and row.file.name:
        # The person was erased meanwhile, or another worker has it.
        row.file.storage.delete(row.file.name)
