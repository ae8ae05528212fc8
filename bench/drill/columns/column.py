"""A column of the table: one kind of work, done steadily while something else fails."""

from abc import ABC, abstractmethod
from collections import Counter
from collections.abc import Iterable
from typing import ClassVar

from django.utils import timezone

from accounts.followers.models import Follower
from bench.drill.caller import Insistence
from bench.drill.installation import Installation


class Column(ABC):
    """The work of one cell. ``act`` is called again and again in its own thread, ``pause`` seconds apart.

    The work concerns only people whose openids begin with ``people``.
    """

    name: ClassVar[str]
    pause: ClassVar[float] = 1.0

    def __init__(self, there: Installation, mark: str, *, may_be_cut: bool = False) -> None:
        self.there, self.mark = there, mark
        self.people = f"o{mark}{self.name.title().replace(' ', '')}-"
        self.insistence = Insistence(may_be_cut)
        self.acts = 0

    def prepare(self) -> None:  # noqa: B027 - most need nothing
        """Makes what there has to be before the fault."""

    @abstractmethod
    def act(self, number: int) -> None:
        """Does one piece of work. Raises ``NotAccepted``."""

    def finish(self) -> None:  # noqa: B027 - most are judged by what becomes of their work
        """Checks, once the fault is over, whether everything is well again. Raises ``NotAccepted``."""

    def waiting(self) -> int:
        """Returns how many pieces of work have not come to their end."""
        return 0

    def wrong(self) -> list[str]:
        """Returns what is not as promised, once nothing waits any more."""
        return []

    def note(self) -> str:
        """Returns what is worth telling of a cell that is well."""
        return ""

    def person(self, number: int) -> str:
        return f"{self.people}{number:04d}"

    def follow(self, openids: list[str]) -> None:
        """Makes people follow the account, at the platform and in the database."""
        account, now = self.there.account, timezone.now()
        self.there.platform.sim(f"/accounts/{account.appid}/followers", {"openids": openids})
        Follower.objects.bulk_create(
            [Follower(account=account, openid=openid, subscribed_at=now) for openid in openids],
            ignore_conflicts=True,
        )


def once_each(what: str, wanted: Iterable[str], got: Counter[str]) -> list[str]:
    """Returns what is wrong: how many did not get it, and how many got it more than once."""
    lost = [each for each in wanted if not got[each]]
    twice = [each for each, times in got.items() if times > 1]
    return [
        *([f"{what}: {len(lost)} lost, as {lost[0]}"] if lost else []),
        *([f"{what}: {len(twice)} twice, as {twice[0]}"] if twice else []),
    ]
