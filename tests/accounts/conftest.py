"""The fixtures of accounts and their followers at the simulated platform."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest
from django_redis import get_redis_connection
from pytest_django import Settings

from accounts.followers import sync_requests
from accounts.followers.models import Follower, FollowerSync, Tag
from accounts.official.models import OfficialAccount
from tests.callbacks import served
from tests.simulated import Simulated
from wechat.kernel import work


@dataclass(frozen=True)
class Crowd:
    """The simulator's followers of one account, and the runs that read them."""

    platform: Simulated
    account: OfficialAccount

    def add(self, count: int = 1) -> list[str]:
        path = f"/accounts/{self.account.appid}/followers"
        return list(self.platform.sim(path, {"count": count})["openids"])

    def seed(self, **wanted: Any) -> int:
        path = f"/accounts/{self.account.appid}/personas"
        return int(self.platform.sim(path, wanted)["followers"])

    def act(self, openid: str, **given: Any) -> None:
        path = f"/accounts/{self.account.appid}/events/{openid}"
        self.platform.sim(path, {"wait": False, **given})

    def fail(self, api: str, **how: Any) -> None:
        self.platform.sim("/faults", {"api": api, **how})

    def state(self) -> dict[str, Any]:
        """Returns the platform's whole state of the account."""
        return dict(self.platform.get("/state")["accounts"][self.account.appid])

    def tagged(self) -> dict[str, set[str]]:
        """Returns the names of the platform's tags of each follower, by openid."""
        known = self.state()
        return {
            openid: {known["tags"][str(number)] for number in each["tags"] or ()}
            for openid, each in known["followers"].items()
        }

    def calls(self) -> dict[str, int]:
        return dict(self.platform.get(f"/calls?appid={self.account.appid}")["counts"])

    def sync(self, kind: FollowerSync.Kind = FollowerSync.Kind.FULL) -> FollowerSync:
        run = sync_requests.ask(self.account, kind)
        FollowerSync.objects.filter(pk=run.pk).update(due_at=run.created_at)
        work.run("followers.sync_followers")
        run.refresh_from_db()
        return run

    def follower(self, openid: str) -> Follower:
        return Follower.objects.get(account=self.account, openid=openid)

    def tag(self, name: str) -> Tag:
        """Creates a tag that exists at the platform too."""
        tag = Tag.objects.create(account=self.account, name=name)
        self.send()
        tag.refresh_from_db()
        return tag

    def send(self) -> None:
        work.run("followers.send_tags")
        work.run("followers.send_changes")


@pytest.fixture
def crowd(account: OfficialAccount, simulated: Simulated) -> Crowd:
    simulated.create_account(account)
    return Crowd(simulated, account)


@pytest.fixture
def reachable(settings: Settings) -> Iterator[None]:
    """Serves the console, so that the doctor and the platform can call its callback address."""
    get_redis_connection("default").flushdb()
    with served() as address:
        settings.PUBLIC_URL = address
        yield
