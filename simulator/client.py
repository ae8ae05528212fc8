"""A Python client of the control API for tests: people's actions, received messages, clock and faults."""

from __future__ import annotations

from typing import Any

import requests

TIMEOUT = 60.0


class ControlError(AssertionError):
    """An error: the simulator refused; the message is the simulator's."""


class SimulatorClient:
    """A client of the simulator at ``base``, which replaces WeChat's host names in the code under test."""

    def __init__(self, base: str) -> None:
        self.base = base.rstrip("/")
        self.session = requests.Session()
        self.session.trust_env = False

    def control(self, method: str, path: str, body: dict[str, Any] | None = None) -> Any:
        """Calls an operation of ``/_sim`` (documented at ``/_sim/docs``). Raises ControlError."""
        answer = self.session.request(method, f"{self.base}/_sim{path}", json=body, timeout=TIMEOUT)
        if answer.status_code != 200:
            raise ControlError(answer.json()["error"])
        return answer.json()

    def reset(self) -> None:
        """Deletes the whole state, and resets the clock to the real time."""
        self.control("POST", "/reset", {})

    def add_account(self, appid: str, **settings: Any) -> Account:
        """Creates an account, or changes its named settings."""
        self.control("POST", "/accounts", {"appid": appid, **settings})
        return Account(self, appid)

    def add_component(self, appid: str, **settings: Any) -> Component:
        """Creates a third-party platform (component), or changes its named settings."""
        return Component(self, appid).change(**settings)

    def add_merchant(self, mchid: str, **settings: Any) -> dict[str, Any]:
        """Creates a merchant, or changes its named settings.

        The answer has the platform's keys and, for a merchant without a certificate, a private key.
        """
        answer: dict[str, Any] = self.control("POST", "/merchants", {"mchid": mchid, **settings})
        return answer

    def pay(self, prepay: str, openid: str, **given: Any) -> dict[str, Any]:
        """Pays a prepay_id, code_url or h5_url as a person, and waits until the merchant was notified."""
        answer: dict[str, Any] = self.control("POST", "/pay", {"prepay": prepay, "openid": openid, **given})
        return answer

    def payment_code(self, openid: str, **given: Any) -> str:
        """Returns a new payment code of a person; with ``password=True`` its payment waits for ``pay``."""
        return str(self.control("POST", "/payment-codes", {"openid": openid, **given})["auth_code"])

    def open_red_packet(self, send_listid: str, openid: str) -> dict[str, Any]:
        """Opens a red packet as a person; the answer has the ``amount`` in fen."""
        opened: dict[str, Any] = self.control("POST", f"/red-packets/{send_listid}/open", {"openid": openid})
        return opened

    def merchant_ledger(self, mchid: str) -> dict[str, Any]:
        """Returns all payments, refunds, transfers, red packets and sharings of a merchant, in fen."""
        answer: dict[str, Any] = self.control("GET", f"/merchants/{mchid}/ledger")
        return answer

    def pass_time(self, seconds: float) -> None:
        """Moves the platform's clock forward, and runs the tasks of WeChat Pay that became due."""
        self.control("POST", "/clock", {"advance": seconds})
        self.control("POST", "/notifications/settle", {})

    def fail(self, api: str, **fault: Any) -> int:
        """Adds a fault rule for an API; returns the rule's id.

        ``fault`` has fields of ``simulator.faults.Fault``: errcode, http_status, latency_ms, drop_answer,
        times.
        """
        return int(self.control("POST", "/faults", {"api": api, **fault})["id"])

    def fail_pay(self, at: str, **fault: Any) -> int:
        return int(self.control("POST", "/pay/faults", {"at": at, **fault})["id"])


class Account:
    """An account of the simulator, and the actions of its followers."""

    def __init__(self, simulator: SimulatorClient, appid: str) -> None:
        self.simulator = simulator
        self.appid = appid

    def act(self, openid: str, type: str, **given: Any) -> dict[str, Any]:  # noqa: A002 - the API's own word
        """Performs an action of a person (follow, text, click, scan …); the answer lists its deliveries."""
        path = f"/accounts/{self.appid}/events/{openid}"
        answer: dict[str, Any] = self.simulator.control("POST", path, {"type": type, **given})
        return answer

    def say(self, openid: str, text: str) -> list[dict[str, Any]]:
        """Sends a text as a person; returns the replies on the person's phone."""
        shown: list[dict[str, Any]] = self.act(openid, "text", content=text)["shown"]
        return shown

    def ledger(self, openid: str = "", after: int = 0) -> list[dict[str, Any]]:
        """Returns the messages that followers received (one, or all), the oldest first."""
        query = f"?after={after}" + (f"&openid={openid}" if openid else "")
        entries: list[dict[str, Any]] = self.simulator.control(
            "GET", f"/accounts/{self.appid}/ledger{query}"
        )["entries"]
        return entries

    def texts(self, openid: str) -> list[str]:
        """Returns the texts that a follower received, the oldest first."""
        return [each["content"]["content"] for each in self.ledger(openid) if each["msgtype"] == "text"]

    def assert_received(self, openid: str, *texts: str) -> None:
        """Checks that the follower received exactly these texts, in order. Raises AssertionError if not."""
        found = self.texts(openid)
        assert found == list(texts), f"{openid} received {found}, not {list(texts)}"

    def deliveries(self, openid: str = "") -> list[dict[str, Any]]:
        """Returns all pushes, each with its delivery attempts and their verdicts."""
        query = f"?openid={openid}" if openid else ""
        entries: list[dict[str, Any]] = self.simulator.control(
            "GET", f"/accounts/{self.appid}/deliveries{query}"
        )["entries"]
        return entries


class Component:
    """A third-party platform (component) of the simulator; methods return after their event was delivered."""

    def __init__(self, simulator: SimulatorClient, appid: str) -> None:
        self.simulator = simulator
        self.appid = appid

    def change(self, **settings: Any) -> Component:
        self.simulator.control("POST", "/components", {"appid": self.appid, **settings})
        return self

    def push_ticket(self) -> dict[str, Any]:
        """Pushes a component_verify_ticket; returns its delivery with the server's response."""
        delivery: dict[str, Any] = self._do("ticket")
        return delivery

    def authorize(self, account: Account, permissions: list[int] | None = None) -> str:
        """Authorises the component for an account, with these permission sets or all; returns the code."""
        return str(self._do("authorize", appid=account.appid, permissions=permissions)["auth_code"])

    def cancel(self, account: Account) -> None:
        """Revokes the authorisation by an account."""
        self._do("cancel", appid=account.appid)

    def deliveries(self) -> list[dict[str, Any]]:
        """Returns all events sent to the component's address, the oldest first."""
        path = f"/components/{self.appid}/deliveries"
        found: list[dict[str, Any]] = self.simulator.control("GET", path)["deliveries"]
        return found

    def _do(self, what: str, **given: Any) -> Any:
        return self.simulator.control("POST", f"/components/{self.appid}/{what}", given)
