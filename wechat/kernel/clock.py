"""The time zone in which the platform counts days, and in which staff read times."""

from zoneinfo import ZoneInfo

SHANGHAI = ZoneInfo("Asia/Shanghai")
