"""The invented reading figures of sent or published articles: deterministic, with consistent sums.

An article is read by a share of its recipients that depends on its number, mostly on the first day. All
figures of the statistics are derived from these, so that days add up to articles and hours to days.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass

from simulator.clock import day_number
from simulator.mass import Job
from simulator.world import Account

DAYS = 7
# The share of readers on each day after sending, in percent.
DECAY = (52, 21, 11, 7, 4, 3, 2)
SMALLEST_SHARE, LARGEST_SHARE = 18, 46
SHARING, KEEPING, ON_WITH = 8, 5, 6
# The share of readers in each hour of a day, in percent, from midnight.
HOURS = (1, 0, 0, 0, 0, 1, 3, 7, 8, 6, 5, 5, 8, 6, 4, 4, 4, 5, 6, 7, 8, 7, 4, 1)


@dataclass(frozen=True, slots=True)
class Reads:
    """The figures of one article: numbers of people, or for the counts, numbers of times."""

    read: int = 0
    read_count: int = 0
    shared: int = 0
    share_count: int = 0
    kept: int = 0
    onward: int = 0
    onward_count: int = 0

    def __add__(self, other: Reads) -> Reads:
        names = self.__slots__
        return Reads(*(getattr(self, name) + getattr(other, name) for name in names))


@dataclass(frozen=True, slots=True)
class Article:
    """An article of a mass send or a publication. ``notified`` says whether it was sent to people."""

    msgid: str
    title: str
    url: str
    day: int
    reached: int
    notified: bool

    @property
    def readers(self) -> int:
        """Returns the number of readers of the article over all days."""
        digest = hashlib.sha256(self.msgid.encode()).digest()
        share = SMALLEST_SHARE + digest[0] % (LARGEST_SHARE - SMALLEST_SHARE + 1)
        return self.reached * share // 100

    def on(self, day: int) -> Reads:
        """Returns the reading figures of one day."""
        age = day - self.day
        if not 0 <= age < DAYS:
            return Reads()
        read = self._until(age) - self._until(age - 1)
        shared, kept, onward = (read * percent // 100 for percent in (SHARING, KEEPING, ON_WITH))
        return Reads(read, read + read // 4, shared, shared + shared // 3, kept, onward, onward + onward // 5)

    def until(self, day: int) -> Reads:
        """Returns the sum of the reading figures up to the end of a day."""
        return sum((self.on(each) for each in range(self.day, day + 1)), Reads())

    def _until(self, age: int) -> int:
        return self.readers * sum(DECAY[: age + 1]) // 100 if age >= 0 else 0


def articles(account: Account, base: str) -> Iterator[Article]:
    for job in account.mass.jobs.values():
        yield from _sent(job, base)
    for each in account.newsroom.publications.values():
        for number, article in enumerate(each.articles, start=1):
            yield Article(
                f"{each.msg_data_id}_{number}",
                str(article.get("title", "")),
                f"{base}/s/{each.article_id or each.publish_id}-{number}",
                day_number(each.updated_at),
                each.reached,
                notified=False,
            )


def _sent(job: Job, base: str) -> Iterator[Article]:
    for number, article in enumerate(job.content.get("articles", ()), start=1):
        yield Article(
            f"{job.msg_data_id}_{number}",
            str(article.get("title", "")),
            f"{base}/s/{job.msg_id}-{number}",
            day_number(job.at),
            job.reached,
            notified=True,
        )


def by_hour(total: int) -> list[int]:
    """Distributes a day's figure over its hours; the hour from 20:00 gets the rounding difference."""
    shares = [total * percent // 100 for percent in HOURS]
    shares[20] += total - sum(shares)
    return shares
