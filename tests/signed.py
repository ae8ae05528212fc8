"""A business system that calls the API, with a signature written from the documentation alone."""

import hashlib
import hmac
import json
import time
import uuid
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlencode

from django.test import Client

from accounts.official.models import OfficialAccount
from tests import described
from wechat.api.models import ApiClient


@dataclass
class Signed:
    """An API client; ``headers`` replace those of each call, ``None`` removes one."""

    key: str
    secret: str
    browser: Client = field(default_factory=lambda: Client(raise_request_exception=False))

    def get(self, path: str, **params: Any) -> Any:
        return self.send("GET", path, params)

    def post(self, path: str, body: Any, *, key: str = "", **params: Any) -> Any:
        return self.send("POST", path, params, body, {"Idempotency-Key": key or uuid.uuid4().hex})

    def put(self, path: str, body: Any, **params: Any) -> Any:
        return self.send("PUT", path, params, body)

    def patch(self, path: str, body: Any, **params: Any) -> Any:
        return self.send("PATCH", path, params, body)

    def delete(self, path: str, **params: Any) -> Any:
        return self.send("DELETE", path, params)

    def send(
        self,
        method: str,
        path: str,
        params: dict[str, Any] | None = None,
        body: Any = None,
        headers: dict[str, str | None] | None = None,
    ) -> Any:
        query = urlencode(params or {})
        raw = body if isinstance(body, bytes) else b"" if body is None else json.dumps(body).encode()
        signed = {**self.signature(method, path, query, raw), **(headers or {})}
        sent: dict[str, Any] = {name: value for name, value in signed.items() if value is not None}
        answer = self.browser.generic(
            method, f"{path}?{query}" if query else path, raw, "application/json", headers=sent
        )
        if answer.status_code < 500 or "json" in answer.headers.get("Content-Type", ""):
            described.check(method, path, answer.status_code, answer.content)
        return answer

    def signature(self, method: str, path: str, query: str, body: bytes) -> dict[str, str | None]:
        timestamp, nonce = str(int(time.time())), uuid.uuid4().hex
        digest = hashlib.sha256(body).hexdigest()
        text = "\n".join([method, path, query, timestamp, nonce, digest])
        signature = hmac.new(self.secret.encode(), text.encode(), hashlib.sha256).hexdigest()
        return {
            "X-Key": self.key,
            "X-Timestamp": timestamp,
            "X-Nonce": nonce,
            "X-Signature": signature,
        }


def business_system(*accounts: OfficialAccount, scopes: list[str], **fields: Any) -> Signed:
    """Creates an API client for these accounts and scopes; returns its caller."""
    client = ApiClient(name="订单系统", scopes=scopes, **fields)
    secret = client.make_secret()
    client.save()
    client.accounts.set(accounts)
    return Signed(client.key_id, secret)


def error_code(answer: Any) -> str:
    """Returns the code of a refusal, by which programs tell it from others."""
    return str(answer.json()["error"]["code"])
