"""The registry of services that a rule may hand a follower over to, besides WeChat's customer service.

An app above the rules registers its service::

    HANDOVERS.add("desk", Handover(_("Our service desk"), service_hours.is_open))

and asks ``rulebook.handed_to``, when it reacts to a message, to which service the answer handed the follower.
"""

import datetime
from collections.abc import Callable
from dataclasses import dataclass

from django.utils.translation import gettext_lazy as _
from django_stubs_ext import StrOrPromise

from accounts.official.models import OfficialAccount
from wechat.inbox.routing import InboundEvent
from wechat.kernel.registry import Registry


@dataclass(frozen=True, slots=True)
class Handover:
    """A service that a follower can be handed over to.

    ``is_open`` returns whether somebody answers there at a moment; ``outside`` is the text for other times.
    """

    label: StrOrPromise
    is_open: Callable[[OfficialAccount, datetime.datetime], bool]
    outside: StrOrPromise = ""


HANDOVERS: Registry[Handover] = Registry("handover")
# By the kind of an answerer, such as ``menu``: returns the id of the rule behind its answer, or ``None``.
RULES_BEHIND: Registry[Callable[[InboundEvent], int | None]] = Registry("way to a rule")


def choices() -> list[tuple[str, StrOrPromise]]:
    """Returns the choices of services for staff, as pairs (name, label)."""
    return [("", _("not handed over")), *((name, each.label) for name, each in HANDOVERS.by_name().items())]
