"""The registry of what has arrived for an account, for the guided set-up."""

import datetime
from collections.abc import Callable
from dataclasses import dataclass

from accounts.official.models import OfficialAccount
from wechat.kernel.registry import Registry


@dataclass(frozen=True, slots=True)
class Arrivals:
    """The times at which an account was verified last, and pushed to.

    ``elsewhere`` are the wrong short names under which the platform looked for the account.
    """

    verified_at: datetime.datetime | None = None
    pushed_at: datetime.datetime | None = None
    elsewhere: tuple[str, ...] = ()


SOURCES: Registry[Callable[[OfficialAccount], Arrivals]] = Registry("source of arrivals")


def of(account: OfficialAccount) -> Arrivals:
    """Returns what has arrived for the account; empty where the app that knows is not installed."""
    return next((source(account) for source in SOURCES), Arrivals())
