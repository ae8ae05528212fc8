"""The registry of events for which automatic messages are sent, with the variables that each has.

An app above registers an event in its ``handlers`` module, and reports each occurrence::

    register("order.paid", _("An order is paid"), {"amount": Word(_("amount"), "¥99.80")})

    happened(account, "order.paid", openid, {"amount": "¥99.80"}, key="order.paid:12")
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import sha256

from django.db import transaction
from django.db.models import QuerySet
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from accounts.official.models import OfficialAccount
from wechat.kernel import placeholders
from wechat.kernel.registry import Registry
from wechat.pushes.models import EventTemplate, Push
from wechat.pushes.queueing import queue_template
from wechat.sdk.template_messages import TemplateMessage


@dataclass(frozen=True, slots=True)
class Word:
    """A variable of an event: its name for staff, and an example."""

    label: str | Promise
    example: str


@dataclass(frozen=True, slots=True)
class EventDefinition:
    label: str | Promise
    words: Mapping[str, Word]


_definitions: Registry[EventDefinition] = Registry("event with templates")


def register(name: str, label: str | Promise, words: Mapping[str, Word]) -> None:
    _definitions.add(name, EventDefinition(label, words))


def known() -> Mapping[str, EventDefinition]:
    return _definitions.by_name()


def happened(
    account: OfficialAccount, name: str, openid: str, words: Mapping[str, str], *, key: str, url: str = ""
) -> list[Push]:
    """Queues the automatic messages of this event, all or none, and returns them.

    Called again with the same ``key``, it queues none and returns those of before, whatever staff have set
    meanwhile. Messages without a link of their own get ``url``.
    """
    with transaction.atomic():
        return _queued(account, key) or [
            queue_template(
                account=account,
                openid=openid,
                message=filled(each, words, url),
                kind=Push.Kind(each.template.kind),
                key=_key(each.pk, key),
                cause=f"event:{each.pk}",
                event=_digest(name, words),
            )
            for each in _automatic(account, name)
        ]


def was_another(
    account: OfficialAccount, name: str, openid: str, words: Mapping[str, str], *, key: str
) -> bool:
    """Returns whether the ``key`` queued the messages of another event than this one."""
    event = _digest(name, words)
    return any(
        push.openid != openid or ("erased" not in push.content and push.content.get("event") != event)
        for push in _queued(account, key)
    )


def _queued(account: OfficialAccount, key: str) -> list[Push]:
    """Returns the messages that the ``key`` queued, also those that staff have changed or deleted since."""
    known = EventTemplate.history.filter(account=account).values_list("id", flat=True).distinct()
    keys = [_key(number, key) for number in known]
    return list(Push.objects.filter(account=account, key__in=keys).order_by("pk"))


def _digest(name: str, words: Mapping[str, str]) -> str:
    """Returns what tells apart events of one key: by their values, as staff may edit what is made of them."""
    return sha256(json.dumps([name, dict(words)], sort_keys=True).encode()).hexdigest()[:32]


def _automatic(account: OfficialAccount, name: str) -> QuerySet[EventTemplate]:
    return EventTemplate.objects.select_related("template").filter(
        account=account, event=name, enabled=True, template__missing_since=None
    )


def _key(number: int, key: str) -> str:
    return f"event:{number}:{key}"


def filled(automatic: EventTemplate, words: Mapping[str, str], url: str = "") -> TemplateMessage:
    """Returns the message with the event's values filled in; unknown placeholders stay as they are.

    Nobody sees the message before it is sent, so a value that is too long for its field is cut.
    """
    fields = {field.name: field for field in automatic.template.fields}
    values = placeholders.fill_all(automatic.values, words)
    return TemplateMessage(
        template_id=automatic.template.platform_id,
        values={name: fields[name].fit(each) if name in fields else each for name, each in values.items()},
        url=placeholders.fill_address(automatic.url, words) or url,
    )


register(
    "order.shipped",
    _("An order is shipped (told through the API)"),
    {
        "number": Word(_("order number"), "A20260207001"),
        "amount": Word(_("amount"), "¥99.80"),
        "company": Word(_("carrier"), "顺丰速运"),
        "tracking": Word(_("tracking number"), "SF1234567890"),
        "time": Word(_("time"), "2026-02-07 10:00"),
    },
)
