"""The events that the platform reports: about sends, service sessions, and the account itself.

WeChat reference 2.2.
"""

from dataclasses import dataclass

from wechat.sdk.fields import code, count, integer, integers, records, string
from wechat.sdk.messages.base import key_of
from wechat.sdk.messages.events import Event


def _without_blanks(status: str) -> str:
    """Returns a status in the form in which it is compared: the platform does not always write the same."""
    return "".join(status.split()).lower()


@dataclass(frozen=True, slots=True, kw_only=True)
class SendResult(Event):
    """The outcome of an earlier send with this ``msg_id``, which is 0 if it exceeds 64 bits."""

    msg_id: int = integer("MsgID", "MsgId")
    status: str = string("Status")

    @property
    def key(self) -> str:
        return key_of(
            self.event, str(self.msg_id), "" if self.msg_id else f"{self.openid}|{self.create_time}"
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class TemplateSendFinished(SendResult):
    """The result of a template message.

    ``status`` is as printed by the platform: "success", "failed:user block" or "failed: system failed".
    """

    event: str = "templatesendjobfinish"

    @property
    def delivered(self) -> bool:
        return _without_blanks(self.status) == "success"

    @property
    def blocked(self) -> bool:
        return _without_blanks(self.status) == "failed:userblock"


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
    """The result of a mass send; the sender is an account of the platform, and the counts may be inexact.

    ``check_state``: 1 fine, 2 reprint but sendable, 3 not sendable. WeChat reference 2.3.
    """

    event: str = "masssendjobfinish"
    total: int = count("TotalCount")
    filtered: int = count("FilterCount")
    sent: int = count("SentCount")
    errors: int = count("ErrorCount")
    check_state: int = count("CopyrightCheckResult/CheckState")
    checks: tuple[ArticleCheck, ...] = records(ArticleCheck, "CopyrightCheckResult/ResultList/item")
    urls: tuple[ArticleUrl, ...] = records(ArticleUrl, "ArticleUrlResult/ResultList/item")

    @property
    def succeeded(self) -> bool:
        return _without_blanks(self.status) == "sendsuccess"


@dataclass(frozen=True, slots=True, kw_only=True)
class PublishedArticle:
    idx: int = integer("idx")
    url: str = string("article_url")


@dataclass(frozen=True, slots=True, kw_only=True)
class PublishFinished(Event):
    """The result of a publication; ``status`` 0 means success. WeChat reference 12.4."""

    event: str = "publishjobfinish"
    publish_id: str = string("PublishEventInfo/publish_id")
    status: int = integer("PublishEventInfo/publish_status")
    article_id: str = string("PublishEventInfo/article_id")
    articles: tuple[PublishedArticle, ...] = records(PublishedArticle, "PublishEventInfo/article_detail/item")
    failed: tuple[int, ...] = integers("PublishEventInfo/fail_idx")

    @property
    def detail(self) -> str:
        return self.publish_id


@dataclass(frozen=True, slots=True, kw_only=True)
class NoticeChoice:
    """A choice about one notice: ``status`` is "accept" or "reject".

    ``scene`` is 1 on a web page, 2 in an article, 0 unsaid.
    """

    template_id: str = string("TemplateId")
    status: str = string("SubscribeStatusString")
    scene: int = integer("PopupScene")


@dataclass(frozen=True, slots=True, kw_only=True)
class SubscribeNoticePopup(Event):
    """The event of a user who chose in the pop-up of notices."""

    event: str = "subscribe_msg_popup_event"
    choices: tuple[NoticeChoice, ...] = records(NoticeChoice, "SubscribeMsgPopupEvent/List", "List")

    @property
    def detail(self) -> str:
        return ",".join(f"{choice.template_id}={choice.status}" for choice in self.choices)


@dataclass(frozen=True, slots=True, kw_only=True)
class SubscribeNoticeChange(Event):
    """The event of a user who changed a choice in the settings; only refusals are pushed."""

    event: str = "subscribe_msg_change_event"
    choices: tuple[NoticeChoice, ...] = records(NoticeChoice, "SubscribeMsgChangeEvent/List", "List")

    @property
    def detail(self) -> str:
        return ",".join(f"{choice.template_id}={choice.status}" for choice in self.choices)


@dataclass(frozen=True, slots=True, kw_only=True)
class NoticeOutcome:
    """The outcome of one notice; ``error_code`` 0 and ``error_status`` "success" mean delivered."""

    template_id: str = string("TemplateId")
    msg_id: int = integer("MsgID")
    error_code: int | None = code("ErrorCode")
    error_status: str = string("ErrorStatus")

    @property
    def delivered(self) -> bool | None:
        """Returns whether it was delivered, by its status if there is no code; ``None`` without either."""
        if self.error_code is not None:
            return self.error_code == 0
        return self.error_status.lower() == "success" if self.error_status else None


@dataclass(frozen=True, slots=True, kw_only=True)
class SubscribeNoticeSent(Event):
    event: str = "subscribe_msg_sent_event"
    outcomes: tuple[NoticeOutcome, ...] = records(NoticeOutcome, "SubscribeMsgSentEvent/List", "List")

    @property
    def detail(self) -> str:
        return ",".join(str(outcome.msg_id) for outcome in self.outcomes)


@dataclass(frozen=True, slots=True, kw_only=True)
class KfSessionCreated(Event):
    """The event of a customer-service worker who took over a user."""

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
    """An event about the personal data of ``affected_openid``, who need not be the sender.

    ``revoke_info`` lists scopes: 201 address, 202 invoice, 203 card, 204 microphone, 205 nickname and avatar,
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
    """The event of a changed profile: nickname and avatar have to be refreshed or cleared."""

    event: str = "user_info_modified"


@dataclass(frozen=True, slots=True, kw_only=True)
class UserAuthorizationRevoked(PersonalData):
    """The event of a withdrawn consent: its data has to be deleted."""

    event: str = "user_authorization_revoke"


@dataclass(frozen=True, slots=True, kw_only=True)
class UserAuthorizationCancelled(PersonalData):
    """The event of a closed WeChat account: the user's data has to be deleted or anonymised."""

    event: str = "user_authorization_cancellation"


@dataclass(frozen=True, slots=True, kw_only=True)
class AccountVerification(Event):
    """An event about the account's verification; times in Unix seconds, 0 where the event has none."""

    expired_time: int = integer("ExpiredTime")
    fail_time: int = integer("FailTime")
    fail_reason: str = string("FailReason")


@dataclass(frozen=True, slots=True, kw_only=True)
class QualificationVerified(AccountVerification):
    """The event of a verified qualification, with which the account gets its API rights."""

    event: str = "qualification_verify_success"


@dataclass(frozen=True, slots=True, kw_only=True)
class QualificationRefused(AccountVerification):
    event: str = "qualification_verify_fail"


@dataclass(frozen=True, slots=True, kw_only=True)
class NamingVerified(AccountVerification):
    event: str = "naming_verify_success"


@dataclass(frozen=True, slots=True, kw_only=True)
class NamingRefused(AccountVerification):
    """The event of a refused account name: the rights stay, but the verification mark goes."""

    event: str = "naming_verify_fail"


@dataclass(frozen=True, slots=True, kw_only=True)
class AnnualRenewal(AccountVerification):
    event: str = "annual_renew"


@dataclass(frozen=True, slots=True, kw_only=True)
class VerificationExpired(AccountVerification):
    event: str = "verify_expired"


@dataclass(frozen=True, slots=True, kw_only=True)
class MediaChecked(Event):
    """The result of an asynchronous media check. ``suggest`` is pass, review or risky."""

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
    """The event of a mini-program user who opened customer service."""

    event: str = "user_enter_tempsession"
    session_from: str = string("SessionFrom")
