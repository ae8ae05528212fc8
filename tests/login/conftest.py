from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
import requests
from django.test import Client
from django_redis import get_redis_connection
from pytest_django import Settings

from accounts.official import clients
from accounts.official.models import OfficialAccount
from tests.simulated import Simulated

WECHAT = "Mozilla/5.0 MicroMessenger/8.0.50"


@dataclass
class Person:
    """A person with WeChat's browser: the console's pages by the test client, WeChat's by the simulator."""

    simulated: Simulated
    name: str = "alice"
    browser: Client = field(default_factory=lambda: Client(headers={"User-Agent": WECHAT}))

    def open_page(self, address: str) -> Any:
        """Follows redirects, including the consent page, and returns the final page."""
        answer = self.request(address)
        for _ in range(8):
            if answer.status_code not in {301, 302}:
                return answer
            answer = self.request(self.consent(answer["Location"]))
        raise AssertionError("it goes round in circles")

    def request(self, address: str) -> Any:
        """Requests one page of the console, without following redirects."""
        parts = urlsplit(address)
        return self.browser.get(f"{parts.path}?{parts.query}" if parts.query else parts.path)

    def consent(self, address: str, choice: str = "allow") -> str:
        """Returns the URL to which WeChat redirects the browser; URLs of others are returned unchanged."""
        parts = urlsplit(address)
        if not parts.path.startswith("/connect/"):
            return address
        url = f"{self.simulated.base}{parts.path}?{parts.query}"
        sent: dict[str, Any] = {"headers": self._host, "allow_redirects": False, "timeout": 10}
        return str(requests.post(url, data={"choice": choice}, **sent).headers["Location"])

    def from_the_phone(self, appid: str, what: str) -> Any:
        """Returns the phone's data for a mini program's page."""
        url = f"{self.simulated.base}/.mini/{appid}/{what}"
        return requests.post(url, headers=self._host, timeout=60).json()["given"]

    @property
    def _host(self) -> dict[str, str]:
        return {"Host": f"{self.name}.localhost:{urlsplit(self.simulated.base).port}"}


def query_of(address: str) -> dict[str, str]:
    return {name: values[0] for name, values in parse_qs(urlsplit(address).query).items()}


@pytest.fixture(autouse=True)
def _afresh() -> None:
    """Resets rate limits and tokens: all tests call from one IP address, on a platform without tokens."""
    get_redis_connection("default").flushdb()
    clients._client.cache_clear()
    clients._tickets.cache_clear()
    clients._tokens.cache_clear()


@pytest.fixture
def person(account: OfficialAccount, simulated: Simulated, settings: Settings) -> Person:
    settings.WECHAT_OPEN_BASE = simulated.base
    simulated.create_account(account, open_platform=True)
    return Person(simulated)


@pytest.fixture
def mini(simulated: Simulated, db: None) -> OfficialAccount:
    account = OfficialAccount.objects.create(
        slug="mini",
        name="演示小程序",
        appid="wx3c5e7a9b1d2f4068",
        appsecret="0123456789abcdef0123456789abcdef",
        kind=OfficialAccount.Kind.MINIPROGRAM,
        token="minitoken",
        mode="plain",
    )
    simulated.create_account(account, open_platform=True)
    return account
