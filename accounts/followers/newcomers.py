"""The registry of what apps know about new followers before they follow.

An app that knows people before they follow, as by a login, registers a function::

    @newcomers.meets
    def hand_over_consent(account_id, openids) -> None: ...
"""

from collections.abc import Callable, Collection

from wechat.kernel.registry import Registry

Meeting = Callable[[int, Collection[str]], object]

_meetings: Registry[Meeting] = Registry("meeting with new followers")


def meets(meeting: Meeting) -> Meeting:
    """Registers a function that is given the account's id and the openids whose rows are new."""
    return _meetings.register(meeting)


def came(account_id: int, openids: Collection[str]) -> None:
    """Tells every registered function of the rows that were made."""
    if openids:
        for meeting in _meetings:
            meeting(account_id, openids)
