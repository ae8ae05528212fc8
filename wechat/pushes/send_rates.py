"""The send rates of each account and kind of message: token buckets in Redis, shared by all workers.

While Redis cannot be reached, every process limits itself to a small share.
"""

from collections.abc import Mapping

from wechat.kernel import buckets
from wechat.pushes.models import Push

Kind = Push.Kind

# The usual rates in messages a second; an account's own rate is in ``SendRate``.
PER_SECOND: Mapping[str, int] = {
    Kind.SERVICE: 1000,
    Kind.TEMPLATE: 2000,
    Kind.NOTICE: 1000,
    Kind.ONCE: 1000,
    Kind.SUBSCRIBE: 1000,
}
# Workers that wait for the rate ask much more often than this.
SHORT_SECONDS = 2.0
# Without Redis a process uses this fraction of the rate: there will hardly be more than ten processes.
ALONE = 10


def take(account_id: int, kind: str, per_second: int, want: int) -> int:
    """Takes tokens for ``want`` messages; returns how many may be sent now, possibly none.

    A bucket holds a quarter of a second's tokens.
    """
    size, name = max(1.0, per_second / 4), _bucket(account_id, kind)
    return buckets.take(name, size=size, per_second=per_second, want=want, share=1 / ALONE).count


def was_short(account_id: int, kind: str) -> bool:
    """Returns whether a worker recently wanted to send more than the rate allowed."""
    return buckets.was_short(_bucket(account_id, kind), SHORT_SECONDS)


def give_back(account_id: int, kind: str, per_second: int, unused: int) -> None:
    """Returns unused tokens to the bucket."""
    take(account_id, kind, per_second, -unused)


def _bucket(account_id: int, kind: str) -> str:
    return f"push:{account_id}:{kind}"
