"""The deliveries that no receiver accepted, for the page of failures."""

from django.db.models import QuerySet
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.official.models import OfficialAccount
from accounts.operations.failures import SOURCES, FailureSource
from accounts.staff.rights import Area
from wechat.webhooks import outbox
from wechat.webhooks.models import Delivery


def _failed(account: OfficialAccount) -> QuerySet[Delivery]:
    return Delivery.objects.filter(account=account, state=Delivery.State.FAILED)


def _why(errcode: int | None, text: str) -> str:
    if not text:
        return _("The webhook is switched off. Mend the receiver and switch it on, then try again.")
    return _("The receiver did not take it (%(answer)s). Mend it, then try again.") % {"answer": text}


def _send_again(rows: QuerySet[Delivery]) -> int:
    return outbox.send_again(list(rows))


def _page(delivery: Delivery) -> str:
    return reverse("admin:webhooks_delivery_change", args=[delivery.pk])


SOURCES.add(
    "webhooks",
    FailureSource(
        gettext_lazy("Delivering webhooks"), Area.SETTINGS, _failed, _send_again, _page, words=_why
    ),
)
