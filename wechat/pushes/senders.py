"""The senders, one class for each kind of message: the API, the ledger, the meaning of refusals.

Reference: WeChat reference 8.2 (customer service), 9.3 (template), 10.2 (notices), 10.3 (one-time), 10.4
(mini program), 16 (error codes).
"""

import datetime
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, ClassVar

from accounts.followers import activity
from accounts.official.models import OfficialAccount
from wechat.pushes import library, pictures, subscription_quota, windows
from wechat.pushes.models import Push
from wechat.pushes.states import PushState
from wechat.sdk import template_messages
from wechat.sdk.answers import number
from wechat.sdk.calls import base
from wechat.sdk.client import Client
from wechat.sdk.content import Image, to_service_json
from wechat.sdk.content_limits import is_empty
from wechat.sdk.errors import ContentError, TransportError

Kind, State, Reason = Push.Kind, Push.State, Push.Reason

GiveBack = Callable[[], None]


@dataclass(frozen=True, slots=True)
class SendVerdict:
    """The state and the reason of a push that was not sent."""

    state: PushState
    reason: Push.Reason


def _nothing() -> None:
    """Does nothing: the undo function of a message that was taken from no ledger."""


class Sender(ABC):
    """The sender of one kind of message. ``path`` is its API, which has a quota and a rate of its own."""

    kind: ClassVar[Push.Kind]
    path: ClassVar[str]
    # Whether a follower's messages are sent in order, each after the one before it.
    in_order: ClassVar[bool] = False
    # How long the platform drops a repeat of a message; if zero, a lost answer makes the push uncertain.
    repeatable_for: ClassVar[datetime.timedelta] = datetime.timedelta(0)
    # The verdict if the ledger allows this follower no message.
    unaffordable: ClassVar[SendVerdict] = SendVerdict(State.SKIPPED, Reason.NO_GRANT)
    verdicts: ClassVar[Mapping[int, SendVerdict]] = {}

    def send(self, client: Client, push: Push) -> int | None:
        """Sends the push; returns the platform's message id, or ``None`` if it returns none.

        Raises ``ContentError`` before the call, and ``ApiError`` or ``TransportError``.
        """
        return number(client.post(self.path, self.body(push)), "msgid") or None

    def probe(self, client: Client) -> None:
        """Checks with a harmless call whether the platform answers.

        Raises ``ApiError`` or ``TransportError``; the latter as one after which surely no message was sent.
        """
        try:
            base.api_domain_ips(client)
        except TransportError as error:
            raise TransportError(str(error), outcome_unknown=False) from error

    def needs_upload(self, push: Push) -> bool:
        """Returns whether a file of the push is uploaded before it is sent: by an API with its own quota."""
        return False

    def upload(self, client: Client, push: Push) -> None:  # noqa: B027 - most kinds have no file
        """Uploads the file of a push. Raises ``ContentError``, ``ApiError`` and ``TransportError``."""

    @abstractmethod
    def body(self, push: Push) -> dict[str, Any]:
        """Returns the body of the API call; see ``send``."""

    def take(
        self, account: OfficialAccount, pushes: Sequence[Push], at: datetime.datetime
    ) -> Mapping[int, GiveBack]:
        """Takes the pushes from the ledger.

        Returns the undo functions by push id, for the pushes that may be sent.
        """
        return dict.fromkeys([push.pk for push in pushes], _nothing)

    def correct(self, push: Push, verdict: SendVerdict, at: datetime.datetime) -> None:
        """Corrects what is known of the follower after a refusal, because the platform knows better.

        ``at`` is when the call began.
        """
        if verdict.reason == Reason.NOT_FOLLOWING:
            activity.found_gone(push.account_id, push.openid, at)

    def missing(self, account: OfficialAccount, pushes: Sequence[Push]) -> set[str]:
        """Returns the ids of the pushes' templates that are known to be missing at the platform."""
        return set()


NOT_FOLLOWING = {activity.REQUIRES_FOLLOWING: SendVerdict(State.SKIPPED, Reason.NOT_FOLLOWING)}


class ServiceSender(Sender):
    kind = Kind.SERVICE
    path = "/cgi-bin/message/custom/send"
    in_order = True
    unaffordable = SendVerdict(State.SKIPPED, Reason.NO_WINDOW)
    verdicts = {
        **NOT_FOLLOWING,
        45015: SendVerdict(State.SKIPPED, Reason.WINDOW_CLOSED),
        45047: SendVerdict(State.SKIPPED, Reason.USED_UP),
        48002: SendVerdict(State.SKIPPED, Reason.BLOCKED),
    }

    def needs_upload(self, push: Push) -> bool:
        return push.content.get("type") == Image.type and not push.content.get("media_id")

    def upload(self, client: Client, push: Push) -> None:
        # For this attempt only: what is uploaded is forgotten there after three days.
        push.content = {**push.content, "media_id": pictures.upload(client, push)}

    def body(self, push: Push) -> dict[str, Any]:
        content = push.body
        if is_empty(content):
            raise ContentError("content", "Nothing is left of the message.", code="required")
        return to_service_json(content, openid=push.openid, kf_account=push.content.get("kf_account", ""))

    def take(
        self, account: OfficialAccount, pushes: Sequence[Push], at: datetime.datetime
    ) -> Mapping[int, GiveBack]:
        spent = windows.spend_each(account, [push.openid for push in pushes], at)
        return {
            push.pk: partial(windows.refund, spent[push.openid]) for push in pushes if push.openid in spent
        }

    def correct(self, push: Push, verdict: SendVerdict, at: datetime.datetime) -> None:
        super().correct(push, verdict, at)
        if verdict.reason in {Reason.WINDOW_CLOSED, Reason.USED_UP}:
            windows.exhaust(push.account, push.openid, at)


TEMPLATE_VERDICTS = {
    **NOT_FOLLOWING,
    40037: SendVerdict(State.FAILED, Reason.TEMPLATE_GONE),
    47003: SendVerdict(State.FAILED, Reason.BAD_VALUE),
}


class TemplatedSender(Sender):
    """The base of senders of messages made from a template, which may be missing at the platform."""

    def correct(self, push: Push, verdict: SendVerdict, at: datetime.datetime) -> None:
        super().correct(push, verdict, at)
        if verdict.reason == Reason.TEMPLATE_GONE:
            library.missed(push.account, push.template)
        elif verdict.reason == Reason.NO_GRANT:
            subscription_quota.refuse(push.account, push.openid, push.template, at)

    def missing(self, account: OfficialAccount, pushes: Sequence[Push]) -> set[str]:
        return library.missing(account, [push.template for push in pushes])


class TemplateSender(TemplatedSender):
    kind = Kind.TEMPLATE
    path = "/cgi-bin/message/template/send"
    # The platform remembers ten minutes; the longest call and clock differences are subtracted.
    repeatable_for = datetime.timedelta(minutes=8)
    verdicts = TEMPLATE_VERDICTS

    def body(self, push: Push) -> dict[str, Any]:
        return template_messages.template_body(push.message, push.openid, client_msg_id(push))


class NoticeSender(TemplatedSender):
    """The sender of subscription notices.

    The platform only mentions ``client_msg_id`` for notices: it is sent, but not relied upon.
    """

    kind = Kind.NOTICE
    path = "/cgi-bin/message/subscribe/bizsend"
    verdicts = {**TEMPLATE_VERDICTS, 43101: SendVerdict(State.SKIPPED, Reason.NO_GRANT)}

    def body(self, push: Push) -> dict[str, Any]:
        return template_messages.notice_body(push.message, push.openid, client_msg_id(push))

    def take(
        self, account: OfficialAccount, pushes: Sequence[Push], at: datetime.datetime
    ) -> Mapping[int, GiveBack]:
        paid: dict[int, GiveBack] = {}
        for template, asking in _by_template(pushes).items():
            spent = dict(
                subscription_quota.spend_each(account, template, [push.openid for push in asking], at)
            )
            for push in asking:
                # A second message to the same follower uses the next agreement.
                if push.openid in spent:
                    paid[push.pk] = partial(subscription_quota.give_back, spent.pop(push.openid))
                elif again := subscription_quota.spend_each(account, template, [push.openid], at):
                    paid[push.pk] = partial(subscription_quota.give_back, again[push.openid])
        return paid


class OnceSender(TemplatedSender):
    """The sender of the old one-time subscription by web address: one message after each confirmation."""

    kind = Kind.ONCE
    path = "/cgi-bin/message/template/subscribe"
    verdicts = {**TEMPLATE_VERDICTS, 43101: SendVerdict(State.SKIPPED, Reason.NO_GRANT)}

    def body(self, push: Push) -> dict[str, Any]:
        return template_messages.once_body(push.message, push.openid)


class SubscribeSender(NoticeSender):
    """The sender of a mini program's subscription messages."""

    kind = Kind.SUBSCRIBE
    path = "/cgi-bin/message/subscribe/send"

    def body(self, push: Push) -> dict[str, Any]:
        return template_messages.subscribe_body(push.message, push.openid)


SENDERS: Mapping[str, Sender] = {
    sender.kind: sender
    for sender in (ServiceSender(), TemplateSender(), NoticeSender(), OnceSender(), SubscribeSender())
}


def _by_template(pushes: Sequence[Push]) -> dict[str, list[Push]]:
    found: dict[str, list[Push]] = {}
    for push in pushes:
        found.setdefault(push.template, []).append(push)
    return found


def client_msg_id(push: Push) -> str:
    """Returns the id that all attempts of a push share, and no other push has."""
    return f"push-{push.pk}"
