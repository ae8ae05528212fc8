"""The hook for new followers, for apps that know people before they follow, as by a login.

Such an app registers a function::

    @newcomers.on_new_followers
    def hand_over_consent(account_id, openids) -> None: ...
"""

from collections.abc import Callable, Collection

from wechat.kernel.registry import Registry

Listener = Callable[[int, Collection[str]], object]

_listeners: Registry[Listener] = Registry("listener to new followers")


def on_new_followers(listener: Listener) -> Listener:
    """Registers a function that is called with the account's id and the openids whose rows are new."""
    return _listeners.register(listener)


def notify(account_id: int, openids: Collection[str]) -> None:
    """Calls every registered function with the openids whose rows were created."""
    if openids:
        for listener in _listeners:
            listener(account_id, openids)
