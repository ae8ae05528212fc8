"""The same request sent twice is carried out once: ``Idempotency-Key``.

A row per key is written before the work. Who finds a row repeats its answer, or is told that the work is
under way. A worker that died holds the key for ``LEASE``; then a repeat carries on, so a view passes
``key`` on to what it creates wherever that has a unique key of its own.
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

BEGIN = """
INSERT INTO api_keptanswer (client_id, key, fingerprint, answer, leased_until, expires_at)
VALUES (%(client)s, %(key)s, %(fingerprint)s, '', %(leased_until)s, %(expires_at)s)
ON CONFLICT (client_id, key) DO UPDATE SET
    fingerprint = excluded.fingerprint, status = NULL, answer = '',
    leased_until = excluded.leased_until, expires_at = excluded.expires_at
WHERE api_keptanswer.expires_at <= now()
    OR (api_keptanswer.status IS NULL AND api_keptanswer.leased_until <= now()
        AND api_keptanswer.fingerprint = excluded.fingerprint)
RETURNING id
"""


class AnsweredBefore(Exception):
    """The request was carried out before; ``response`` is what it was answered."""

    def __init__(self, response: Response) -> None:
        super().__init__()
        self.response = response


class Undertaking:
    """The right to carry out the request with a key, until it is ``finished``."""

    def __init__(self, row_id: int, leased_until: datetime.datetime) -> None:
        self._mine = KeptAnswer.objects.filter(pk=row_id, leased_until=leased_until, status=None)

    def finished(self, response: Response) -> None:
        """Keep an answer that says it was done; after any other the same key may be tried again."""
        if 200 <= response.status_code < 300:
            answer = JSONRenderer().render(response.data).decode()
            self._mine.update(status=response.status_code, answer=answer)
        else:
            self.abandon()

    def abandon(self) -> None:
        self._mine.delete()


def begin(client: ApiClient, key: str, fingerprint: str) -> Undertaking:
    """Raises ``AnsweredBefore``, or ``ApiRefusal`` for a key that is missing, taken or being worked on."""
    if not key:
        message = _("The header Idempotency-Key is missing: your own text, new for each thing to create.")
        raise ApiRefusal(400, "idempotency_key_missing", message)
    if len(key) > LONGEST_KEY or not key.isprintable():
        raise ApiRefusal(400, "idempotency_key_invalid", _("An Idempotency-Key has at most 128 characters."))
    leased_until = timezone.now() + LEASE
    row_id = _insert(client, key, fingerprint, leased_until)
    if row_id is None:
        raise _of_another(client, key, fingerprint)
    return Undertaking(row_id, leased_until)


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


def _of_another(client: ApiClient, key: str, fingerprint: str) -> Exception:
    kept = KeptAnswer.objects.filter(client=client, key=key).first()
    if kept is not None and kept.fingerprint != fingerprint:
        message = _("This Idempotency-Key belongs to another request.")
        return ApiRefusal(409, "idempotency_key_reused", message)
    if kept is None or kept.status is None:
        message = _("The first request with this Idempotency-Key is still being worked on.")
        return ApiRefusal(409, "in_progress", message)
    response = Response(json.loads(kept.answer), kept.status, headers={"Idempotent-Replayed": "true"})
    return AnsweredBefore(response)
