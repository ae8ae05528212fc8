"""The base class of messages and events, with the fields of every push."""

from dataclasses import dataclass, field
from hashlib import sha256

from wechat.sdk.fields import identifier, integer, string
from wechat.sdk.xml import Tree

LONGEST_KEY = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """A push: ``openid`` the sender, ``to`` the account's gh_ id, ``create_time`` in Unix seconds.

    ``event`` is "" for messages, otherwise the event name in lower case; ``kind`` is the MsgType in lower
    case.
    """

    to: str = string("ToUserName")
    openid: str = string("FromUserName")
    create_time: int = integer("CreateTime")
    kind: str = ""
    event: str = ""
    event_key: str = string("EventKey")
    msg_id: int = identifier("MsgId", "MsgID")
    msg_data_id: str = string("MsgDataId")
    idx: int = integer("Idx")
    business_id: str = string("BusinessId")
    extra: dict[str, Tree] = field(default_factory=dict, hash=False)

    @property
    def text(self) -> str:
        """Returns the readable text of the message, or ""."""
        return ""

    @property
    def detail(self) -> str:
        """Returns a text that differs between events of the same name, sender and second."""
        return self.event_key

    @property
    def key(self) -> str:
        """Returns a key that is equal for repeated deliveries of one push, and differs between pushes.

        It has at most LONGEST_KEY characters. The sender is part of a message's key, because different users
        were seen with the same MsgId.
        """
        if self.event:
            return key_of(self.openid, str(self.create_time), self.event, self.detail)
        if self.msg_id:
            return key_of(self.openid, str(self.msg_id))
        return key_of(self.openid, str(self.create_time), self.kind, self.text)


def key_of(*parts: str) -> str:
    """Returns the parts as one key; a long one ends with a digest."""
    joined = "|".join(parts)
    if len(joined) <= LONGEST_KEY:
        return joined
    digest = sha256(joined.encode()).hexdigest()
    return f"{joined[: LONGEST_KEY - len(digest) - 1]}#{digest}"
