"""The filters of the message log; each one uses an index, so that it is quick over ten million rows."""

import datetime
import re
from typing import Any

from django import forms
from django.db.models import Q, QuerySet
from django.utils.formats import date_format
from django.utils.timezone import localtime
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.followers import searching
from accounts.followers.labels import EVENTS, MESSAGES
from accounts.official.models import OfficialAccount
from wechat.console.big_tables import FilterForm
from wechat.console.days import moment_field
from wechat.inbox import answerers
from wechat.inbox.models import NOT_A_RECEIPT, RECEIPTS, InboundMessage
from wechat.kernel import rows_by_time
from wechat.kernel.work import GIVEN_UP

OPENID_FORM = re.compile(r"[A-Za-z0-9_-]{16,64}")
# Reading this many texts takes a third of a second; a substring has no index that Chinese could use.
SEARCHED = 200_000
MOST_PEOPLE = 200

ANSWERS = {
    "unanswered": Q(kind="text", answered_by=""),
    "answered": ~Q(answered_by=""),
    "late": Q(late=True),
}
STATES = {
    "failed": GIVEN_UP,
    "malformed": Q(kind=InboundMessage.MALFORMED, event=""),
    "waiting": Q(due_at__isnull=False),
}

Rows = QuerySet[InboundMessage]


class LogFilter(FilterForm):
    q = forms.CharField(
        label=gettext_lazy("Text or follower"),
        required=False,
        widget=forms.TextInput(attrs={"type": "search"}),
    )
    kind = forms.ChoiceField(label=gettext_lazy("Kind"), required=False)
    answer = forms.ChoiceField(label=gettext_lazy("Answer"), required=False)
    state = forms.ChoiceField(
        label=gettext_lazy("State"),
        required=False,
        choices=[
            ("", gettext_lazy("All")),
            ("failed", gettext_lazy("Handling failed")),
            ("malformed", gettext_lazy("Unreadable")),
            ("waiting", gettext_lazy("Waiting to be handled")),
        ],
    )
    since = moment_field(gettext_lazy("From"))
    until = moment_field(gettext_lazy("To"))

    def __init__(self, account: OfficialAccount | None, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._choices("kind").choices = _kinds()
        self._choices("answer").choices = _answers(account, self.data.get("answer", ""))

    def narrow(self, rows: Rows) -> Rows:
        chosen = self.cleaned_data
        rows = rows_by_time.between(rows, "received_at", chosen["since"], chosen["until"])
        if chosen["q"]:
            rows = self._searched(rows, chosen["q"].strip())
        if chosen["kind"]:
            rows = rows.filter(_of_kind(chosen["kind"]))
        elif not chosen["state"]:
            # Who looks for what went wrong looks for all of it.
            rows = rows.filter(NOT_A_RECEIPT)
        if chosen["answer"]:
            rows = rows.filter(ANSWERS.get(chosen["answer"]) or Q(answered_by=chosen["answer"]))
        if chosen["state"]:
            rows = rows.filter(STATES[chosen["state"]])
        return rows

    def _searched(self, rows: Rows, wanted: str) -> Rows:
        """Returns messages of an OpenID, or the newest ones with this text or by somebody with this name."""
        if OPENID_FORM.fullmatch(wanted) and (found := rows.filter(openid=wanted)).exists():
            return found
        newest = rows.order_by("-pk").values_list("pk", "received_at")
        boundary = newest[SEARCHED : SEARCHED + 1].first()
        if boundary is not None:
            self.notices.append(_searched_back_to(boundary[1]))
            rows = rows.filter(pk__gt=boundary[0])
        people = [each["openid"] for each in searching.openids_for(self.request, wanted)[:MOST_PEOPLE]]
        return rows.filter(Q(text__icontains=wanted) | Q(openid__in=people))

    def _choices(self, name: str) -> forms.ChoiceField:
        field = self.fields[name]
        assert isinstance(field, forms.ChoiceField)
        return field


def _searched_back_to(moment: datetime.datetime) -> str:
    return _(
        "The newest %(number)s messages were searched, back to %(moment)s. "
        "Choose a time range to search others."
    ) % {"number": f"{SEARCHED:,}", "moment": date_format(localtime(moment), "Y-m-d H:i")}


def _of_kind(chosen: str) -> Q:
    """Returns the condition on kind and event.

    The condition names the empty event as well, so that the index returns the rows in order.
    """
    if chosen == "receipts":
        return Q(kind="event", event__in=RECEIPTS)
    kind, _colon, event = chosen.partition(":")
    if kind == "event" and not event:
        return Q(kind="event")
    return Q(kind=kind, event=event)


def _kinds() -> list[Any]:
    messages = [(kind, name) for kind, name in MESSAGES.items() if kind not in {"event", "malformed"}]
    events = [(f"event:{event}", name) for event, name in EVENTS.items()]
    return [
        ("", _("All but receipts")),
        (_("Messages"), messages),
        (_("Events"), [("event", _("every event")), ("receipts", _("receipts of what was sent")), *events]),
    ]


def _answers(account: OfficialAccount | None, chosen: str) -> list[Any]:
    """Returns the fixed choices, and the rule that the current address names."""
    fixed = [
        ("", _("All")),
        ("unanswered", _("No rule answered")),
        ("answered", _("Answered")),
        ("late", _("Answered late")),
    ]
    if ":" in chosen and chosen.isprintable():
        fixed.append((chosen, _name_of(account, chosen)))
    return fixed


def _name_of(account: OfficialAccount | None, mark: str) -> str:
    """Returns the name of a mark if it answered messages of this account.

    Otherwise the mark may belong to another account, whose names this reader must not see.
    """
    if not InboundMessage.objects.filter(account=account, answered_by=mark).exists():
        return "–"
    return answerers.names([mark]).of(mark).name
