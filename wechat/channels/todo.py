"""The things about channels that wait for a person."""

from django.utils.translation import gettext_lazy as _

from accounts.staff.rights import Area
from accounts.staff.todo import KINDS, Severity, TodoKind, held

KINDS.add(
    "held.channels",
    TodoKind(
        title=_("Making channel codes is on hold"),
        page="admin:channels_channel_changelist",
        areas=(Area.CONTENT,),
        severity=Severity.FAULT,
        rows=held("channels.make_codes"),
    ),
)
