"""The overview: how the chosen account is doing today, what waits for a person, and the next step."""

import datetime
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from django.db.models import Count, Q, QuerySet
from django.http import HttpRequest
from django.urls import reverse
from django.utils import timezone
from django.utils.formats import number_format
from django.utils.text import Truncator
from django.utils.translation import gettext as _

from accounts.followers.models import Follower
from accounts.followers.remarks import remark_of_row
from accounts.official.models import OfficialAccount
from accounts.staff.rights import Area, Rights, current_account
from wechat.console.pages import estimated_count
from wechat.inbox import conversation_page, spool
from wechat.inbox.models import InboundMessage
from wechat.kernel import timeline
from wechat.pushes.models import Push
from wechat.replies.models import Rule

# Above this a count would take longer than it is worth: it is shown as "100,000+".
COUNTED = 100_000
NEWEST = 5


@dataclass(frozen=True, slots=True)
class Figure:
    name: str
    value: str
    link: str = ""
    is_bad: bool = False


@dataclass(frozen=True, slots=True)
class RecentMessage:
    text: str
    at: datetime.datetime
    follower: str
    link: str
    conversation: str


@dataclass(frozen=True, slots=True)
class Newest:
    title: str
    link: str
    messages: list[RecentMessage]


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
    rows: list[list[Figure]] = [[], []]
    newest: list[Newest] = []
    if account is not None and rights.may_view(Area.MESSAGES, account.pk):
        rows = [[*_today(account)], [*_trouble(account)]]
        newest = [*_newest(account)]
    if account is not None and rights.may_view(Area.FOLLOWERS, account.pk):
        rows[0].append(_followers(account))
    return {
        **context,
        "title": _("Overview"),
        "account": account,
        "figures": [figures for figures in rows if figures],
        "newest": newest,
        "steps": list(_steps(request, account)),
    }


def _today(account: OfficialAccount) -> Iterator[Figure]:
    midnight = timezone.localtime().replace(hour=0, minute=0, second=0, microsecond=0)
    log = reverse("admin:inbox_inboundmessage_changelist")
    today = timeline.between(
        InboundMessage.objects.filter(account=account), "received_at", midnight, None
    ).order_by("-pk")[:COUNTED]
    counted = InboundMessage.objects.filter(pk__in=today.values("pk")).aggregate(
        all=Count("pk"),
        texts=Count("pk", filter=Q(kind="text")),
        answered=Count("pk", filter=Q(kind="text") & ~Q(answered_by="")),
    )
    since = f"?since={midnight:%Y-%m-%dT%H:%M}"
    texts, answered = counted["texts"], counted["answered"]
    share = f"{answered / texts:.0%}" if texts else "–"
    yield Figure(_("Messages today"), _capped(counted["all"]), log + since)
    yield Figure(_("Texts answered today"), share, f"{log}{since}&kind=text")
    unanswered = f"{reverse('admin:inbox_unanswered')}?days=1"
    yield Figure(_("Unanswered today"), _capped(texts - answered), unanswered)


def _trouble(account: OfficialAccount) -> Iterator[Figure]:
    """What waits for a person; zero is good news and is shown as well."""
    log = reverse("admin:inbox_inboundmessage_changelist")
    rows = InboundMessage.objects.filter(account=account)
    failed = _count(rows.exclude(error=""))
    unreadable = _count(rows.filter(kind=InboundMessage.MALFORMED, event=""))
    yield Figure(_("Handling failed"), _capped(failed), f"{log}?state=failed", is_bad=failed > 0)
    yield Figure(
        _("Unreadable callbacks"), _capped(unreadable), f"{log}?state=malformed", is_bad=unreadable > 0
    )
    pushes = Push.objects.filter(account=account)
    lost = _count(pushes.filter(state__in=[Push.State.FAILED, Push.State.UNCERTAIN]))
    sent = reverse("admin:pushes_push_changelist")
    yield Figure(_("Sends failed or uncertain"), _capped(lost), f"{sent}?state=failed", is_bad=lost > 0)
    if refused := spool.refused(account.pk):
        address = reverse("admin:inbox_refused")
        yield Figure(_("Callbacks that could not be stored"), str(len(refused)), address, is_bad=True)


def _followers(account: OfficialAccount) -> Figure:
    rows = Follower.objects.filter(account=account, subscribed=True)
    count = _count(rows)
    about = count if count < COUNTED else estimated_count(rows)
    address = reverse("admin:followers_follower_changelist")
    return Figure(_("Followers"), number_format(about, force_grouping=True), address)


def _newest(account: OfficialAccount) -> Iterator[Newest]:
    """The ends of the log and of what no rule answered, each from the end of its index."""
    log = InboundMessage.objects.filter(account=account).annotate(remark=remark_of_row()).order_by("-pk")
    unanswered = log.filter(kind="text", answered_by="")
    yield Newest(
        _("Newest unanswered questions"), reverse("admin:inbox_unanswered"), _recent_messages(unanswered)
    )
    address = reverse("admin:inbox_inboundmessage_changelist")
    yield Newest(_("Newest messages"), address, _recent_messages(log))


def _recent_messages(rows: QuerySet[Any]) -> list[RecentMessage]:
    return [
        RecentMessage(
            Truncator(str(row)).chars(60),
            row.received_at,
            row.remark or row.openid,
            reverse("admin:inbox_inboundmessage_change", args=[row.pk]),
            conversation_page.address(row) if row.openid else "",
        )
        for row in rows[:NEWEST]
    ]


def _steps(request: HttpRequest, account: OfficialAccount | None) -> Iterator[SetUpStep]:
    """What is missing until followers are answered; the first thing is the next to do."""
    rights = Rights.of(request.user)
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
    if not InboundMessage.objects.filter(account=account).exists():
        yield SetUpStep(
            _("Enter the callback URL on WeChat's page"),
            _("Nothing has arrived from WeChat yet. Give it this address, the token and the EncodingAESKey."),
            reverse("admin:official_officialaccount_change", args=(account.pk,)),
            _("Open the account"),
            account.callback_url,
        )
    yield from _first_rule(account, rights)


def _first_rule(account: OfficialAccount, rights: Rights) -> Iterator[SetUpStep]:
    if not rights.may_change(Area.CONTENT, account.pk) or Rule.objects.filter(account=account).exists():
        return
    yield SetUpStep(
        _("Make the first rule"),
        _("No rule answers followers of this account yet."),
        reverse("admin:replies_rule_add"),
        _("Add rule"),
    )


def _count(rows: QuerySet[Any]) -> int:
    return rows.order_by()[:COUNTED].count()


def _capped(count: int) -> str:
    shown = number_format(count, force_grouping=True)
    return f"{shown}+" if count >= COUNTED else shown
