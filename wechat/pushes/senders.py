"""The ways of sending, one class each: what is sent, what it is taken from, what a refusal means.

Reference: WeChat reference 8.2 (customer service), 9.3 (template), 10.2 (notices), 10.3 (one-time), 10.4
(mini program), 16 (error codes).
"""

import datetime
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, ClassVar

from accounts.official.models import OfficialAccount
from wechat.pushes import library, subscription_quota, windows
from wechat.pushes.models import Push
from wechat.pushes.states import PushState
from wechat.sdk import template_messages
from wechat.sdk.client import Client
from wechat.sdk.content import is_empty, to_service_json
from wechat.sdk.errors import ContentError, TransportError

Kind, State, Reason = Push.Kind, Push.State, Push.Reason

GiveBack = Callable[[], None]


@dataclass(frozen=True, slots=True)
class SendVerdict:
    """The state and the reason that a push gets which was not sent."""

    state: PushState
    reason: Push.Reason


def _nothing() -> None:
    """Does nothing: gives back a message that was taken from no ledger."""


class Sender(ABC):
    """One way of sending. ``path`` is the API, whose quota and speed it shares with nobody."""

    kind: ClassVar[Push.Kind]
    path: ClassVar[str]
    # Whether a follower's messages keep their order, each waiting for the one before.
    in_order: ClassVar[bool] = False
    # For how long the platform drops a repeat of a message; without, one with a lost answer is uncertain.
    repeatable_for: ClassVar[datetime.timedelta] = datetime.timedelta(0)
    # If the ledger has nothing for this follower.
    unaffordable: ClassVar[SendVerdict] = SendVerdict(State.SKIPPED, Reason.NO_GRANT)
    verdicts: ClassVar[Mapping[int, SendVerdict]] = {}

    def send(self, client: Client, push: Push) -> int | None:
        """Calls the platform; returns the message's id there, or ``None`` where it tells none.

        Raises ``ContentError`` before the call, ``ApiError`` and ``TransportError``.
        """
        msgid = str(client.post(self.path, self.body(push)).get("msgid"))
        return int(msgid) if msgid.isdecimal() else None

    def probe(self, client: Client) -> None:
        """Finds out whether the platform answers, with a call that spends nobody's message.

        Raises ``ApiError`` and ``TransportError``; the latter surely before a message left.
        """
        try:
            client.get("/cgi-bin/get_api_domain_ip")
        except TransportError as error:
            raise TransportError(str(error), outcome_unknown=False) from error

    @abstractmethod
    def body(self, push: Push) -> dict[str, Any]:
        """Returns what the platform is told; see ``send``."""

    def take(
        self, account: OfficialAccount, pushes: Sequence[Push], at: datetime.datetime
    ) -> Mapping[int, GiveBack]:
        """Takes each push from the follower's ledger.

        Returns how to undo that, by id, for those that may be sent.
        """
        return dict.fromkeys([push.pk for push in pushes], _nothing)

    def correct(self, push: Push, verdict: SendVerdict, at: datetime.datetime) -> None:  # noqa: B027 - most have none
        """Corrects the ledger after a refusal, as the platform knows it better than we do."""

    def missing(self, account: OfficialAccount, pushes: Sequence[Push]) -> set[str]:
        """Returns the ids of those templates of the pushes that are known to be gone."""
        return set()


class ServiceSender(Sender):
    kind = Kind.SERVICE
    path = "/cgi-bin/message/custom/send"
    in_order = True
    unaffordable = SendVerdict(State.SKIPPED, Reason.NO_WINDOW)
    verdicts = {
        45015: SendVerdict(State.SKIPPED, Reason.WINDOW_CLOSED),
        45047: SendVerdict(State.SKIPPED, Reason.USED_UP),
        48002: SendVerdict(State.SKIPPED, Reason.BLOCKED),
    }

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
        if verdict.reason in {Reason.WINDOW_CLOSED, Reason.USED_UP}:
            windows.exhaust(push.account, push.openid, at)


TEMPLATE_VERDICTS = {
    40037: SendVerdict(State.FAILED, Reason.TEMPLATE_GONE),
    47003: SendVerdict(State.FAILED, Reason.BAD_VALUE),
}


class TemplatedSender(Sender):
    """A sender of messages made from an account's template, which may have been deleted at the platform."""

    def correct(self, push: Push, verdict: SendVerdict, at: datetime.datetime) -> None:
        if verdict.reason == Reason.TEMPLATE_GONE:
            library.missed(push.account, push.template)
        elif verdict.reason == Reason.NO_GRANT:
            subscription_quota.refuse(push.account, push.openid, push.template, at)

    def missing(self, account: OfficialAccount, pushes: Sequence[Push]) -> set[str]:
        return library.missing(account, [push.template for push in pushes])


class TemplateSender(TemplatedSender):
    kind = Kind.TEMPLATE
    path = "/cgi-bin/message/template/send"
    # Ten minutes there, less the longest call and the clocks' difference.
    repeatable_for = datetime.timedelta(minutes=8)
    verdicts = {**TEMPLATE_VERDICTS, 43004: SendVerdict(State.SKIPPED, Reason.NOT_FOLLOWING)}

    def body(self, push: Push) -> dict[str, Any]:
        return template_messages.template_body(push.message, push.openid, client_msg_id(push))


class NoticeSender(TemplatedSender):
    """A sender of subscription notices.

    The platform only hints at a ``client_msg_id`` for notices: it is sent, and not relied upon.
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
                # A second message to the same follower takes the next agreement.
                if push.openid in spent:
                    paid[push.pk] = partial(subscription_quota.give_back, spent.pop(push.openid))
                elif again := subscription_quota.spend_each(account, template, [push.openid], at):
                    paid[push.pk] = partial(subscription_quota.give_back, again[push.openid])
        return paid


class OnceSender(TemplatedSender):
    """The old one-time subscription by web address: one message after each confirmation."""

    kind = Kind.ONCE
    path = "/cgi-bin/message/template/subscribe"
    verdicts = {**TEMPLATE_VERDICTS, 43101: SendVerdict(State.SKIPPED, Reason.NO_GRANT)}

    def body(self, push: Push) -> dict[str, Any]:
        return template_messages.once_body(push.message, push.openid)


class SubscribeSender(NoticeSender):
    """A mini program's own messages."""

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
    """Returns the id that is the same for every attempt of a push, and other than that of any other push."""
    return f"push-{push.pk}"
