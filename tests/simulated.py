"""The control of the simulator, as the platform in tests."""

from dataclasses import dataclass
from typing import Any

import requests

from accounts.official.models import OfficialAccount


@dataclass(frozen=True)
class Simulated:
    base: str

    def create_account(self, account: OfficialAccount, **differently: Any) -> None:
        """Creates the account at the simulator with the same settings, except those given."""
        self.sim(
            "/accounts",
            {
                "appid": account.appid,
                "secret": account.appsecret,
                "token": account.token,
                "aes_key": account.aes_key,
                "mode": account.mode,
                "original_id": account.original_id,
                "kind": account.kind,
                "verified": True,
                "callback_url": account.callback_url,
                **differently,
            },
        )

    def create_merchant(self, mchid: str, appid: str, **given: Any) -> dict[str, Any]:
        """Creates a merchant at the simulator; ``given`` are its certificate, apiv3_key and other settings.

        The answer has the platform's keys for it and, for a merchant without a certificate, a private_key and
        serial_no.
        """
        payload: dict[str, Any] = self.sim("/merchants", {"mchid": mchid, "appids": [appid], **given})
        return payload

    def pay(self, prepay: str, openid: str, **given: Any) -> dict[str, Any]:
        """Pays a prepay_id, code_url or h5_url as a person, and waits until the merchant was notified."""
        paid: dict[str, Any] = self.sim("/pay", {"prepay": prepay, "openid": openid, **given})
        return paid

    def merchant_ledger(self, mchid: str) -> dict[str, Any]:
        """Returns all payments and refunds of the platform's ledger, in fen."""
        ledger: dict[str, Any] = self.get(f"/merchants/{mchid}/ledger")
        return ledger

    def settle(self) -> None:
        """Runs the due tasks of WeChat Pay: completing refunds, delivering notifications."""
        self.sim("/notifications/settle", {})

    def pass_time(self, seconds: float) -> None:
        """Moves the platform's clock, and runs the tasks of WeChat Pay that became due."""
        self.sim("/clock", {"advance": seconds})
        self.settle()

    def begin_minute(self) -> None:
        """Moves the platform's clock to the beginning of a minute, so that its limit is not renewed soon."""
        self.sim("/clock", {"advance": 60 - self.get("/clock")["now"] % 60})

    def sim(self, path: str, body: dict[str, Any]) -> Any:
        answer = requests.post(f"{self.base}/_sim{path}", json=body, timeout=60)
        assert answer.status_code == 200, answer.text
        return answer.json()

    def delete(self, path: str) -> None:
        answer = requests.delete(f"{self.base}/_sim{path}", timeout=60)
        assert answer.status_code == 200, answer.text

    def get(self, path: str) -> Any:
        answer = requests.get(f"{self.base}/_sim{path}", timeout=60)
        assert answer.status_code == 200, answer.text
        return answer.json()

    def put(self, path: str, body: dict[str, Any]) -> None:
        answer = requests.put(f"{self.base}/_sim{path}", json=body, timeout=60)
        assert answer.status_code == 200, answer.text
