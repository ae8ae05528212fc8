"""The time zone of the platform: its days, its quotas and its bills."""

from zoneinfo import ZoneInfo

BEIJING = ZoneInfo("Asia/Shanghai")
