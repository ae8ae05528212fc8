"""The parser of pushes, from bytes to their class. WeChat reference 1.5 and 2."""

from wechat.sdk import text, xml
from wechat.sdk.answers import LAST_SECOND
from wechat.sdk.errors import MalformedMessage
from wechat.sdk.fields import as_text, read, unread
from wechat.sdk.messages.base import Message
from wechat.sdk.messages.events import (
    Click,
    Event,
    LocationReport,
    LocationSelect,
    Scan,
    ScanCode,
    SendPics,
    Subscribe,
    UnknownEvent,
    Unsubscribe,
    View,
    ViewMiniProgram,
)
from wechat.sdk.messages.kinds import (
    Image,
    Link,
    Location,
    MiniProgramPage,
    ShortVideo,
    Text,
    UnknownMessage,
    Video,
    Voice,
)
from wechat.sdk.messages.reports import (
    AnnualRenewal,
    EnterTempSession,
    KfSessionClosed,
    KfSessionCreated,
    KfSessionSwitched,
    MassSendFinished,
    MediaChecked,
    NamingRefused,
    NamingVerified,
    PublishFinished,
    QualificationRefused,
    QualificationVerified,
    SubscribeNoticeChange,
    SubscribeNoticePopup,
    SubscribeNoticeSent,
    TemplateSendFinished,
    UserAuthorizationCancelled,
    UserAuthorizationRevoked,
    UserInfoModified,
    VerificationExpired,
)
from wechat.sdk.xml import MAX_BODY, Tree, child, collect, tree

LONGEST_NAME = 64

MESSAGES: dict[str, type[Message]] = {
    "text": Text,
    "image": Image,
    "voice": Voice,
    "video": Video,
    "shortvideo": ShortVideo,
    "location": Location,
    "link": Link,
    "miniprogrampage": MiniProgramPage,
}

EVENTS: dict[str, type[Event]] = {
    "subscribe": Subscribe,
    "unsubscribe": Unsubscribe,
    "scan": Scan,
    "location": LocationReport,
    "click": Click,
    "view": View,
    "view_miniprogram": ViewMiniProgram,
    "scancode_push": ScanCode,
    "scancode_waitmsg": ScanCode,
    "pic_sysphoto": SendPics,
    "pic_photo_or_album": SendPics,
    "pic_weixin": SendPics,
    "location_select": LocationSelect,
    "templatesendjobfinish": TemplateSendFinished,
    "masssendjobfinish": MassSendFinished,
    "publishjobfinish": PublishFinished,
    "subscribe_msg_popup_event": SubscribeNoticePopup,
    "subscribe_msg_change_event": SubscribeNoticeChange,
    "subscribe_msg_sent_event": SubscribeNoticeSent,
    "kf_create_session": KfSessionCreated,
    "kf_close_session": KfSessionClosed,
    "kf_switch_session": KfSessionSwitched,
    "user_info_modified": UserInfoModified,
    "user_authorization_revoke": UserAuthorizationRevoked,
    "user_authorization_cancellation": UserAuthorizationCancelled,
    "qualification_verify_success": QualificationVerified,
    "qualification_verify_fail": QualificationRefused,
    "naming_verify_success": NamingVerified,
    "naming_verify_fail": NamingRefused,
    "annual_renew": AnnualRenewal,
    "verify_expired": VerificationExpired,
    "wxa_media_check": MediaChecked,
    "user_enter_tempsession": EnterTempSession,
}

_ENVELOPE = frozenset({"MsgType", "Event", "Encrypt"})


def parse(body: bytes) -> Message:
    """Returns an XML or JSON push as an instance of its class.

    A follower's text may break the XML of a push. So XML that is not well-formed, or has markup in place of
    text, is read element by element. Raises MalformedMessage with the bytes if then sender, type or time is
    missing.
    """
    if len(body) > MAX_BODY:
        raise MalformedMessage(body, "too large")
    why = ""
    for read_tree in (_json_tree,) if text.is_json(body) else (_xml_tree, xml.leaves):
        try:
            return _message(read_tree(body))
        except (MalformedMessage, ValueError, RecursionError) as error:
            why = str(error)
    raise MalformedMessage(body, why)


def _message(push: Tree) -> Message:
    """Returns a push as an instance of its class. Raises ValueError."""
    if not isinstance(push, dict):
        raise ValueError("no elements")
    kind = as_text(child(push, "MsgType")).lower()
    event = as_text(child(push, "Event")).lower() if kind == "event" else ""
    found = EVENTS.get(event, UnknownEvent) if kind == "event" else MESSAGES.get(kind, UnknownMessage)
    extra = unread(found, push, _ENVELOPE)
    message = found(kind=kind, event=event, extra=extra, **read(found, push))
    if not _plausible(message):
        raise ValueError("no sender, type or time")
    return message


def _plausible(message: Message) -> bool:
    name = message.event if message.kind == "event" else message.kind
    named = 0 < len(name) <= LONGEST_NAME and 0 < len(message.openid) <= LONGEST_NAME
    return named and len(message.to) <= LONGEST_NAME and 0 < message.create_time <= LAST_SECOND


def _xml_tree(body: bytes) -> Tree:
    return tree(xml.parse(body))


def _json_tree(body: bytes) -> Tree:
    # Numbers stay the text they were: ids exceed what a float can hold.
    return _as_tree(text.load_json(body, parse_int=str, parse_float=str, parse_constant=str))


def _as_tree(value: object) -> Tree:
    """Returns a JSON value in the structure of an XML push."""
    if isinstance(value, dict):
        return collect((name, _as_tree(item)) for name, item in value.items())
    if isinstance(value, list):
        return [_as_tree(item) for item in value]
    return "" if value is None else str(value)
