"""The simulator as the platform of a test."""

from dataclasses import dataclass
from typing import Any

import requests

from accounts.official.models import OfficialAccount


@dataclass(frozen=True)
class Simulated:
    base: str

    def know(self, account: OfficialAccount, **differently: Any) -> None:
        """Sets the account up at the simulator as it is here, but for what is given."""
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

    def know_merchant(self, mchid: str, appid: str, **given: Any) -> dict[str, Any]:
        """Sets a merchant up there; `given` are its certificate, apiv3_key and the like.

        The answer holds the platform's keys for it and, for who brought no certificate, a private_key and
        serial_no.
        """
        payload: dict[str, Any] = self.sim("/merchants", {"mchid": mchid, "appids": [appid], **given})
        return payload

    def pay(self, prepay: str, openid: str, **given: Any) -> dict[str, Any]:
        """Pays a prepay_id, code_url or h5_url as somebody, and waits until the merchant was notified."""
        paid: dict[str, Any] = self.sim("/pay", {"prepay": prepay, "openid": openid, **given})
        return paid

    def merchant_ledger(self, mchid: str) -> dict[str, Any]:
        """Returns every payment and refund as the platform has them, in fen."""
        ledger: dict[str, Any] = self.look(f"/merchants/{mchid}/ledger")
        return ledger

    def settle(self) -> None:
        """Lets WeChat Pay do what is due by its clock: finish refunds, deliver notices."""
        self.sim("/notices/settle", {})

    def pass_time(self, seconds: float) -> None:
        """Moves the platform's clock, and lets WeChat Pay do what became due."""
        self.sim("/clock", {"advance": seconds})
        self.settle()

    def sim(self, path: str, body: dict[str, Any]) -> Any:
        answer = requests.post(f"{self.base}/_sim{path}", json=body, timeout=60)
        assert answer.status_code == 200, answer.text
        return answer.json()

    def forget(self, path: str) -> None:
        answer = requests.delete(f"{self.base}/_sim{path}", timeout=60)
        assert answer.status_code == 200, answer.text

    def look(self, path: str) -> Any:
        answer = requests.get(f"{self.base}/_sim{path}", timeout=60)
        assert answer.status_code == 200, answer.text
        return answer.json()

    def put(self, path: str, body: dict[str, Any]) -> None:
        answer = requests.put(f"{self.base}/_sim{path}", json=body, timeout=60)
        assert answer.status_code == 200, answer.text
