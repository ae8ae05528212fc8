"""The ``/_sim`` routes of third-party platforms: creating them, pushing tickets, authorising them."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from simulator import authorizations, component_settings
from simulator.component_push import ComponentPusher
from simulator.component_settings import CHECKS, SECRETS
from simulator.components import AUTHORIZATION_CODE_LIFE, Component
from simulator.control_api import Ask, BadRequestError, Table
from simulator.openapi import Body
from simulator.saving import dump


class ComponentRoutes:
    """The handlers of the control API for third-party platforms (components)."""

    def __init__(self, events: ComponentPusher) -> None:
        self.events = events

    def component(self, ask: Ask) -> Component:
        appid = ask.request.path_params["component"]
        try:
            return ask.world.state.components[appid]
        except KeyError:
            raise BadRequestError(f"no component {appid}", 404) from None

    async def put_component(self, ask: Ask) -> Any:
        """Creates a third-party platform and pushes a ticket to it, or changes named fields of one."""
        appid = ask.body.get("appid")
        if not isinstance(appid, str) or not appid:
            raise BadRequestError("appid is missing")
        changes = {name: value for name, value in ask.body.items() if name != "appid" and value is not None}
        return described(component_settings.configure(ask.world, appid, changes))

    async def list_components(self, ask: Ask) -> Any:
        """Lists the third-party platforms without their secrets, each with the grants of its accounts."""
        return {"components": [described(each) for each in ask.world.state.components.values()]}

    async def push_ticket(self, ask: Ask) -> Any:
        """Pushes a component_verify_ticket now; the answer is its delivery."""
        return dump(await self.events.push_ticket(self.component(ask)))

    async def authorize(self, ask: Ask) -> Any:
        """Authorises it for the account ``appid``, as on the authorisation page, by default for all."""
        permissions = ask.body.get("permissions")
        if permissions is not None and not isinstance(permissions, list):
            raise BadRequestError("permissions must be a list")
        component, account = self.component(ask), ask.found(str(ask.body.get("appid")))
        pre_auth_code = str(ask.body.get("pre_auth_code", ""))
        granted = authorizations.authorize(ask.world, component, account, permissions, pre_auth_code)
        await self.events.push(component, granted.event)
        return {"auth_code": granted.code, "expires_in": AUTHORIZATION_CODE_LIFE}

    async def cancel(self, ask: Ask) -> Any:
        """Revokes the authorisation by the account ``appid``."""
        component, account = self.component(ask), ask.found(str(ask.body.get("appid")))
        if account.appid not in component.authorizations:
            raise BadRequestError(f"{account.appid} did not authorise {component.appid}")
        await self.events.push(component, authorizations.cancel(ask.world, component, account))
        return {"ok": True}

    async def deliveries(self, ask: Ask) -> Any:
        """Lists all events sent to the component's address, the oldest first, with the responses."""
        return {"deliveries": [asdict(each) for each in self.component(ask).deliveries]}

    @property
    def table(self) -> Table:
        at = "/components/{component}"
        return (
            ("POST", "/components", self.put_component),
            ("GET", "/components", self.list_components),
            ("POST", f"{at}/ticket", self.push_ticket),
            ("POST", f"{at}/authorize", self.authorize),
            ("POST", f"{at}/cancel", self.cancel),
            ("GET", f"{at}/deliveries", self.deliveries),
        )


BODIES: dict[tuple[str, str], Body] = {
    ("POST", "/components"): {"appid": "string", **{name: check.type for name, check in CHECKS.items()}},
    ("POST", "/components/{component}/authorize"): {
        "appid": "string", "permissions": "array", "pre_auth_code": "string",
    },
    ("POST", "/components/{component}/cancel"): {"appid": "string"},
}  # fmt: skip


def described(component: Component) -> dict[str, Any]:
    shown = {name: getattr(component, name) for name in ("appid", *CHECKS) if name not in SECRETS}
    granted = {appid: each.permissions for appid, each in component.authorizations.items()}
    return {**shown, "authorizations": granted}
