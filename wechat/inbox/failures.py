"""The messages and events whose reactions failed, for the page of failures."""

from django.db.models import QuerySet
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext_lazy

from accounts.official.models import OfficialAccount
from accounts.operations.failures import SOURCES, FailureSource
from accounts.staff.rights import Area
from wechat.inbox.models import InboundMessage
from wechat.kernel import work


def _failed(account: OfficialAccount) -> QuerySet[InboundMessage]:
    return InboundMessage.objects.filter(work.GIVEN_UP, account=account)


def handle_again(rows: QuerySet[InboundMessage]) -> int:
    """Makes workers handle these messages again; returns how many."""
    number = rows.update(due_at=timezone.now(), attempts=0)
    work.wake("inbox.react")
    return number


def _page(row: InboundMessage) -> str:
    return reverse("admin:inbox_inboundmessage_change", args=[row.pk])


SOURCES.add(
    "messages",
    FailureSource(
        gettext_lazy("Reacting to messages and events"), Area.MESSAGES, _failed, handle_again, _page
    ),
)
