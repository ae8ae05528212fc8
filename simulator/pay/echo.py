"""The API of the platform's self test of signatures and encryption (pay reference 7)."""

from __future__ import annotations

from typing import Any

from simulator.pay import notifications
from simulator.pay.calls import Answer, Call, pay_api
from simulator.pay.field_keys import check_sealed, field_key, sealed_for
from simulator.pay.ordering import check_address
from simulator.pay.schema import Object, Text

EVENT = "SECURITY_ECHO.SUCCESS"
ECHO = Object(
    {
        "notify_url": Text(256),
        "echo_message": Text(128, required=True),
        "encrypted_echo_message": Text(1024),
    }
)


@pay_api("POST", "/v3/security/echo")
def echo(call: Call) -> Answer:
    """Returns the message; re-encrypts an encrypted one for the merchant's own key."""
    body = call.read(ECHO)
    field_key(call)
    answer: dict[str, Any] = {"echo_message": body["echo_message"]}
    if "encrypted_echo_message" in body:
        (content,) = check_sealed(call, body, "encrypted_echo_message")
        answer["encrypted_echo_message"] = sealed_for(call.merchant, content)
    if "notify_url" in body:
        check_address(call.merchant, body["notify_url"])
        notify(call, body["notify_url"], answer)
    return answer


def notify(call: Call, url: str, answer: dict[str, Any]) -> None:
    """Sends the notification of an echo, where the encrypted message has another name than in the answer."""
    payload = {"echo_message": answer["echo_message"]}
    if "encrypted_echo_message" in answer:
        payload["encrypt_echo_message"] = answer["encrypted_echo_message"]
    notifications.notify(call.runtime, call.merchant, url, EVENT, answer["echo_message"], payload)
