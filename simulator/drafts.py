"""The drafts and publications of articles, kept with the account (WeChat reference 12.3, 12.4)."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

DONE, RUNNING, NOT_ORIGINAL, FAILED, REFUSED, DELETED, BLOCKED = range(7)

Article = dict[str, Any]


@dataclass(slots=True)
class Draft:
    """A draft of up to eight articles as they were sent; ``updated_at`` in Unix seconds."""

    media_id: str
    articles: list[Article]
    updated_at: int


@dataclass(slots=True)
class Publication:
    """A publication, running or finished. ``deleted`` are the numbers (from 1) of its deleted articles."""

    publish_id: str
    msg_data_id: str
    articles: list[Article]
    updated_at: int
    status: int = RUNNING
    article_id: str = ""
    deleted: list[int] = field(default_factory=list)
    # The number of people who see it, although no message is sent.
    reached: int = 0


@dataclass(slots=True)
class Newsroom:
    """The drafts and publications of an account.

    ``outcome`` is the result of the next publications, for tests that need another one than success.
    """

    drafts: dict[str, Draft] = field(default_factory=dict)
    publications: dict[str, Publication] = field(default_factory=dict)
    outcome: int = DONE

    def by_article(self, article_id: str) -> Publication | None:
        found = (each for each in self.publications.values() if each.article_id == article_id)
        return next(found, None)
