"""The actions of people in the chat: the pushes to the account, and the replies on the phone."""

from __future__ import annotations

import asyncio
from typing import Any

from simulator import envelopes
from simulator.push import Push, Pusher
from simulator.saving import dump
from simulator.user_actions import Actor, ImpossibleError, perform
from simulator.world import Entry

MOST_TIMES = 100


async def act(pusher: Pusher, actor: Actor, given: dict[str, Any]) -> dict[str, Any]:
    """Performs an action; returns its deliveries and the phone's content (without ``wait``: those so far).

    Raises ImpossibleError.
    """
    push = prepared(actor, given)
    work = delivered(pusher, push, 0 if pass_to_worker(push) else how_often(given, "deliveries"))
    if given.get("wait", True):
        await work
    else:
        pusher.start_task(work)
    shown = [as_ledger_line(each) for each in push.shown]
    entry = push.entry
    return {
        "msg_id": entry.msg_id or None,
        "seq": entry.seq,
        "attempts": dump(entry.attempts),
        "shown": shown,
    }


def prepared(actor: Actor, given: dict[str, Any]) -> Push:
    tamper = str(given.get("tamper") or "")
    if tamper and tamper not in (*envelopes.BEFORE_SIGNING, *envelopes.AFTER_SIGNING):
        raise ImpossibleError(f"unknown tamper {tamper!r}")
    action, fields = perform(actor, given)
    msgtype, msg_id = str(fields.get("MsgType", "")), str(fields.get("MsgId", ""))
    side = "platform" if tamper else "follower"
    via = "forged" if tamper else "event" if msgtype == "event" else "message"
    entry = actor.world.write(actor.account, actor.openid, side, via, msgtype, action.content, msg_id)
    attempts = None if given.get("attempts") is None else how_often(given, "attempts")
    return Push(actor.account, entry, fields, attempts, tamper)


def how_often(given: dict[str, Any], name: str) -> int:
    """Returns a number of repetitions, 1 by default. Raises ImpossibleError unless it is 1 to MOST_TIMES."""
    times = given.get(name, 1)
    if isinstance(times, bool) or not isinstance(times, int) or not 1 <= times <= MOST_TIMES:
        raise ImpossibleError(f"{name} must be a number from 1 to {MOST_TIMES}")
    return times


def pass_to_worker(push: Push) -> bool:
    """Passes a message to the worker who serves the follower; returns whether there is one.

    Such a message is not pushed to the account's server.
    """
    entry = push.entry
    if entry.via != "message":
        return False
    text = str(entry.content.get("content", f"[{entry.msgtype}]"))
    return push.account.customer_service.receive(entry.openid, text, entry.at)


async def delivered(pusher: Pusher, push: Push, times: int) -> None:
    """Delivers a push, concurrently as many ``times``.

    Actions of blacklisted people are not pushed.
    """
    sender = push.account.followers.get(push.entry.openid)
    if sender is not None and sender.blacklisted:
        return
    await asyncio.gather(*(pusher.deliver(push) for _ in range(times)))


def as_ledger_line(entry: Entry) -> dict[str, Any]:
    """Returns an entry without its deliveries."""
    names = ("seq", "at", "openid", "via", "msgtype", "content")
    return {name: getattr(entry, name) for name in names}
