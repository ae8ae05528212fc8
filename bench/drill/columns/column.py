"""The base class of columns: one kind of work, done continuously during a fault."""

from abc import ABC, abstractmethod
from collections import Counter
from collections.abc import Iterable
from typing import ClassVar

from django.utils import timezone

from accounts.followers.models import Follower
from bench.drill.caller import RetryingClient
from bench.drill.installation import Installation


class Column(ABC):
    """The work of one cell. ``act`` is called repeatedly in its own thread, ``pause`` seconds apart.

    The work only concerns people whose openids begin with ``people``.
    """

    name: ClassVar[str]
    pause: ClassVar[float] = 1.0

    def __init__(self, there: Installation, mark: str, *, may_be_cut: bool = False) -> None:
        self.there, self.mark = there, mark
        self.people = f"o{mark}{self.name.title().replace(' ', '')}-"
        self.client = RetryingClient(may_be_cut)
        self.acts = 0

    def prepare(self) -> None:  # noqa: B027 - most need nothing
        """Creates the rows that are needed before the fault."""

    @abstractmethod
    def act(self, number: int) -> None:
        """Performs one piece of work. Raises ``NotAccepted``."""

    def finish(self) -> None:  # noqa: B027 - most are judged by what becomes of their work
        """Checks after the fault that the service has recovered. Raises ``NotAccepted``."""

    def waiting(self) -> int:
        """Returns the number of unfinished pieces of work."""
        return 0

    def wrong(self) -> list[str]:
        """Returns descriptions of broken guarantees, once no work waits any more."""
        return []

    def remark(self) -> str:
        """Returns a remark on a successful cell, or the empty text."""
        return ""

    def person(self, number: int) -> str:
        return f"{self.people}{number:04d}"

    def follow(self, openids: list[str]) -> None:
        """Adds followers of the account, at the platform and in the database."""
        account, now = self.there.account, timezone.now()
        self.there.platform.sim(f"/accounts/{account.appid}/followers", {"openids": openids})
        Follower.objects.bulk_create(
            [Follower(account=account, openid=openid, subscribed_at=now) for openid in openids],
            ignore_conflicts=True,
        )


def once_each(what: str, wanted: Iterable[str], got: Counter[str]) -> list[str]:
    """Returns errors as sentences: how many of ``wanted`` are missing, and how many occur more than once."""
    lost = [each for each in wanted if not got[each]]
    twice = [each for each, times in got.items() if times > 1]
    return [
        *([f"{what}: {len(lost)} lost, as {lost[0]}"] if lost else []),
        *([f"{what}: {len(twice)} twice, as {twice[0]}"] if twice else []),
    ]
