"""The names for the keys of events: of the channel that was scanned, of the menu item that was tapped."""

from collections.abc import Sequence

from accounts.followers import people
from wechat.console import codes
from wechat.inbox.models import InboundMessage

SCANS = ("subscribe", "scan")
# What a new follower's scan begins with.
PREFIX = "qrscene_"


def attach_event_names(rows: Sequence[InboundMessage]) -> None:
    """Sets on each row of one account the name for its event's key, with two queries for all."""
    events = [row for row in rows if row.kind == "event" and row.text]
    if not events:
        return
    account_id = events[0].account_id
    scanned = {_code(row) for row in events if row.event in SCANS}
    tapped = {row.text for row in events if row.event not in SCANS}
    scenes = codes.scenes.names_of(account_id, sorted(scanned))
    keys = codes.menu_keys.names_of(account_id, sorted(tapped))
    for row in events:
        is_scan = row.event in SCANS
        row.in_words = people.code_in_words(_code(row), scenes) if is_scan else keys.get(row.text, row.text)


def _code(row: InboundMessage) -> str:
    return row.text.removeprefix(PREFIX)
