"""The push engine: five seconds to answer, three repeats, a minute's pause (WeChat reference 1.5, 17)."""

from __future__ import annotations

import asyncio
import secrets
import time
from collections.abc import Coroutine
from dataclasses import dataclass, field
from typing import Any

import anyio
import requests
from anyio import CapacityLimiter, to_thread

from simulator import envelopes, recipients, signing
from simulator.envelopes import Envelope, Stamp
from simulator.messages import Fields
from simulator.recipients import Recipient
from simulator.replies import Question, RefusedError, Reply, judge
from simulator.world import Account, Attempt, Entry, World

AT_ONCE = 256
NOTICE = "该公众号提供的服务出现故障，请稍后再试"
# The verdicts after which the platform repeats a push: no usable response.
REPEATED = ("timeout", "error")
SILENT_EVENTS = (
    "unsubscribe",
    "VIEW",
    "view_miniprogram",
    "LOCATION",
    "TEMPLATESENDJOBFINISH",
    "subscribe_msg_popup_event",
    "subscribe_msg_change_event",
    "subscribe_msg_sent_event",
)
BODY_KEPT = 8_192


@dataclass(slots=True)
class Push:
    """A message or event for the account. ``entry`` has its attempts, ``shown`` the replies on the phone."""

    account: Account
    entry: Entry
    fields: Fields
    attempts: int | None = None
    tamper: str = ""
    # The timestamp and nonce of the last delivery to each URL.
    stamps: dict[str, Stamp] = field(default_factory=dict)
    shown: list[Entry] = field(default_factory=list)
    settled: bool = False

    @property
    def is_event(self) -> bool:
        return self.fields.get("MsgType") == "event"

    @property
    def is_seen(self) -> bool:
        """Returns whether a follower sees the reply, which is not the case for a forged push."""
        return self.entry.side == "follower" and self.fields.get("Event") not in SILENT_EVENTS


@dataclass(slots=True)
class Delivery:
    """The delivery of a push to one of its recipients."""

    push: Push
    recipient: Recipient


class Pusher:
    def __init__(self, world: World) -> None:
        self.world = world
        self.limiter = CapacityLimiter(AT_ONCE)
        self.tasks: set[asyncio.Task[None]] = set()

    def start_task(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.create_task(work)
        self.tasks.add(task)
        task.add_done_callback(self.tasks.discard)

    def report_later(self, account: Account, openid: str, fields: Fields) -> None:
        """Pushes a result event after a short delay, as the platform does after sending.

        Accounts without a callback URL get no pushes.
        """
        if not recipients.reachable(self.world, account):
            return
        self.start_task(self._report(account, openid, fields))

    async def _report(self, account: Account, openid: str, fields: Fields) -> None:
        await asyncio.sleep(self.world.settings.result_event_delay)
        common = {
            "ToUserName": account.original_id,
            "FromUserName": openid,
            "CreateTime": int(self.world.now),
            "MsgType": "event",
        }
        entry = self.world.write(account, openid, "platform", "event", "event", dict(fields))
        await self.deliver(Push(account, entry, {**common, **fields}))

    async def deliver(self, push: Push) -> None:
        """Delivers a push to each server that receives the account's messages."""
        found = recipients.of(self.world, push.account)
        await asyncio.gather(*(self._deliver_to(Delivery(push, each)) for each in found))

    async def _deliver_to(self, delivery: Delivery) -> None:
        """Delivers a push until a response is valid, repeats are used up, or the server is paused."""
        push = delivery.push
        if delivery.recipient.health.held_until > self.world.now and not push.tamper:
            self._hold(delivery)
            return
        settings = self.world.settings
        allowed = push.attempts or (1 if push.tamper else settings.repeats + 1)
        for number in range(1, allowed + 1):
            if not self.world.holds(push.account):
                return
            attempt = await self._attempt(delivery, number)
            if attempt.verdict not in REPEATED:
                if not push.tamper:
                    delivery.recipient.health.failed_pushes = 0
                return
            if number < allowed:
                await asyncio.sleep(settings.repeat_pause)
        if not push.tamper:
            self._gave_up(delivery)

    def _hold(self, delivery: Delivery) -> None:
        push = delivery.push
        until = time.strftime("%H:%M:%S", time.gmtime(delivery.recipient.health.held_until))
        attempt = Attempt(
            0, self.world.now, {}, verdict="held", detail=f"MarkFail: no pushes until {until} UTC"
        )
        push.entry.attempts.append(attempt)
        self._notice(push)

    def _gave_up(self, delivery: Delivery) -> None:
        push, health, settings = delivery.push, delivery.recipient.health, self.world.settings
        health.failed_pushes += 1
        if health.failed_pushes >= settings.mark_fail_after:
            health.failed_pushes = 0
            health.held_until = self.world.now + settings.mark_fail_seconds
            push.entry.attempts[-1].detail += "; MarkFail: the account is not pushed to for a while"
        self._notice(push)

    async def _attempt(self, delivery: Delivery, number: int) -> Attempt:
        push = delivery.push
        envelope = self._seal(delivery)
        attempt = Attempt(number, self.world.now, summary(delivery, envelope))
        push.entry.attempts.append(attempt)
        self.world.show(push.account, push.entry)
        started = time.perf_counter()
        answer = await self._post(delivery.recipient.url, envelope, attempt)
        attempt.ms = round((time.perf_counter() - started) * 1000, 1)
        if answer is not None:
            self._judge(delivery, attempt, answer)
        self.world.show(push.account, push.entry)
        return attempt

    def _seal(self, delivery: Delivery) -> Envelope:
        push, recipient = delivery.push, delivery.recipient
        signing_now = self.world.now if self.world.settings.sign_with_clock else time.time()
        stamp = push.stamps.get(recipient.url)
        if stamp is None or not self.world.settings.same_signature_on_repeat:
            stamp = push.stamps[recipient.url] = envelopes.stamp(signing_now)
        return envelopes.seal(recipient, push.entry.openid, push.fields, stamp, push.tamper)

    async def _post(self, url: str, envelope: Envelope, attempt: Attempt) -> requests.Response | None:
        """Posts an envelope; returns the response, or None with a verdict set if its status is not 200."""
        deadline = self.world.settings.deadline
        try:
            with anyio.fail_after(deadline):
                answer = await to_thread.run_sync(
                    post,
                    url,
                    envelope,
                    deadline,
                    self.world.callback_ca,
                    abandon_on_cancel=True,
                    limiter=self.limiter,
                )
        except (TimeoutError, requests.Timeout):
            attempt.verdict, attempt.detail = "timeout", f"no answer within {deadline:g} s"
            return None
        except requests.RequestException as error:
            attempt.verdict, attempt.detail = "error", type(error).__name__
            return None
        attempt.status, attempt.body = answer.status_code, answer.content[:BODY_KEPT].decode(errors="replace")
        if answer.status_code != 200:
            attempt.verdict, attempt.detail = "error", f"HTTP {answer.status_code}"
            return None
        return answer

    def _judge(self, delivery: Delivery, attempt: Attempt, answer: requests.Response) -> None:
        push = delivery.push
        attempt.detail = ""
        question = Question(
            push.account, delivery.recipient, push.entry.openid, push.is_event, self.world.now
        )
        try:
            reply = judge(question, answer.content)
        except RefusedError as refusal:
            attempt.verdict = f"refused: {refusal}"
            self._notice(push)
            return
        if reply is None:
            attempt.verdict = "success" if answer.content else "empty"
            push.settled = True
        else:
            attempt.verdict, attempt.reply = "reply", reply.fields
            self._show(push, attempt, reply)

    def _show(self, push: Push, attempt: Attempt, reply: Reply) -> None:
        """Shows a reply on the phone, unless another reply to the same push came first."""
        if push.settled or not push.is_seen:
            return
        push.settled = True
        follower = push.account.followers[push.entry.openid]
        follower.with_worker = reply.msgtype == "transfer_customer_service"
        follower.last_exchange, follower.typing_until = self.world.now, 0.0
        if follower.with_worker:
            named = str(reply.content.get("kf_account", ""))
            push.account.customer_service.hand_over(push.entry.openid, self.world.now, named)
            attempt.detail = "handed over to customer service"
        openid, account = push.entry.openid, push.account
        push.shown.append(
            self.world.write(account, openid, "account", "passive", reply.msgtype, reply.content)
        )

    def _notice(self, push: Push) -> None:
        self.world.show(push.account, push.entry)
        if push.settled or not push.is_seen:
            return
        push.settled = True
        openid, account = push.entry.openid, push.account
        push.shown.append(
            self.world.write(account, openid, "account", "system", "notice", {"content": NOTICE})
        )

    async def verify(self, account: Account) -> dict[str, Any]:
        """Sends the GET with echostr that verifies a callback URL (WeChat reference 1.2)."""
        given, echo = envelopes.stamp(time.time()), str(10**18 + secrets.randbelow(9 * 10**18))
        signature = signing.signature(account.token, given.timestamp, given.nonce)
        query = {"signature": signature, "timestamp": given.timestamp, "nonce": given.nonce, "echostr": echo}
        started = time.perf_counter()
        try:
            answer = await to_thread.run_sync(
                get, account.callback_url, query, self.world.settings.deadline, self.world.callback_ca
            )
        except requests.RequestException as error:
            return {"ok": False, "status": None, "body": type(error).__name__, "ms": elapsed(started)}
        ok = answer.status_code == 200 and answer.content == echo.encode()
        body = answer.content[:BODY_KEPT].decode(errors="replace")
        return {"ok": ok, "status": answer.status_code, "body": body, "ms": elapsed(started)}


def elapsed(started: float) -> float:
    return round((time.perf_counter() - started) * 1000, 1)


def summary(delivery: Delivery, envelope: Envelope) -> dict[str, Any]:
    body = envelope.body[:BODY_KEPT].decode(errors="replace")
    return {
        "url": delivery.recipient.url,
        "query": envelope.query,
        "fields": dict(delivery.push.fields),
        "body": body,
    }


def post(url: str, envelope: Envelope, timeout: float, ca: str) -> requests.Response:
    with requests.Session() as session:
        session.trust_env = False
        headers = {"Content-Type": envelope.content_type, "User-Agent": "Mozilla/4.0", "Connection": "close"}
        return session.post(
            url,
            params=envelope.query,
            data=envelope.body,
            headers=headers,
            timeout=timeout,
            allow_redirects=False,
            verify=ca or True,
        )


def get(url: str, query: dict[str, str], timeout: float, ca: str) -> requests.Response:
    with requests.Session() as session:
        session.trust_env = False
        return session.get(url, params=query, timeout=timeout, allow_redirects=False, verify=ca or True)
