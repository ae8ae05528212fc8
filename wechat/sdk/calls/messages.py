"""The calls for customer-service messages. WeChat reference 8.2 and 8.3."""

from wechat.sdk.client import Client
from wechat.sdk.content import Content, to_service_json


def send_service_message(client: Client, openid: str, content: Content, kf_account: str = "") -> None:
    """Sends a content to one follower, in the name of the worker ``kf_account`` if given.

    Raises ContentError before sending if this content cannot be a customer-service message.
    """
    client.post(
        "/cgi-bin/message/custom/send", to_service_json(content, openid=openid, kf_account=kf_account)
    )


def typing(client: Client, openid: str, on: bool = True) -> None:
    """Shows or hides "is typing" in the follower's chat."""
    command = "Typing" if on else "CancelTyping"
    client.post("/cgi-bin/message/custom/typing", {"touser": openid, "command": command})
