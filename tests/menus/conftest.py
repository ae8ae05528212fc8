"""The fixtures of menus: an account at the simulator, and menus to publish there."""

from typing import Any

import pytest
import requests
from django.test import Client
from django.urls import reverse

from accounts.official.clients import client_for
from accounts.official.models import OfficialAccount
from menus import drafts
from menus.buttons import Button, ButtonReply
from menus.models import Menu
from tests.simulated import Simulated
from wechat.sdk.calls import menus as api

BOOK_APPID = "wx3c5e7a9b1d2f4068"


def text(content: str) -> ButtonReply:
    return ButtonReply({"type": "text", "content": content})


def button(uid: str = "aaaa", name: str = "课程", **fields: Any) -> Button:
    """Returns a button, by default one that sends a text."""
    if not fields.keys() & {"kind", "reply", "rule", "children"}:
        fields["reply"] = text("今日课程")
    return Button(uid, name, **fields)


def view(uid: str = "bbbb", name: str = "会员卡", url: str = "https://h5.example.com/card") -> Button:
    return Button(uid, name, "view", url=url)


def parent(*children: Button, uid: str = "cccc", name: str = "会员") -> Button:
    return Button(uid, name, "parent", children=children)


def put(menu: Menu, *buttons: Button) -> None:
    """Saves buttons in the draft of a menu."""
    drafts.save(menu, buttons, revision=drafts.draft_of(menu).revision, by=None)


def confirmed(menu: Menu, client: Client, **asked: str) -> Any:
    """Publishes a menu with the confirmation that its page shows; returns the response."""
    address = reverse("admin:menus_publish", args=[menu.pk])
    return client.post(address, {"seen": client.get(address).context["seen"], **asked})


@pytest.fixture
def menu(account: OfficialAccount) -> Menu:
    return drafts.default_menu(account)


@pytest.fixture
def wechat(simulated: Simulated, account: OfficialAccount) -> "Phone":
    """The platform without fault rules and without a menu."""
    return introduced(simulated, account)


def introduced(simulated: Simulated, account: OfficialAccount) -> "Phone":
    simulated.create_account(account, miniprograms=[BOOK_APPID])
    return Phone(simulated, account)


class Phone:
    """The live menus of the platform, read from the simulator."""

    def __init__(self, platform: Simulated, account: OfficialAccount) -> None:
        self.platform = platform
        self.account = account

    def menus(self) -> Any:
        state = requests.get(f"{self.platform.base}/_sim/state", timeout=30).json()
        return state["accounts"][self.account.appid]["menus"]

    def names(self) -> list[str]:
        """Returns the names on the first level of the menu for everybody."""
        default = self.menus()["default"]
        return [each["name"] for each in default["button"]] if default else []

    def conditional(self) -> list[list[str]]:
        """Returns the names on each conditional menu, from the oldest to the newest."""
        return [[each["name"] for each in menu["button"]] for menu in self.menus()["conditional"]]

    def audiences(self) -> list[dict[str, str]]:
        """Returns the audience of each conditional menu, from the oldest to the newest."""
        return [menu["matchrule"] for menu in self.menus()["conditional"]]

    def fail(self, call: str, **how: Any) -> None:
        self.platform.sim("/faults", {"api": f"/cgi-bin/{call}", "times": 1, **how})

    def is_under_way(self, call: str) -> bool:
        """Returns whether the call that ``fail`` is about has come."""
        faults = self.platform.get("/faults")["faults"]
        return [each["times"] for each in faults if each["api"] == f"/cgi-bin/{call}"] == [0]

    def set_elsewhere(self, *buttons: Any) -> None:
        """Publishes a menu directly, like other software."""
        api.create(client_for(self.account), buttons)

    def calls(self) -> dict[str, int]:
        counts = requests.get(
            f"{self.platform.base}/_sim/calls?appid={self.account.appid}", timeout=30
        ).json()["counts"]
        return {name.removeprefix("/cgi-bin/"): count for name, count in counts.items()}
