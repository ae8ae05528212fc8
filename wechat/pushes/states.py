"""The states of a push and the allowed moves between them; ``transitions`` performs the moves.

A push that was never tried can also be taken back, which deletes it.
"""

from collections.abc import Mapping

from django.db.models import TextChoices
from django.utils.translation import gettext_lazy as _


class PushState(TextChoices):
    PENDING = "pending", _("Waiting")
    SENDING = "sending", _("Being sent")
    SENT = "sent", _("Sent")
    DELIVERED = "delivered", _("Delivered")
    FAILED = "failed", _("Failed")
    UNCERTAIN = "uncertain", _("Uncertain")
    SKIPPED = "skipped", _("Not sent")


MOVES: Mapping[str, frozenset[str]] = {
    PushState.PENDING: frozenset({PushState.SENDING, PushState.SKIPPED}),
    PushState.SENDING: frozenset(
        {PushState.PENDING, PushState.SENT, PushState.FAILED, PushState.UNCERTAIN, PushState.SKIPPED}
    ),
    # A late answer still decides the state; otherwise a person may decide to send it again.
    PushState.UNCERTAIN: frozenset({PushState.PENDING, PushState.SENT, PushState.FAILED, PushState.SKIPPED}),
    # An accepted message can still turn out to be undeliverable.
    PushState.SENT: frozenset({PushState.DELIVERED, PushState.FAILED}),
    PushState.DELIVERED: frozenset(),
    PushState.FAILED: frozenset({PushState.PENDING}),
    PushState.SKIPPED: frozenset({PushState.PENDING}),
}

# The states before the outcome.
OPEN = frozenset({PushState.PENDING, PushState.SENDING})
# The states of messages that were sent, according to the platform.
SENT_STATES = frozenset({PushState.SENT, PushState.DELIVERED})
# The states of ended pushes that were not surely sent: a person may send them again.
REPEATABLE = frozenset({PushState.UNCERTAIN, PushState.FAILED, PushState.SKIPPED})


def sources(after: str) -> frozenset[str]:
    """Returns the states from which a push may move to that one."""
    return frozenset(before for before, moves in MOVES.items() if after in moves)
