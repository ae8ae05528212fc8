"""The events of the Open Platform: verify tickets every ten minutes, and changes of authorisations."""

from __future__ import annotations

import asyncio
import time
from contextlib import suppress
from typing import Any

import requests
from anyio import to_thread

from simulator import envelopes, messages, signing
from simulator.components import TICKET_PERIOD, Component, EventDelivery
from simulator.envelopes import Envelope
from simulator.push import BODY_KEPT, Pusher, post
from simulator.world import World

TICK = 0.5
DELIVERIES_KEPT = 200


class ComponentPusher:
    """The delivery of events to the components' addresses."""

    def __init__(self, world: World, pusher: Pusher) -> None:
        self.world = world
        self.pusher = pusher

    async def run(self, stopping: asyncio.Event) -> None:
        """Pushes a ticket to each component every ten minutes of the platform's clock."""
        while not stopping.is_set():
            for component in list(self.world.state.components.values()):
                if self._is_due(component):
                    component.ticket_pushed_at = self.world.now
                    self.pusher.start_task(self._push_ticket(component))
            with suppress(TimeoutError):
                await asyncio.wait_for(stopping.wait(), TICK)

    def _is_due(self, component: Component) -> bool:
        due_at = component.ticket_pushed_at + TICKET_PERIOD
        return component.pushes_tickets and bool(component.event_url) and due_at <= self.world.now

    async def _push_ticket(self, component: Component) -> None:
        await self.push_ticket(component)

    async def push_ticket(self, component: Component) -> EventDelivery:
        ticket = component.new_ticket(self.world.now)
        event = {"InfoType": "component_verify_ticket", "ComponentVerifyTicket": ticket}
        return await self.push(component, event)

    def push_later(self, component: Component, event: dict[str, Any]) -> None:
        self.pusher.start_task(self._push(component, event))

    async def _push(self, component: Component, event: dict[str, Any]) -> None:
        await self.push(component, event)

    async def push(self, component: Component, event: dict[str, Any]) -> EventDelivery:
        """Delivers one event; retries it after a pause on a timeout or error, until retries are used up."""
        fields = {"AppId": component.appid, "CreateTime": int(self.world.now), **event}
        settings = self.world.settings
        delivery = await self._attempt(component, fields)
        for _ in range(settings.repeats):
            if delivery.verdict not in ("timeout", "error") or not self._holds(component):
                break
            await asyncio.sleep(settings.repeat_pause)
            delivery = await self._attempt(component, fields)
        return delivery

    def _holds(self, component: Component) -> bool:
        return self.world.state.components.get(component.appid) is component

    async def _attempt(self, component: Component, fields: dict[str, Any]) -> EventDelivery:
        delivery = await self._post(component, fields)
        component.deliveries.append(delivery)
        del component.deliveries[:-DELIVERIES_KEPT]
        self.world.changes += 1
        return delivery

    async def _post(self, component: Component, fields: dict[str, Any]) -> EventDelivery:
        at, deadline = self.world.now, self.world.settings.deadline
        if not component.event_url:
            return EventDelivery(at, fields, "no event_url")
        signing_now = self.world.now if self.world.settings.sign_with_clock else time.time()
        envelope = seal(component, fields, signing_now)
        try:
            answer = await to_thread.run_sync(
                post, component.event_url, envelope, deadline, self.world.callback_ca
            )
        except requests.Timeout:
            return EventDelivery(at, fields, "timeout")
        except requests.RequestException as error:
            return EventDelivery(at, fields, "error", body=type(error).__name__)
        body = answer.content[:BODY_KEPT].decode(errors="replace")
        return EventDelivery(at, fields, verdict_of(answer), answer.status_code, body)


def verdict_of(answer: requests.Response) -> str:
    if answer.status_code != 200:
        return "error"
    return "success" if answer.content.strip() == b"success" else "refused: the answer is not success"


def seal(component: Component, fields: dict[str, Any], now: float) -> Envelope:
    """Returns an event as it is sent: always encrypted, in an envelope of ``AppId`` and ``Encrypt``."""
    given = envelopes.stamp(now)
    sealed = signing.seal(messages.as_xml(fields), component.aes_key, component.appid)
    query = {
        "signature": signing.signature(component.token, given.timestamp, given.nonce),
        "timestamp": given.timestamp,
        "nonce": given.nonce,
        "encrypt_type": "aes",
        "msg_signature": signing.signature(component.token, given.timestamp, given.nonce, sealed),
    }
    return Envelope(query, messages.as_xml({"AppId": component.appid, "Encrypt": sealed}), "text/xml")
