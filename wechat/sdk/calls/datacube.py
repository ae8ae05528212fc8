"""The platform's own statistics, by day (Asia/Shanghai). WeChat reference 15.

Figures of a day are ready after eight o'clock on the next day (61503 before that); some may come even later.
A call returns at most ``Dataset.span`` days, and never today.
"""

import datetime
from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum
from typing import Any, Self

from wechat.sdk.answers import flag, needed_rows, number, part, rows, text
from wechat.sdk.client import Client

Row = dict[str, Any]


class Dataset(Enum):
    """The calls that are still maintained, each with the most days that it returns at a time."""

    USER_SUMMARY = ("getusersummary", 7)
    USER_CUMULATE = ("getusercumulate", 7)
    BIZ_SUMMARY = ("getbizsummary", 30)
    ARTICLE_TOTAL = ("getarticletotaldetail", 1)
    UPSTREAM = ("getupstreammsg", 7)
    UPSTREAM_HOUR = ("getupstreammsghour", 1)
    INTERFACE = ("getinterfacesummary", 30)
    INTERFACE_HOUR = ("getinterfacesummaryhour", 1)

    def __init__(self, path: str, span: int) -> None:
        self.path = path
        self.span = span


@dataclass(frozen=True, slots=True)
class DatacubeAnswer:
    """The rows of each day as the platform returns them; ``is_late``: some are not counted yet."""

    days: Mapping[datetime.date, list[Row]]
    is_late: bool


def read(client: Client, dataset: Dataset, first: datetime.date, last: datetime.date) -> DatacubeAnswer:
    """Returns the rows of each day, both ends included; a day without events has none.

    Raises ``ApiError`` 48001 for an account that is not verified, 61503 for a day that is not ready.
    """
    asked = {"begin_date": first.isoformat(), "end_date": last.isoformat()}
    api = f"/datacube/{dataset.path}"
    answer = client.post(api, asked)
    days: dict[datetime.date, list[Row]] = {}
    for row in needed_rows(answer, "list", api):
        if day := _day(row.get("ref_date")):
            days.setdefault(day, []).append(row)
    return DatacubeAnswer(days, bool(flag(answer, "is_delay")))


@dataclass(frozen=True, slots=True)
class UserChange:
    """The numbers of new and lost followers, by the way they came: ``source`` as in reference 15."""

    source: int
    came: int
    left: int

    @classmethod
    def of(cls, row: Row) -> Self:
        return cls(number(row, "user_source"), number(row, "new_user"), number(row, "cancel_user"))


@dataclass(frozen=True, slots=True)
class Readership:
    """The figures of articles on a day, in people; ``by_source`` in the platform's own Chinese words."""

    readers: int = 0
    shared: int = 0
    liked: int = 0
    recommended: int = 0
    comments: int = 0
    kept: int = 0
    sent: int = 0
    by_source: Mapping[str, int] | None = None

    @classmethod
    def of(cls, detail: Row) -> Self:
        named = rows(detail, "read_user_source")
        return cls(
            readers=number(detail, "read_user"),
            shared=number(detail, "share_user"),
            liked=number(detail, "like_user"),
            recommended=number(detail, "zaikan_user"),
            comments=number(detail, "comment_count"),
            kept=number(detail, "collection_user"),
            sent=number(detail, "send_page_count"),
            by_source={text(row, "scene_desc"): number(row, "user_count") for row in named},
        )


@dataclass(frozen=True, slots=True)
class ArticleTotal:
    """An article that went out on a day, with what happened on each of its first thirty days.

    ``msgid`` is ``<msg_data_id>_<place>``; ``notified``: followers were told of it.
    """

    msgid: str
    title: str
    url: str
    notified: bool
    days: Mapping[datetime.date, Readership]

    @classmethod
    def of(cls, row: Row) -> Self:
        days = rows(row, "detail_list")
        known = {_day(each.get("stat_date")): Readership.of(each) for each in days}
        return cls(
            msgid=text(row, "msgid"),
            title=text(row, "title"),
            url=text(row, "content_url"),
            notified=number(row, "publish_type") == 0,
            days={day: reading for day, reading in known.items() if day},
        )

    @property
    def whole(self) -> Readership:
        """Returns the sums of all days; for people an upper bound, as some may read on several days."""
        days = list(self.days.values())
        return Readership(
            readers=sum(each.readers for each in days),
            shared=sum(each.shared for each in days),
            liked=sum(each.liked for each in days),
            recommended=sum(each.recommended for each in days),
            comments=sum(each.comments for each in days),
            kept=sum(each.kept for each in days),
        )


@dataclass(frozen=True, slots=True)
class Upstream:
    """The messages of followers; ``kind`` is 1 text, 2 image, 3 voice, 4 video, 6 link.

    ``hour`` is from 0 to 23.
    """

    kind: int
    people: int
    messages: int
    hour: int = 0

    @classmethod
    def of(cls, row: Row) -> Self:
        return cls(number(row, "msg_type"), number(row, "msg_user"), number(row, "msg_count"), _hour(row))


@dataclass(frozen=True, slots=True)
class Interface:
    """The platform's callbacks to us: their number, failures, and duration in milliseconds."""

    callbacks: int
    failed: int
    total_ms: int
    longest_ms: int
    hour: int = 0

    @classmethod
    def of(cls, row: Row) -> Self:
        return cls(
            number(row, "callback_count"),
            number(row, "fail_count"),
            number(row, "total_time_cost"),
            number(row, "max_time_cost"),
            _hour(row),
        )


def followers(row: Row) -> int:
    """Returns everybody who followed at the end of the day, from a row of ``USER_CUMULATE``."""
    return number(row, "cumulate_user")


def reading(row: Row) -> Readership:
    """Returns the figures of a row of ``BIZ_SUMMARY``."""
    return Readership.of(part(row, "detail"))


def _day(value: Any) -> datetime.date | None:
    try:
        return datetime.date.fromisoformat(value)
    except (TypeError, ValueError):
        return None


def _hour(row: Row) -> int:
    """Returns the hour, 0 to 23; the platform gives it times a hundred."""
    return min(number(row, "ref_hour") // 100, 23)
