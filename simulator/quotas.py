"""The limits of API calls by day and by minute (WeChat reference 4.3)."""

from __future__ import annotations

from dataclasses import dataclass, field

from simulator.errors import ApiError

# Counted beside the calls of the API itself, which takes openids without a limit.
PREVIEWS_BY_WECHAT_ID = "/cgi-bin/message/mass/preview?towxname"
# Of a new account, and of a sandbox account where its number differs.
DAILY = {
    "/cgi-bin/token": 2_000,
    "/cgi-bin/stable_token": 500_000,
    "/cgi-bin/menu/create": 1_000,
    "/cgi-bin/menu/get": 10_000,
    "/cgi-bin/menu/delete": 1_000,
    "/cgi-bin/menu/addconditional": 2_000,
    "/cgi-bin/menu/delconditional": 2_000,
    "/cgi-bin/menu/trymatch": 20_000,
    "/cgi-bin/user/get": 500,
    "/cgi-bin/user/info": 5_000_000,
    "/cgi-bin/user/info/updateremark": 10_000,
    "/cgi-bin/qrcode/create": 100_000,
    "/cgi-bin/message/custom/send": 500_000,
    "/cgi-bin/message/template/send": 100_000,
    "/cgi-bin/message/mass/sendall": 100,
    "/cgi-bin/message/mass/send": 100,
    "/cgi-bin/media/upload": 100_000,
    "/cgi-bin/media/get": 200_000,
    "/cgi-bin/draft/add": 1_000,
    "/cgi-bin/draft/get": 500,
    "/cgi-bin/draft/update": 1_000,
    "/cgi-bin/draft/delete": 1_000,
    "/cgi-bin/draft/count": 1_000,
    "/cgi-bin/draft/batchget": 1_000,
    "/cgi-bin/freepublish/submit": 100,
    "/cgi-bin/freepublish/get": 100,
    "/cgi-bin/freepublish/batchget": 100,
    "/cgi-bin/freepublish/getarticle": 100,
    "/cgi-bin/freepublish/delete": 10,
    "/cgi-bin/ticket/getticket": 2_000,
    PREVIEWS_BY_WECHAT_ID: 100,
}
SANDBOX = {
    "/cgi-bin/token": 200,
    "/cgi-bin/menu/create": 100,
    "/cgi-bin/menu/get": 1_000,
    "/cgi-bin/menu/delete": 100,
    "/cgi-bin/user/get": 100,
    "/cgi-bin/user/info": 500_000,
    "/cgi-bin/qrcode/create": 10_000,
    "/cgi-bin/message/custom/send": 50_000,
    "/cgi-bin/media/upload": 500,
    "/cgi-bin/media/get": 1_000,
}
ANY_OTHER = 1_000_000
CLEARS, CLEARS_OF_ONE = 10, 50
A_MINUTE = {
    "/cgi-bin/stable_token": 10_000,
    "/cgi-bin/message/mass/sendall": 60,
    "/cgi-bin/message/mass/send": 60,
}


@dataclass(slots=True)
class Usage:
    day: int = -1
    today: int = 0
    minute: int = -1
    this_minute: int = 0


@dataclass(slots=True)
class Quotas:
    """The limits of an account that differ from a new account's, and the calls it has used."""

    daily: dict[str, int] = field(default_factory=dict)
    a_minute: dict[str, int] = field(default_factory=dict)
    used: dict[str, Usage] = field(default_factory=dict)
    # The number of clearings in a month (like 2026-02), of all counters or of one API's.
    cleared: dict[str, int] = field(default_factory=dict)

    def daily_limit(self, api: str, *, sandbox: bool = False) -> int:
        usual = DAILY.get(api, ANY_OTHER)
        return self.daily.get(api, SANDBOX.get(api, usual) if sandbox else usual)

    def minute_limit(self, api: str) -> int:
        """Returns the number of calls allowed in a minute; 0 means no limit."""
        return self.a_minute.get(api, A_MINUTE.get(api, 0))

    def used_on(self, api: str, day: int) -> int:
        usage = self.used.get(api)
        return usage.today if usage and usage.day == day else 0

    def spend(self, api: str, day: int, minute: int, *, sandbox: bool = False) -> None:
        """Counts a call. Raises 45009 if the day's limit is used up, 45011 if the minute's is."""
        usage = self.used.get(api)
        if usage is None:
            usage = self.used[api] = Usage()
        if usage.day != day:
            usage.day, usage.today = day, 0
        if usage.minute != minute:
            usage.minute, usage.this_minute = minute, 0
        if usage.today >= self.daily_limit(api, sandbox=sandbox):
            raise ApiError(45009)
        if 0 < self.minute_limit(api) <= usage.this_minute:
            raise ApiError(45011)
        usage.today += 1
        usage.this_minute += 1

    def clear_all(self, month: str) -> None:
        """Clears the counters of all APIs. Raises 48006 after ten times in a month."""
        self._count(f"all {month}", CLEARS)
        self.used.clear()

    def clear(self, api: str, month: str) -> None:
        """Clears the counter of one API. Raises 48006 after fifty times in a month."""
        self._count(f"one {month}", CLEARS_OF_ONE)
        self.used.pop(api, None)

    def _count(self, what: str, most: int) -> None:
        if self.cleared.get(what, 0) >= most:
            raise ApiError(48006)
        self.cleared[what] = self.cleared.get(what, 0) + 1
