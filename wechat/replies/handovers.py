"""The registry of people to whom a rule may hand a follower over, besides WeChat's customer service.

Who has a desk is above the rules, and registers it::

    HANDOVERS.add("desk", Handover(_("Our service desk"), service_hours.is_open))

and asks ``rulebook.handed_to``, when a message is reacted to, whom its answer handed the follower to.
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

    ``is_open`` tells whether somebody answers there at a moment; ``outside`` is what to say else.
    """

    label: StrOrPromise
    is_open: Callable[[OfficialAccount, datetime.datetime], bool]
    outside: StrOrPromise = ""


HANDOVERS: Registry[Handover] = Registry("handover")
# By who answered, as ``menu``: the id of the rule whose words they were, if any.
RULES_BEHIND: Registry[Callable[[InboundEvent], int | None]] = Registry("way to a rule")


def choices() -> list[tuple[str, StrOrPromise]]:
    """Returns the services that staff choose from."""
    return [("", _("not handed over")), *((name, each.label) for name, each in HANDOVERS.by_name().items())]
