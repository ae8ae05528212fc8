"""The call for "is typing" in a follower's chat. WeChat reference 8.3."""

from wechat.sdk.client import Client


def typing(client: Client, openid: str, on: bool = True) -> None:
    """Shows or hides "is typing" in the follower's chat."""
    command = "Typing" if on else "CancelTyping"
    client.post("/cgi-bin/message/custom/typing", {"touser": openid, "command": command})
