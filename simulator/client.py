"""The control API from Python, for tests: what people do, what they received, clock and faults."""

from __future__ import annotations

from typing import Any

import requests

TIMEOUT = 60.0


class ControlError(AssertionError):
    """The simulator refused; the message is its own sentence."""


class SimulatorClient:
    """A simulator at `base`, which is what WeChat's host names are replaced by in the code under test."""

    def __init__(self, base: str) -> None:
        self.base = base.rstrip("/")
        self.session = requests.Session()
        self.session.trust_env = False

    def control(self, method: str, path: str, body: dict[str, Any] | None = None) -> Any:
        """An operation of `/_sim`, as its documentation at `/_sim/docs` has it. Raises ControlError."""
        answer = self.session.request(method, f"{self.base}/_sim{path}", json=body, timeout=TIMEOUT)
        if answer.status_code != 200:
            raise ControlError(answer.json()["error"])
        return answer.json()

    def reset(self) -> None:
        """Forgets everything but the clock's real time."""
        self.control("POST", "/reset", {})

    def add_account(self, appid: str, **settings: Any) -> Account:
        """Makes an account, or changes the named settings of one."""
        self.control("POST", "/accounts", {"appid": appid, **settings})
        return Account(self, appid)

    def add_component(self, appid: str, **settings: Any) -> Component:
        """Makes a third-party platform, or changes the named settings of one."""
        return Component(self, appid).change(**settings)

    def add_merchant(self, mchid: str, **settings: Any) -> dict[str, Any]:
        """Makes or changes a merchant.

        The answer holds the platform's keys and, for who brings no certificate, a private key.
        """
        answer: dict[str, Any] = self.control("POST", "/merchants", {"mchid": mchid, **settings})
        return answer

    def pay(self, prepay: str, openid: str, **given: Any) -> dict[str, Any]:
        """Pays a prepay_id, code_url or h5_url, and waits until the merchant was notified."""
        answer: dict[str, Any] = self.control("POST", "/pay", {"prepay": prepay, "openid": openid, **given})
        return answer

    def payment_code(self, openid: str, **given: Any) -> str:
        """Returns the digits somebody shows a cashier; with `password=True` the payment waits for `pay`."""
        return str(self.control("POST", "/payment-codes", {"openid": openid, **given})["auth_code"])

    def open_red_packet(self, send_listid: str, openid: str) -> dict[str, Any]:
        """Opens a red packet as a person does; the answer has the `amount`, in fen."""
        opened: dict[str, Any] = self.control("POST", f"/red-packets/{send_listid}/open", {"openid": openid})
        return opened

    def merchant_ledger(self, mchid: str) -> dict[str, Any]:
        """Returns every payment, refund, transfer, red packet and sharing of a merchant, in fen."""
        answer: dict[str, Any] = self.control("GET", f"/merchants/{mchid}/ledger")
        return answer

    def pass_time(self, seconds: float) -> None:
        """Moves the platform's clock, and lets WeChat Pay do what became due."""
        self.control("POST", "/clock", {"advance": seconds})
        self.control("POST", "/notices/settle", {})

    def fail(self, api: str, **fault: Any) -> int:
        """Makes calls of an API fail: errcode, http_status, latency_ms, drop_answer; `times` how often."""
        return int(self.control("POST", "/faults", {"api": api, **fault})["id"])

    def fail_pay(self, at: str, **fault: Any) -> int:
        return int(self.control("POST", "/pay/faults", {"at": at, **fault})["id"])


class Account:
    """An account of the simulator, and the people who write to it."""

    def __init__(self, simulator: SimulatorClient, appid: str) -> None:
        self.simulator = simulator
        self.appid = appid

    def act(self, openid: str, type: str, **given: Any) -> dict[str, Any]:  # noqa: A002 - the API's own word
        """Lets a person do something: follow, text, click, scan …; the answer lists each delivery."""
        path = f"/accounts/{self.appid}/events/{openid}"
        answer: dict[str, Any] = self.simulator.control("POST", path, {"type": type, **given})
        return answer

    def say(self, openid: str, text: str) -> list[dict[str, Any]]:
        """Returns what the person's phone shows in answer to a text."""
        shown: list[dict[str, Any]] = self.act(openid, "text", content=text)["shown"]
        return shown

    def ledger(self, openid: str = "", after: int = 0) -> list[dict[str, Any]]:
        """Returns what followers truly received, oldest first."""
        query = f"?after={after}" + (f"&openid={openid}" if openid else "")
        entries: list[dict[str, Any]] = self.simulator.control(
            "GET", f"/accounts/{self.appid}/ledger{query}"
        )["entries"]
        return entries

    def texts(self, openid: str) -> list[str]:
        """Returns the texts that a follower truly received, the oldest first."""
        return [each["content"]["content"] for each in self.ledger(openid) if each["msgtype"] == "text"]

    def assert_received(self, openid: str, *texts: str) -> None:
        """Checks that these texts, no others, reached the follower in this order. Raises AssertionError."""
        found = self.texts(openid)
        assert found == list(texts), f"{openid} received {found}, not {list(texts)}"

    def deliveries(self, openid: str = "") -> list[dict[str, Any]]:
        """Returns every push with each of its attempts and what each was worth."""
        query = f"?openid={openid}" if openid else ""
        entries: list[dict[str, Any]] = self.simulator.control(
            "GET", f"/accounts/{self.appid}/deliveries{query}"
        )["entries"]
        return entries


class Component:
    """A third-party platform of the simulator; every event is delivered before a method returns."""

    def __init__(self, simulator: SimulatorClient, appid: str) -> None:
        self.simulator = simulator
        self.appid = appid

    def change(self, **settings: Any) -> Component:
        self.simulator.control("POST", "/components", {"appid": self.appid, **settings})
        return self

    def push_ticket(self) -> dict[str, Any]:
        """Pushes a component_verify_ticket; the answer is what came back."""
        delivery: dict[str, Any] = self._do("ticket")
        return delivery

    def authorize(self, account: Account, permissions: list[int] | None = None) -> str:
        """Lets an account grant these permission sets, or all it can; returns the authorization code."""
        return str(self._do("authorize", appid=account.appid, permissions=permissions)["auth_code"])

    def cancel(self, account: Account) -> None:
        """Lets an account take its authorisation back."""
        self._do("cancel", appid=account.appid)

    def deliveries(self) -> list[dict[str, Any]]:
        """Returns every event at the component's address, the oldest first."""
        path = f"/components/{self.appid}/deliveries"
        found: list[dict[str, Any]] = self.simulator.control("GET", path)["deliveries"]
        return found

    def _do(self, what: str, **given: Any) -> Any:
        return self.simulator.control("POST", f"/components/{self.appid}/{what}", given)
