"""The registry of business systems that read an account's access token."""

import datetime
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from accounts.official.models import OfficialAccount
from wechat.kernel.registry import Registry


@dataclass(frozen=True, slots=True)
class Reader:
    """A business system that took the account's token, from which address it called, and when."""

    name: str
    address: str
    at: datetime.datetime


SOURCES: Registry[Callable[[OfficialAccount], Iterable[Reader]]] = Registry("source of token readers")


def of(account: OfficialAccount) -> list[Reader]:
    """Returns who took the account's tokens last."""
    return [reader for source in SOURCES for reader in source(account)]
