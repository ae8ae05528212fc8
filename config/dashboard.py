"""The home page: what waits for its reader, how the chosen account is doing, what to set up next."""

import datetime
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from django.db.models import Exists
from django.http import HttpRequest
from django.urls import reverse
from django.utils.text import Truncator
from django.utils.translation import gettext as _

from accounts.followers import people
from accounts.followers.people import Person
from accounts.official.models import OfficialAccount
from accounts.staff import todo
from accounts.staff.gate import reader
from accounts.staff.rights import Area, Rights, current_account
from accounts.staff.todo_page import COLOURS
from config import home_figures
from wechat.inbox import conversation_page, spool
from wechat.inbox.checkup import current_refusals
from wechat.inbox.models import InboundMessage
from wechat.replies.models import Rule

NEWEST = 5
WAITING = 6


@dataclass(frozen=True, slots=True)
class RecentMessage:
    text: str
    at: datetime.datetime
    follower: Person | None
    link: str
    conversation: str


@dataclass(frozen=True, slots=True)
class SetUpStep:
    title: str
    text: str
    link: str
    action: str
    copied: str = ""


def dashboard(request: HttpRequest, context: dict[str, Any]) -> dict[str, Any]:
    account = current_account(request)
    rights = Rights.of(request.user)
    shown = {**context, "title": _("Overview"), "account": account, "steps": list(_steps(account, rights))}
    if account is None:
        return shown
    reads = rights.may_view(Area.MESSAGES, account.pk)
    return {
        **shown,
        **_waiting(request, account),
        "cards": home_figures.cards(account, rights),
        "reads": reads,
        "unanswered": _unanswered(account) if reads else [],
        "refused": len(spool.refused(account.pk)) if reads else 0,
    }


def _waiting(request: HttpRequest, account: OfficialAccount) -> dict[str, Any]:
    """Returns the most urgent things that wait for the reader in this account, and the number of others."""
    found = todo.waiting(reader(request), account.pk)
    return {
        "waiting": [(each, COLOURS[each.kind.severity]) for each in found[:WAITING]],
        "waiting_besides": max(len(found) - WAITING, 0),
    }


def _unanswered(account: OfficialAccount) -> list[RecentMessage]:
    """Returns the newest messages that no rule answered, read from the end of their index."""
    rows = InboundMessage.objects.filter(account=account, kind="text", answered_by="")
    newest = list(rows.order_by("-pk")[:NEWEST])
    people.attach_people(newest)
    return [
        RecentMessage(
            Truncator(str(row)).chars(60),
            row.received_at,
            people.of_row(row),
            reverse("admin:inbox_inboundmessage_change", args=[row.pk]),
            conversation_page.address(row) if row.openid else "",
        )
        for row in newest
    ]


def _steps(account: OfficialAccount | None, rights: Rights) -> Iterator[SetUpStep]:
    """Yields the steps that are still missing before followers get answers; the first one is the next."""
    if account is None:
        if rights.everything:
            address = reverse("operations_setup")
            yield SetUpStep(
                _("Add an official account"),
                _("Step by step: what to copy from where, checked as you go."),
                address,
                _("Add account"),
            )
        return
    if not rights.may_view(Area.MESSAGES, account.pk):
        return
    has_arrived, has_rules = _has_begun(account)
    if not has_arrived:
        yield SetUpStep(
            _("Enter the callback URL on WeChat's page"),
            _("Nothing has arrived from WeChat yet. Give it this address, the token and the EncodingAESKey."),
            reverse("admin:official_officialaccount_change", args=(account.pk,)),
            _("Open the account"),
            account.callback_url,
        )
    if not has_rules and rights.may_change(Area.CONTENT, account.pk):
        yield SetUpStep(
            _("Make the first rule"),
            _("No rule answers followers of this account yet."),
            reverse("admin:replies_rule_add"),
            _("Add rule"),
        )


def _has_begun(account: OfficialAccount) -> tuple[bool, bool]:
    """Returns whether anything has arrived, be it refused, and whether there is a rule."""
    taken = Exists(InboundMessage.objects.filter(account=account))
    refused = Exists(current_refusals(account.pk))
    rules = Exists(Rule.objects.filter(account=account))
    asked = OfficialAccount.objects.filter(pk=account.pk)
    has_taken, has_refused, has_rules = asked.values_list(taken, refused, rules).get()
    return has_taken or has_refused, has_rules
