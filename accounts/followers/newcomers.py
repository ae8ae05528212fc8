"""The hook for new followers, for apps that know people before they follow, as by a login.

Such an app registers a function::

    @newcomers.meets
    def hand_over_consent(account_id, openids) -> None: ...
"""

from collections.abc import Callable, Collection

from wechat.kernel.registry import Registry

Meeting = Callable[[int, Collection[str]], object]

_meetings: Registry[Meeting] = Registry("meeting with new followers")


def meets(meeting: Meeting) -> Meeting:
    """Registers a function that is called with the account's id and the openids whose rows are new."""
    return _meetings.register(meeting)


def came(account_id: int, openids: Collection[str]) -> None:
    """Calls every registered function with the openids whose rows were created."""
    if openids:
        for meeting in _meetings:
            meeting(account_id, openids)
