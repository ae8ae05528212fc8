"""The whole way of a message requested by a business system, up to its receipt."""

import asyncio
import json
import uuid
from typing import Any

from accounts.official.models import OfficialAccount
from tests.asgi import exchange
from tests.pushes.test_faults import until
from tests.signed import business_system
from tests.simulated import Simulated
from tests.working import react_to_due, send_due
from wechat.api.models import ApiClient
from wechat.kernel import work
from wechat.pushes.models import Push, Template
from wechat.webhooks.models import Endpoint

TEMPLATE = {
    "template_id": "Vq0demo",
    "kind": "template",
    "title": "预约",
    "content": "门店:{{thing4.DATA}}\n",
}


def pushed_by_api(
    simulated: Simulated, account: OfficialAccount, openid: str, *, webhook: str = "", follows: bool = True
) -> str:
    """Queues a template message by a signed API call; returns the id of the request."""
    simulated.sim(f"/accounts/{account.appid}/templates", {"templates": [TEMPLATE]})
    if follows:
        simulated.sim(f"/accounts/{account.appid}/followers", {"openids": [openid]})
    Template.objects.create(
        account=account, kind="template", platform_id="Vq0demo", content=TEMPLATE["content"]
    )
    caller = business_system(account, scopes=["push:write"])
    if webhook:
        Endpoint.objects.create(
            client=ApiClient.objects.get(), url=webhook, secret="s" * 20, events=["push.closed"]
        )
    body = json.dumps({"to": openid, "template": "Vq0demo", "values": {"thing4": "天河店"}}).encode()
    signed: dict[str, Any] = caller.signature("POST", "/api/v1/push", "", body)
    headers = {name.lower(): str(value) for name, value in signed.items()}
    headers |= {"idempotency-key": uuid.uuid4().hex, "content-type": "application/json"}
    got = asyncio.run(exchange("POST", "/api/v1/push", body, verbatim=headers))
    assert got.status == 202, got.body
    return got.headers[b"x-request-id"].decode()


def until_delivered() -> None:
    """Sends due messages and handles the receipt that the platform posts shortly after."""
    send_due()

    def is_delivered() -> bool:
        react_to_due()
        work.run("pushes.join_receipts")
        return Push.objects.get().state == Push.State.DELIVERED

    until(is_delivered)
