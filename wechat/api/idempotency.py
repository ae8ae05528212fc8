"""The ``Idempotency-Key``: a request that is sent twice is carried out once.

A row for the key is written before the work. A repeat that finds the row gets its answer, or is told that the
work is under way. If a process dies, its key is free after ``LEASE``, and a repeat does the work again. So a
view passes ``key`` on to rows that it creates, wherever they have a unique key.
"""

import datetime
import json
from typing import Any

from django.db import connection
from django.utils import timezone
from django.utils.translation import gettext as _
from rest_framework.renderers import JSONRenderer
from rest_framework.response import Response

from wechat.api.errors import ApiRefusal
from wechat.api.models import ApiClient, KeptAnswer

LEASE = datetime.timedelta(seconds=60)
KEPT = datetime.timedelta(hours=24)
LONGEST_KEY = 128

# Of ``INSERT INTO api_keptanswer``: a key is taken over when its time is over, or its worker's is.
TAKEN_OVER = """
ON CONFLICT (client_id, key) DO UPDATE SET
    fingerprint = excluded.fingerprint, status = excluded.status, answer = excluded.answer,
    leased_until = excluded.leased_until, expires_at = excluded.expires_at
WHERE api_keptanswer.expires_at <= now()
    OR (api_keptanswer.status IS NULL AND api_keptanswer.leased_until <= now()
        AND api_keptanswer.fingerprint = excluded.fingerprint)
"""
BEGIN = f"""
INSERT INTO api_keptanswer (client_id, key, fingerprint, status, answer, leased_until, expires_at)
VALUES (%(client)s, %(key)s, %(fingerprint)s, NULL, '', %(leased_until)s, %(expires_at)s)
{TAKEN_OVER}
RETURNING id
"""  # noqa: S608 - of constants


class AnsweredBefore(Exception):
    """The signal that the request was carried out before; ``response`` is its answer."""

    def __init__(self, response: Response) -> None:
        super().__init__()
        self.response = response


class KeyLease:
    """The right to carry out the request with a key, until ``finished`` is called."""

    def __init__(self, row_id: int, leased_until: datetime.datetime) -> None:
        self._mine = KeptAnswer.objects.filter(pk=row_id, leased_until=leased_until, status=None)

    def finished(self, response: Response) -> None:
        """Keeps a successful answer; after any other one the same key may be used again."""
        if 200 <= response.status_code < 300:
            answer = JSONRenderer().render(response.data).decode()
            self._mine.update(status=response.status_code, answer=answer)
        else:
            self.abandon()

    def abandon(self) -> None:
        self._mine.delete()


def check_key(key: str) -> None:
    """Raises ``ApiRefusal`` for a missing or invalid key."""
    if not key:
        message = _("The header Idempotency-Key is missing: your own text, new for each thing to create.")
        raise ApiRefusal(400, "idempotency_key_missing", message)
    if len(key) > LONGEST_KEY or not key.isprintable():
        raise ApiRefusal(400, "idempotency_key_invalid", _("An Idempotency-Key has at most 128 characters."))


def begin(client: ApiClient, key: str, fingerprint: str) -> KeyLease:
    """Takes the key for a request.

    Raises ``AnsweredBefore``, or ``ApiRefusal`` for a key that is missing, used for another request or in
    work.
    """
    check_key(key)
    leased_until = timezone.now() + LEASE
    row_id = _insert(client, key, fingerprint, leased_until)
    if row_id is None:
        raise of_another(KeptAnswer.objects.filter(client=client, key=key).first(), fingerprint)
    return KeyLease(row_id, leased_until)


def check_free(client: ApiClient, key: str, fingerprint: str) -> None:
    """Raises what ``begin`` would raise, without taking the key, before another refusal is sent."""
    now = timezone.now()
    kept = KeptAnswer.objects.filter(client=client, key=key, expires_at__gt=now).first()
    if kept is None or (kept.status is None and kept.leased_until <= now and kept.fingerprint == fingerprint):
        return
    raise of_another(kept, fingerprint)


def of_another(kept: KeptAnswer | None, fingerprint: str) -> Exception:
    """Returns the response to a request whose key belongs to another one."""
    if kept is not None and kept.fingerprint != fingerprint:
        return key_reused()
    if kept is None or kept.status is None:
        return in_progress()
    response = Response(json.loads(kept.answer), kept.status, headers={"Idempotent-Replayed": "true"})
    return AnsweredBefore(response)


def key_reused() -> ApiRefusal:
    """Returns the refusal of a request whose key another one has used.

    A view also raises it for a row that the key created and whose contents the request differs from: the row
    outlives the kept answer.
    """
    message = _("This Idempotency-Key belongs to another request.")
    return ApiRefusal(409, "idempotency_key_reused", message)


def in_progress() -> ApiRefusal:
    message = _("The first request with this Idempotency-Key is still being worked on.")
    return ApiRefusal(409, "in_progress", message)


def _insert(client: ApiClient, key: str, fingerprint: str, leased_until: datetime.datetime) -> int | None:
    values: dict[str, Any] = {
        "client": client.pk,
        "key": key,
        "fingerprint": fingerprint,
        "leased_until": leased_until,
        "expires_at": timezone.now() + KEPT,
    }
    with connection.cursor() as cursor:
        cursor.execute(BEGIN, values)
        row = cursor.fetchone()
    return row[0] if row else None
