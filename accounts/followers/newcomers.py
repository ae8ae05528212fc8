"""The hook for new followers, for apps that know people before they follow, as by a login.

Such an app registers a function::

    @newcomers.on_new_followers
    def hand_over_consent(account_id, openids) -> None: ...
"""

from collections.abc import Callable, Collection

from django.db import connection

from wechat.kernel.registry import Registry

LOCK_SEED = 0x4E455743
LOCK = "SELECT pg_advisory_xact_lock(hashtextextended(openid, %s)) FROM unnest(%s::text[]) AS known(openid)"

Listener = Callable[[int, Collection[str]], object]

_listeners: Registry[Listener] = Registry("listener to new followers")


def on_new_followers(listener: Listener) -> Listener:
    """Registers a function that is called with the account's id and the openids whose rows are new."""
    return _listeners.register(listener)


def lock(openids: Collection[str]) -> None:
    """Locks what is known of people, until the end of the transaction.

    Whoever changes it for somebody who may become a follower meanwhile takes this lock first: otherwise the
    two would not see what the other writes.
    """
    with connection.cursor() as cursor:
        cursor.execute(LOCK, [LOCK_SEED, sorted(openids)])


def notify(account_id: int, openids: Collection[str]) -> None:
    """Calls every registered function with the openids whose rows were created in this transaction."""
    if openids:
        lock(openids)
        for listener in _listeners:
            listener(account_id, openids)
