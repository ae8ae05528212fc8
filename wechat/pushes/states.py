"""The states of a push, and the only moves there are; ``transitions`` performs them.

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
    # A late answer still tells what became of it; else a person decides that it is sent again.
    PushState.UNCERTAIN: frozenset({PushState.PENDING, PushState.SENT, PushState.FAILED, PushState.SKIPPED}),
    # A message that was accepted can still turn out undeliverable.
    PushState.SENT: frozenset({PushState.DELIVERED, PushState.FAILED}),
    PushState.DELIVERED: frozenset(),
    PushState.FAILED: frozenset({PushState.PENDING}),
    PushState.SKIPPED: frozenset({PushState.PENDING}),
}

# Something is still to become of it.
OPEN = frozenset({PushState.PENDING, PushState.SENDING})
# It went out, as far as the platform says.
WENT = frozenset({PushState.SENT, PushState.DELIVERED})
# It is over without having gone out for sure: a person may send it again.
REPEATABLE = frozenset({PushState.UNCERTAIN, PushState.FAILED, PushState.SKIPPED})


def sources(after: str) -> frozenset[str]:
    """Returns the states from which a push may come into that one."""
    return frozenset(before for before, moves in MOVES.items() if after in moves)
