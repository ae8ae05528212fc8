"""The simulator as the platform of a test."""

from dataclasses import dataclass
from typing import Any

import requests

from accounts.models import OfficialAccount


@dataclass(frozen=True)
class Simulated:
    base: str

    def know(self, account: OfficialAccount, **differently: Any) -> None:
        """Set the account up there as it is here, but for what is given."""
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

    def sim(self, path: str, body: dict[str, Any]) -> Any:
        answer = requests.post(f"{self.base}/_sim{path}", json=body, timeout=60)
        assert answer.status_code == 200, answer.text
        return answer.json()

    def look(self, path: str) -> Any:
        answer = requests.get(f"{self.base}/_sim{path}", timeout=60)
        assert answer.status_code == 200, answer.text
        return answer.json()

    def put(self, path: str, body: dict[str, Any]) -> None:
        answer = requests.put(f"{self.base}/_sim{path}", json=body, timeout=60)
        assert answer.status_code == 200, answer.text
