"""The time formats of WeChat Pay, always in Beijing's time (pay reference 0)."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone

BEIJING = timezone(timedelta(hours=8))


def rfc3339(seconds: float) -> str:
    return datetime.fromtimestamp(int(seconds), BEIJING).isoformat()


def compact(seconds: float) -> str:
    """Formats a time in Unix seconds as in API v2: 20260302100000."""
    return datetime.fromtimestamp(int(seconds), BEIJING).strftime("%Y%m%d%H%M%S")


def in_bill(seconds: float) -> str:
    return datetime.fromtimestamp(int(seconds), BEIJING).strftime("%Y-%m-%d %H:%M:%S")


def day(seconds: float) -> str:
    return datetime.fromtimestamp(int(seconds), BEIJING).strftime("%Y-%m-%d")


def from_rfc3339(text: str) -> float:
    """Returns a time in RFC 3339 as Unix seconds.

    Raises ValueError for any other text, or a time without an offset.
    """
    moment = datetime.fromisoformat(text)
    if moment.tzinfo is None or "T" not in text:
        raise ValueError("the offset is missing")
    return moment.timestamp()


def from_compact(text: str) -> float:
    return datetime.strptime(text, "%Y%m%d%H%M%S").replace(tzinfo=BEIJING).timestamp()


def start_of(day_text: str) -> float:
    """Returns the start of a day like 2026-03-01, in Unix seconds. Raises ValueError."""
    moment = datetime.strptime(day_text, "%Y-%m-%d").replace(tzinfo=BEIJING)
    if moment.strftime("%Y-%m-%d") != day_text:
        raise ValueError("not a date")
    return moment.timestamp()
