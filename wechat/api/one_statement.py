"""The calls that are carried out by one SQL statement, which writes their rows and kept answers together.

The statement includes what ``idempotency`` does before and after other views, and concurrent calls share it.
A process that dies leaves nothing half done. The app that owns the rows writes its part of the statement::

    calls = Calls("pushes", given="SELECT …", answers="SELECT …", work="INSERT …", status=202)

    answer = await calls.carry_out(Call(client, key, fingerprint, rows, weight, number))
"""

import itertools
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from django.utils import timezone

from wechat.api.idempotency import KEPT, TAKEN_OVER, in_progress, of_another
from wechat.api.models import ApiClient, KeptAnswer
from wechat.kernel.group_commit import Session, group_commit

# A call is answered after so many seconds at the latest.
PATIENCE_SECONDS = 3.0
# Whoever would wait for longer is told to come again; of large bodies a few make up so much.
LONGEST_WAIT_SECONDS = 2.0

STATEMENT = """
WITH asked AS MATERIALIZED (
    SELECT * FROM json_to_recordset(%(asked)s)
        AS asked(request bigint, client_id bigint, key text, fingerprint text)
), given AS MATERIALIZED (
    {given}
), answers AS MATERIALIZED (
    {answers}
), begun AS (
    INSERT INTO api_keptanswer (client_id, key, fingerprint, status, answer, leased_until, expires_at)
    SELECT client_id, key, fingerprint, {status}, answer, %(now)s, %(expires_at)s
    FROM asked JOIN answers USING (request) ORDER BY client_id, key
    {taken_over}
    RETURNING client_id, key, answer
), mine AS MATERIALIZED (
    SELECT request, client_id, begun.answer FROM begun JOIN asked USING (client_id, key)
), work AS (
    {work}
)
SELECT request, answer FROM mine
"""
KEPT_ANSWERS = (
    "SELECT client_id, key, fingerprint, status, answer FROM api_keptanswer "
    "WHERE (client_id, key) IN (SELECT * FROM unnest(%s::bigint[], %s::text[]))"
)

_numbers = itertools.count(1)


def new_number() -> int:
    """Returns a number that is unique among the calls of this process."""
    return next(_numbers)


@dataclass(frozen=True, slots=True, eq=False)
class StatementCall:
    """A call with the ``rows`` that it creates.

    The rows are JSON objects, joined by commas, with ``number`` as ``request``.
    """

    client: ApiClient
    key: str
    fingerprint: str
    rows: str
    weight: int
    number: int

    @property
    def of_client(self) -> tuple[int, str]:
        return self.client.pk, self.key


class Calls:
    """The calls of one kind, which share a statement and a commit.

    ``given`` is the SELECT that reads ``%(rows)s``; ``answers`` makes from it the text of the answer to each
    ``request``; ``work`` inserts the rows of the requests in ``mine``, whose keys were free.
    """

    def __init__(self, name: str, *, given: str, answers: str, work: str, status: int, most: int) -> None:
        self._statement = STATEMENT.format(
            given=given, answers=answers, work=work, status=int(status), taken_over=TAKEN_OVER
        )
        self._commits = group_commit(
            name,
            self._write,
            most=most,
            weigh=lambda call: call.weight,
            longest_wait=LONGEST_WAIT_SECONDS,
        )
        self._under_way: set[tuple[int, str]] = set()

    async def carry_out(self, call: StatementCall) -> str:
        """Commits the rows and the answer, and returns the answer.

        Raises ``AnsweredBefore``, ``ApiRefusal``, ``NotDone`` while Postgres is away, ``Full`` while too many
        calls wait, and ``psycopg.Error`` for rows that Postgres refuses.
        """
        if call.of_client in self._under_way:
            raise in_progress()
        self._under_way.add(call.of_client)
        try:
            answer = await self._commits.add(call, PATIENCE_SECONDS)
        finally:
            self._under_way.discard(call.of_client)
        if isinstance(answer, str):
            return answer
        raise of_another(answer, call.fingerprint)

    async def _write(
        self, session: Session, calls: Sequence[StatementCall]
    ) -> Sequence[str | KeptAnswer | None]:
        """Returns the answer of each call, or the earlier row with its key."""
        now = timezone.now()
        values = {
            "asked": json.dumps([_asked(call) for call in calls]),
            "rows": f"[{','.join(call.rows for call in calls)}]",
            "now": now,
            "expires_at": now + KEPT,
        }
        cursor = await session.execute(self._statement, values, prepare=True)
        answers: dict[int, str] = dict(await cursor.fetchall())
        others = [call for call in calls if call.number not in answers]
        kept = await _kept(session, others) if others else {}
        return [answers.get(call.number) or kept.get(call.of_client) for call in calls]


def _asked(call: StatementCall) -> dict[str, object]:
    return {
        "request": call.number,
        "client_id": call.client.pk,
        "key": call.key,
        "fingerprint": call.fingerprint,
    }


async def _kept(session: Session, calls: Sequence[StatementCall]) -> Mapping[tuple[int, str], KeptAnswer]:
    keys = [[call.client.pk for call in calls], [call.key for call in calls]]
    cursor = await session.execute(KEPT_ANSWERS, keys)
    return {
        (client_id, key): KeptAnswer(fingerprint=fingerprint, status=status, answer=answer)
        for client_id, key, fingerprint, status, answer in await cursor.fetchall()
    }
