"""The registry of business systems that were given the account's access token to call WeChat."""

import datetime
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from accounts.official.models import OfficialAccount
from wechat.kernel.registry import Registry


@dataclass(frozen=True, slots=True)
class Reader:
    """A business system that read the account's token, the address it called from, and the time."""

    name: str
    address: str
    at: datetime.datetime


SOURCES: Registry[Callable[[OfficialAccount], Iterable[Reader]]] = Registry("source of token readers")


def of(account: OfficialAccount) -> list[Reader]:
    """Returns the business systems that last read the account's token."""
    return [reader for source in SOURCES for reader in source(account)]
