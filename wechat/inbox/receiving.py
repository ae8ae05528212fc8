"""The receiving of a verified message: it is answered and recorded."""

import logging
import time

from accounts.official.models import OfficialAccount
from wechat.inbox import recording, routing, spool
from wechat.inbox.records import Record
from wechat.kernel import tracing
from wechat.kernel.thread_offload import ThreadOffload
from wechat.kernel.work import waking
from wechat.sdk.content import Content
from wechat.sdk.messages import Message
from wechat.sdk.stored_content import from_dict

log = logging.getLogger(__name__)

# Redis has half a second for each of two steps; beyond this time the callback is refused.
SPOOL_SECONDS = 1.2

_spooling = ThreadOffload("spooling", 8)


class NotRecorded(Exception):
    """The error for a message that could not be recorded: Postgres and Redis are both away."""


async def receive(account: OfficialAccount, message: Message, body: bytes) -> Content | None:
    """Records a message and returns its passive reply. Raises ``NotRecorded``."""
    record = Record.of(account, message, body)
    now = await _answered(record, account, message)
    worked_out = record.answer
    await _keep(record)
    if record.answer is worked_out:
        return now
    return from_dict(record.answer) if record.answer else None


async def receive_malformed(account: OfficialAccount, body: bytes) -> None:
    """Records a genuine push that cannot be parsed. Raises ``NotRecorded``."""
    log.warning("callback_malformed", extra={"account": account.slug})
    await _keep(Record.malformed(account, body))


async def _answered(record: Record, account: OfficialAccount, message: Message) -> Content | None:
    try:
        answer = await routing.answer_in_time(account, message)
    except routing.TooLate:
        record.late = True
        return None
    except Exception:
        log.exception("answering_failed", extra={"account": account.slug, "key": record.key})
        return None
    if answer is None:
        return None
    record.answer_with(answer)
    return answer.now


async def _keep(record: Record) -> None:
    started = time.perf_counter()
    try:
        await recording.record(record)
    except recording.Unrecorded:
        try:
            await _spooling.run(SPOOL_SECONDS, spool.append, record)
        except (spool.SpoolAway, TimeoutError) as error:
            raise NotRecorded from error
    else:
        tracing.past("inbox.record", time.perf_counter() - started)
        waking.wake_now("inbox.react")
