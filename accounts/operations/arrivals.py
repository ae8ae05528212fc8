"""The requests of the platform for an account, known to the app that receives them."""

import datetime
from collections.abc import Callable
from dataclasses import dataclass

from accounts.official.models import OfficialAccount
from wechat.kernel.registry import Registry


@dataclass(frozen=True, slots=True)
class Arrivals:
    """The times of an account's last verification and last push.

    ``wrong_slugs`` are the wrong short names under which the platform requested the account.
    """

    verified_at: datetime.datetime | None = None
    pushed_at: datetime.datetime | None = None
    wrong_slugs: tuple[str, ...] = ()


SOURCES: Registry[Callable[[OfficialAccount], Arrivals]] = Registry("source of arrivals")


def of(account: OfficialAccount) -> Arrivals:
    """Returns what has arrived for the account; empty if no app registers a source."""
    return next((source(account) for source in SOURCES), Arrivals())
