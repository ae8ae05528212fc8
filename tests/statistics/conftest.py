import datetime
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import pytest
import time_machine
from django.utils import timezone

from accounts.official.clients import client_for
from accounts.official.models import OfficialAccount
from tests.simulated import Simulated
from wechat.kernel import work
from wechat.sdk.beijing import BEIJING
from wechat.sdk.calls import base
from wechat.statistics import reading

DAY = datetime.timedelta(days=1)


@dataclass
class Platform:
    """The platform's and the console's clocks, which move together from noon to noon in Beijing."""

    simulated: Simulated
    account: OfficialAccount
    travels: list[Any] = field(default_factory=list)

    def set_time(self, moment: datetime.datetime) -> None:
        now = self.simulated.get("/clock")
        self.simulated.sim("/clock", {"offset": now["offset"] + moment.timestamp() - now["now"]})
        self.stop()
        self.travels.append(time_machine.travel(moment, tick=True))
        self.travels[-1].start()

    def pass_days(self, number: int) -> None:
        self.set_time(timezone.now() + number * DAY)

    def pass_hours(self, number: float) -> None:
        self.set_time(timezone.now() + datetime.timedelta(hours=number))

    def stop(self) -> None:
        while self.travels:
            self.travels.pop().stop()

    def event(self, openid: str, **what: Any) -> None:
        """Performs an action of a person on their phone, without a push to the account."""
        self.simulated.sim(f"/accounts/{self.account.appid}/events/{openid}", {"attempts": 1, **what})

    def read(self) -> int:
        return work.run_all("statistics.plan") + work.run_all("statistics.read")

    def asked(self) -> dict[str, int]:
        """Returns the number of calls of each statistic."""
        calls = self.simulated.get("/calls")["counts"]
        return {
            api.removeprefix("/datacube/"): number
            for api, number in calls.items()
            if api.startswith("/datacube/")
        }


@pytest.fixture(autouse=True)
def _short_history(monkeypatch: pytest.MonkeyPatch) -> None:
    """Shortens the history from half a year to a month, which is enough for the tests."""
    monkeypatch.setattr(reading, "HISTORY_DAYS", 30)
    monkeypatch.setattr(reading, "SHORTER_HISTORIES", dict.fromkeys(reading.SHORTER_HISTORIES, 3))


@pytest.fixture
def platform(account: OfficialAccount, simulated: Simulated) -> Iterator[Platform]:
    simulated.create_account(account, callback_url="")
    platform = Platform(simulated, account)
    noon = timezone.now().astimezone(BEIJING).replace(hour=12, minute=0, second=0, microsecond=0)
    platform.set_time(noon)
    # Otherwise a first call would fail with a token of another test.
    base.api_domain_ips(client_for(account))
    yield platform
    platform.stop()
