"""The rates of calls for each account and API: token buckets in Redis, shared by all workers.

While Redis is away every process keeps to a small share of its own.
"""

from collections.abc import Mapping

from wechat.kernel import buckets
from wechat.pushes.models import Push

Kind = Push.Kind

# Messages a second to begin with; an account's own number is in ``SendRate``.
PER_SECOND: Mapping[str, int] = {
    Kind.SERVICE: 1000,
    Kind.TEMPLATE: 2000,
    Kind.NOTICE: 1000,
    Kind.ONCE: 1000,
    Kind.SUBSCRIBE: 1000,
}
# Workers who wait for the rate ask much more often.
SHORT_SECONDS = 2.0
# What a process may do by itself, of the usual speed: there will hardly be more than ten.
ALONE = 10


def take(account_id: int, kind: str, per_second: int, want: int) -> int:
    """Returns how many of ``want`` messages may go now; perhaps none.

    A bucket holds what a quarter of a second brings.
    """
    size, name = max(1.0, per_second / 4), _bucket(account_id, kind)
    return buckets.take(name, size=size, per_second=per_second, want=want, share=1 / ALONE).count


def was_short(account_id: int, kind: str) -> bool:
    """Returns whether a worker was ready a moment ago to send more than the rate allowed."""
    return buckets.was_short(_bucket(account_id, kind), SHORT_SECONDS)


def give_back(account_id: int, kind: str, per_second: int, unused: int) -> None:
    """Gives back what was taken for messages that there were not."""
    take(account_id, kind, per_second, -unused)


def _bucket(account_id: int, kind: str) -> str:
    return f"push:{account_id}:{kind}"
