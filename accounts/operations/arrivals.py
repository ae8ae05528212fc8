"""What has come from the platform for an account, told by the app that takes it in."""

import datetime
from collections.abc import Callable
from dataclasses import dataclass

from accounts.official.models import OfficialAccount
from wechat.kernel.registry import Registry


@dataclass(frozen=True, slots=True)
class Arrivals:
    """``elsewhere`` are the wrong short names under which the platform looked for the account."""

    verified_at: datetime.datetime | None = None
    pushed_at: datetime.datetime | None = None
    elsewhere: tuple[str, ...] = ()


SOURCES: Registry[Callable[[OfficialAccount], Arrivals]] = Registry("source of arrivals")


def of(account: OfficialAccount) -> Arrivals:
    """Returns what the one app that knows tells, or nothing where it is not installed."""
    return next((source(account) for source in SOURCES), Arrivals())
