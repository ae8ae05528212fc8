"""What arrives: one frozen class per message type and event, and `parse` from bytes to the right one.

Each class declares where its fields are found in the push; what nothing declares is kept in `extra`, and a
type nobody has heard of becomes UnknownMessage or UnknownEvent. WeChat reference 2 (messages and events) and
1.5 (duplicates).
"""

import json
from dataclasses import dataclass, field
from hashlib import sha256

from wechat.sdk import text, xml
from wechat.sdk.errors import MalformedMessage
from wechat.sdk.fields import (
    as_text,
    decimal,
    identifier,
    integer,
    integers,
    read,
    records,
    string,
    strings,
    unread,
)
from wechat.sdk.xml import MAX_BODY, Tree, child, collect, tree

LONGEST_KEY = 200
LONGEST_NAME = 64
END_OF_TIME = 253_402_300_799  # the last second a datetime can hold


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """What every push carries: `openid` the sender, `to` the account's gh_ id, `create_time` in Unix seconds.

    `event` is "" for messages, otherwise the event name in lower case; `kind` is the MsgType in lower case.
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
        """Returns what a person would read in it, or ""."""
        return ""

    @property
    def detail(self) -> str:
        """Returns what tells this event from another of the same name, sender and second."""
        return self.event_key

    @property
    def key(self) -> str:
        """Equal for deliveries of one push, different for different pushes; at most LONGEST_KEY characters.

        The sender is part of a message's key because MsgIds have been seen shared between users.
        """
        if self.event:
            return _key(self.openid, str(self.create_time), self.event, self.detail)
        if self.msg_id:
            return _key(self.openid, str(self.msg_id))
        return _key(self.openid, str(self.create_time), self.kind, self.text)


def _key(*parts: str) -> str:
    joined = "|".join(parts)
    if len(joined) <= LONGEST_KEY:
        return joined
    digest = sha256(joined.encode()).hexdigest()
    return f"{joined[: LONGEST_KEY - len(digest) - 1]}#{digest}"


# --- messages: WeChat reference 2.1


@dataclass(frozen=True, slots=True, kw_only=True)
class Text(Message):
    """`menu_id` is the id of the tapped entry when the text came out of a menu message."""

    kind: str = "text"
    content: str = string("Content")
    menu_id: str = string("bizmsgmenuid")

    @property
    def text(self) -> str:
        return self.content


@dataclass(frozen=True, slots=True, kw_only=True)
class Image(Message):
    """`pic_url` may expire; the media can be fetched for 3 days."""

    kind: str = "image"
    pic_url: str = string("PicUrl")
    media_id: str = string("MediaId")


@dataclass(frozen=True, slots=True, kw_only=True)
class Voice(Message):
    """`recognition` is the spoken text, for accounts that have it switched on."""

    kind: str = "voice"
    media_id: str = string("MediaId")
    format: str = string("Format")
    media_id_16k: str = string("MediaId16K")
    recognition: str = string("Recognition")

    @property
    def text(self) -> str:
        return self.recognition


@dataclass(frozen=True, slots=True, kw_only=True)
class Video(Message):
    kind: str = "video"
    media_id: str = string("MediaId")
    thumb_media_id: str = string("ThumbMediaId")


@dataclass(frozen=True, slots=True, kw_only=True)
class ShortVideo(Video):
    kind: str = "shortvideo"


@dataclass(frozen=True, slots=True, kw_only=True)
class Location(Message):
    """A place the user sent, in degrees. Not to be confused with LocationReport."""

    kind: str = "location"
    latitude: float = decimal("Location_X")
    longitude: float = decimal("Location_Y")
    scale: int = integer("Scale")
    label: str = string("Label")

    @property
    def text(self) -> str:
        return self.label


@dataclass(frozen=True, slots=True, kw_only=True)
class Link(Message):
    kind: str = "link"
    title: str = string("Title")
    description: str = string("Description")
    url: str = string("Url")

    @property
    def text(self) -> str:
        return self.title


@dataclass(frozen=True, slots=True, kw_only=True)
class MiniProgramPage(Message):
    """A mini-program card, sent to a mini program's customer service."""

    kind: str = "miniprogrampage"
    title: str = string("Title")
    appid: str = string("AppId")
    pagepath: str = string("PagePath")
    thumb_url: str = string("ThumbUrl")
    thumb_media_id: str = string("ThumbMediaId")

    @property
    def text(self) -> str:
        return self.title


@dataclass(frozen=True, slots=True, kw_only=True)
class UnknownMessage(Message):
    """A type this module does not know; all its elements are in `extra`."""

    @property
    def msg_type(self) -> str:
        return self.kind


# --- events: WeChat reference 2.2


@dataclass(frozen=True, slots=True, kw_only=True)
class Event(Message):
    kind: str = "event"


@dataclass(frozen=True, slots=True, kw_only=True)
class Subscribe(Event):
    """Somebody follows. `scene` names the QR code it came through, or is ""; no Scan follows then."""

    event: str = "subscribe"
    ticket: str = string("Ticket")

    @property
    def scene(self) -> str:
        prefix = "qrscene_"
        return self.event_key.removeprefix(prefix) if self.event_key.startswith(prefix) else ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Unsubscribe(Event):
    """The platform demands that this user's personal data be deleted."""

    event: str = "unsubscribe"


@dataclass(frozen=True, slots=True, kw_only=True)
class Scan(Event):
    """A follower scanned a QR code with parameters."""

    event: str = "scan"
    ticket: str = string("Ticket")

    @property
    def scene(self) -> str:
        return self.event_key


@dataclass(frozen=True, slots=True, kw_only=True)
class LocationReport(Event):
    """Where a user who agreed to it is: degrees, and precision in metres."""

    event: str = "location"
    latitude: float = decimal("Latitude")
    longitude: float = decimal("Longitude")
    precision: float = decimal("Precision")


@dataclass(frozen=True, slots=True, kw_only=True)
class Click(Event):
    event: str = "click"


@dataclass(frozen=True, slots=True, kw_only=True)
class View(Event):
    """A link button; a reply to it is not shown."""

    event: str = "view"
    menu_id: str = string("MenuId")

    @property
    def url(self) -> str:
        return self.event_key


@dataclass(frozen=True, slots=True, kw_only=True)
class ViewMiniProgram(Event):
    event: str = "view_miniprogram"
    menu_id: str = string("MenuId")

    @property
    def pagepath(self) -> str:
        return self.event_key


@dataclass(frozen=True, slots=True, kw_only=True)
class ScanCode(Event):
    """A scan button. For a barcode `result` looks like "CODE_128,690...". With `waits` the user watches a
    "receiving" notice until answered."""

    event: str = "scancode_push"
    scan_type: str = string("ScanCodeInfo/ScanType")
    result: str = string("ScanCodeInfo/ScanResult")

    @property
    def waits(self) -> bool:
        return self.event == "scancode_waitmsg"


@dataclass(frozen=True, slots=True, kw_only=True)
class SendPics(Event):
    """A picture button; the pictures themselves come as image messages."""

    event: str = "pic_sysphoto"
    count: int = integer("SendPicsInfo/Count")
    md5s: tuple[str, ...] = strings("SendPicsInfo/PicList/item", "PicMd5Sum")


@dataclass(frozen=True, slots=True, kw_only=True)
class LocationSelect(Event):
    """A place button; a location message follows."""

    event: str = "location_select"
    latitude: float = decimal("SendLocationInfo/Location_X")
    longitude: float = decimal("SendLocationInfo/Location_Y")
    scale: int = integer("SendLocationInfo/Scale")
    label: str = string("SendLocationInfo/Label")
    poi: str = string("SendLocationInfo/Poiname")


@dataclass(frozen=True, slots=True, kw_only=True)
class SendResult(Event):
    """The outcome of an earlier send, which `msg_id` names; 0 for one of more bits than ours have."""

    msg_id: int = integer("MsgID", "MsgId")
    status: str = string("Status")

    @property
    def key(self) -> str:
        return _key(self.event, str(self.msg_id), "" if self.msg_id else f"{self.openid}|{self.create_time}")


@dataclass(frozen=True, slots=True, kw_only=True)
class TemplateSendFinished(SendResult):
    """`status` as printed by the platform: "success", "failed:user block" or "failed: system failed"."""

    event: str = "templatesendjobfinish"

    @property
    def delivered(self) -> bool:
        return self.status == "success"

    @property
    def blocked(self) -> bool:
        return self.status.replace(" ", "") == "failed:userblock"


@dataclass(frozen=True, slots=True, kw_only=True)
class ArticleCheck:
    """The originality check of one article. WeChat reference 2.3."""

    idx: int = integer("ArticleIdx")
    declared: int = integer("UserDeclareState")
    audit: int = integer("AuditState")
    original_url: str = string("OriginalArticleUrl")
    original_type: int = integer("OriginalArticleType")
    can_reprint: int = integer("CanReprint")
    need_replace: int = integer("NeedReplaceContent")
    need_show_source: int = integer("NeedShowReprintSource")


@dataclass(frozen=True, slots=True, kw_only=True)
class ArticleUrl:
    idx: int = integer("ArticleIdx")
    url: str = string("ArticleUrl")


@dataclass(frozen=True, slots=True, kw_only=True)
class MassSendFinished(SendResult):
    """A mass send is done; the sender is the platform's helper, not a follower, and the counts may be off.

    `check_state`: 1 fine, 2 reprint but sendable, 3 not sendable. WeChat reference 2.3.
    """

    event: str = "masssendjobfinish"
    total: int = integer("TotalCount")
    filtered: int = integer("FilterCount")
    sent: int = integer("SentCount")
    errors: int = integer("ErrorCount")
    check_state: int = integer("CopyrightCheckResult/CheckState")
    checks: tuple[ArticleCheck, ...] = records("CopyrightCheckResult/ResultList/item", ArticleCheck)
    urls: tuple[ArticleUrl, ...] = records("ArticleUrlResult/ResultList/item", ArticleUrl)

    @property
    def succeeded(self) -> bool:
        return self.status == "send success"


@dataclass(frozen=True, slots=True, kw_only=True)
class PublishedArticle:
    idx: int = integer("idx")
    url: str = string("article_url")


@dataclass(frozen=True, slots=True, kw_only=True)
class PublishFinished(Event):
    """A draft was published (`status` 0) or not. WeChat reference 12.4."""

    event: str = "publishjobfinish"
    publish_id: str = string("PublishEventInfo/publish_id")
    status: int = integer("PublishEventInfo/publish_status")
    article_id: str = string("PublishEventInfo/article_id")
    articles: tuple[PublishedArticle, ...] = records("PublishEventInfo/article_detail/item", PublishedArticle)
    failed: tuple[int, ...] = integers("PublishEventInfo/fail_idx")

    @property
    def detail(self) -> str:
        return self.publish_id


@dataclass(frozen=True, slots=True, kw_only=True)
class NoticeChoice:
    """`status` is "accept" or "reject"; `scene` 1 a web page, 2 an article, 0 unsaid."""

    template_id: str = string("TemplateId")
    status: str = string("SubscribeStatusString")
    scene: int = integer("PopupScene")


@dataclass(frozen=True, slots=True, kw_only=True)
class SubscribeNoticePopup(Event):
    """A user chose in the notice pop-up."""

    event: str = "subscribe_msg_popup_event"
    choices: tuple[NoticeChoice, ...] = records("SubscribeMsgPopupEvent/List", NoticeChoice)

    @property
    def detail(self) -> str:
        return ",".join(f"{choice.template_id}={choice.status}" for choice in self.choices)


@dataclass(frozen=True, slots=True, kw_only=True)
class SubscribeNoticeChange(Event):
    """A user changed a choice in the settings; only refusals are pushed."""

    event: str = "subscribe_msg_change_event"
    choices: tuple[NoticeChoice, ...] = records("SubscribeMsgChangeEvent/List", NoticeChoice)

    @property
    def detail(self) -> str:
        return ",".join(f"{choice.template_id}={choice.status}" for choice in self.choices)


@dataclass(frozen=True, slots=True, kw_only=True)
class NoticeOutcome:
    """What became of one notice; `error_code` 0 means delivered."""

    template_id: str = string("TemplateId")
    msg_id: int = integer("MsgID")
    error_code: int = integer("ErrorCode")
    error_status: str = string("ErrorStatus")


@dataclass(frozen=True, slots=True, kw_only=True)
class SubscribeNoticeSent(Event):
    event: str = "subscribe_msg_sent_event"
    outcomes: tuple[NoticeOutcome, ...] = records("SubscribeMsgSentEvent/List", NoticeOutcome)

    @property
    def detail(self) -> str:
        return ",".join(str(outcome.msg_id) for outcome in self.outcomes)


@dataclass(frozen=True, slots=True, kw_only=True)
class KfSessionCreated(Event):
    """A customer-service worker took the user."""

    event: str = "kf_create_session"
    kf_account: str = string("KfAccount")

    @property
    def detail(self) -> str:
        return self.kf_account


@dataclass(frozen=True, slots=True, kw_only=True)
class KfSessionClosed(KfSessionCreated):
    event: str = "kf_close_session"


@dataclass(frozen=True, slots=True, kw_only=True)
class KfSessionSwitched(Event):
    event: str = "kf_switch_session"
    from_account: str = string("FromKfAccount")
    to_account: str = string("ToKfAccount")

    @property
    def detail(self) -> str:
        return f"{self.from_account}>{self.to_account}"


@dataclass(frozen=True, slots=True, kw_only=True)
class PersonalData(Event):
    """About the personal data of `affected_openid`, who need not be the sender.

    `revoke_info` lists scopes: 201 address, 202 invoice, 203 card, 204 microphone, 205 nickname and avatar,
    206 location, 207 chosen pictures or video.
    """

    affected_openid: str = string("OpenID", "openid")
    unionid: str = string("UnionID", "unionid")
    appid: str = string("AppID", "appid")
    revoke_info: str = string("RevokeInfo")

    @property
    def detail(self) -> str:
        return f"{self.affected_openid}:{self.revoke_info}"


@dataclass(frozen=True, slots=True, kw_only=True)
class UserInfoModified(PersonalData):
    """The authorised profile changed: refresh or clear nickname and avatar."""

    event: str = "user_info_modified"


@dataclass(frozen=True, slots=True, kw_only=True)
class UserAuthorizationRevoked(PersonalData):
    """The user withdrew: delete that data."""

    event: str = "user_authorization_revoke"


@dataclass(frozen=True, slots=True, kw_only=True)
class UserAuthorizationCancelled(PersonalData):
    """The user closed the WeChat account: delete or anonymise."""

    event: str = "user_authorization_cancellation"


@dataclass(frozen=True, slots=True, kw_only=True)
class AccountVerification(Event):
    """About the account's own verification; times in Unix seconds, 0 where the event has none."""

    expired_time: int = integer("ExpiredTime")
    fail_time: int = integer("FailTime")
    fail_reason: str = string("FailReason")


@dataclass(frozen=True, slots=True, kw_only=True)
class QualificationVerified(AccountVerification):
    """API rights start here."""

    event: str = "qualification_verify_success"


@dataclass(frozen=True, slots=True, kw_only=True)
class QualificationRefused(AccountVerification):
    event: str = "qualification_verify_fail"


@dataclass(frozen=True, slots=True, kw_only=True)
class NamingVerified(AccountVerification):
    event: str = "naming_verify_success"


@dataclass(frozen=True, slots=True, kw_only=True)
class NamingRefused(AccountVerification):
    """The rights stay, the tick mark goes."""

    event: str = "naming_verify_fail"


@dataclass(frozen=True, slots=True, kw_only=True)
class AnnualRenewal(AccountVerification):
    event: str = "annual_renew"


@dataclass(frozen=True, slots=True, kw_only=True)
class VerificationExpired(AccountVerification):
    event: str = "verify_expired"


@dataclass(frozen=True, slots=True, kw_only=True)
class MediaChecked(Event):
    """The result of an asynchronous media check. `suggest` is pass, review or risky."""

    event: str = "wxa_media_check"
    appid: str = string("appid")
    trace_id: str = string("trace_id")
    version: int = integer("version")
    errcode: int = integer("errcode")
    errmsg: str = string("errmsg")
    suggest: str = string("result/suggest")
    label: int = integer("result/label")

    @property
    def detail(self) -> str:
        return self.trace_id


@dataclass(frozen=True, slots=True, kw_only=True)
class EnterTempSession(Event):
    """A mini-program user opened customer service."""

    event: str = "user_enter_tempsession"
    session_from: str = string("SessionFrom")


@dataclass(frozen=True, slots=True, kw_only=True)
class UnknownEvent(Event):
    """An event this module does not know; all its elements are in `extra`."""

    @property
    def detail(self) -> str:
        # Nothing is known about what identifies it, so everything does.
        own = json.dumps(self.extra, sort_keys=True, ensure_ascii=False) if self.extra else ""
        return f"{self.event_key}|{own}"


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
    """An XML or JSON push as its class.

    What a follower's text does to the form of a push does not cost the follower the answer: XML that is not
    well-formed, or holds markup where text belongs, is read element by element. Raises MalformedMessage,
    which keeps the bytes, for what then has no sender, type or time.
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
    """Raises ValueError."""
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
    return named and len(message.to) <= LONGEST_NAME and 0 < message.create_time <= END_OF_TIME


def _xml_tree(body: bytes) -> Tree:
    return tree(xml.parse(body))


def _json_tree(body: bytes) -> Tree:
    # Numbers stay the text they were: ids exceed what a float can hold.
    return _as_tree(text.load_json(body, parse_int=str, parse_float=str, parse_constant=str))


def _as_tree(value: object) -> Tree:
    """A JSON value in the shape an XML push would have had."""
    if isinstance(value, dict):
        return collect((name, _as_tree(item)) for name, item in value.items())
    if isinstance(value, list):
        return [_as_tree(item) for item in value]
    return "" if value is None else str(value)
