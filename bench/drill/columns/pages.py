"""The columns of menus, follower syncs, logins, the console's pages and health checks."""

import itertools
import time
from statistics import median
from urllib.parse import urlsplit

import requests
from django.utils import timezone

from accounts.followers.models import Follower, FollowerSync
from accounts.followers.sync_requests import ask
from bench.drill.caller import HANG_SECONDS
from bench.drill.columns.column import Column
from menus import tree
from menus.models import Publication

PAGES = ("/admin/inbox/inboundmessage/", "/admin/followers/follower/", "/admin/orders/order/", "/admin/")
PAGE_SECONDS, HEALTH_SECONDS = 10.0, 1.0


class Menus(Column):
    """A business system that saves and publishes drafts of a menu; the last one has to be live in the end."""

    name = "menu"
    pause = 3.0

    def prepare(self) -> None:
        self.asked: list[int] = []

    def act(self, number: int) -> None:
        caller, at = self.there.caller, f"/api/v1/menus/{self.there.menu.pk}"
        button = {"uid": "drill", "name": f"第{number}课", "kind": "view", "url": self._address(number)}

        def save() -> requests.Response:
            draft = caller.get(f"{at}/draft/")
            if draft.status_code != 200:
                return draft
            revision = draft.json()["revision"]
            return caller.put(f"{at}/draft/", {"revision": revision, "buttons": [button]})

        self.client.until_accepted(save)
        key = f"menu-{self.mark}-{number}"
        # The status is 409 while another menu is being published.
        asked = self.client.until_accepted(lambda: caller.post(f"{at}/publications/", {}, key))
        self.asked.append(asked.json()["id"])
        self.acts += 1

    def waiting(self) -> int:
        return Publication.objects.filter(pk__in=self.asked, state__in=Publication.OPEN).count()

    def wrong(self) -> list[str]:
        failed = Publication.objects.filter(pk__in=self.asked).exclude(state="published")
        # A later row may publish while this is looked at.
        before, live = self._wanted(), self._live()
        wanted = [*self._wanted(), *before]
        return [
            *(f"a publication ended as {each.state}: {each.reason} {each.error}" for each in failed),
            *([f"live is {live}, and not {wanted[0]}"] if live not in wanted else []),
        ]

    def _address(self, number: int) -> str:
        return f"https://h5.example.com/{self.mark}/{number}"

    def _live(self) -> list[str]:
        state = requests.get(f"{self.there.platform.base}/_sim/state", timeout=120).json()
        default = state["accounts"][self.there.account.appid]["menus"]["default"]
        return [each.get("url", "") for each in default["button"]] if default else []

    def _wanted(self) -> list[list[str]]:
        """Returns the URLs of the newest menu, and of menus that a later row may be publishing."""
        ours = Publication.objects.filter(account=self.there.account, version__isnull=False)
        last = ours.filter(state="published").latest("pk")
        found = [last, *ours.filter(state__in=Publication.RUNNING)]
        return [[button.url for button in tree.read(each.version)] for each in found if each.version]


class Syncs(Column):
    """A member of staff who syncs the list of followers, until all of them are in the database."""

    name = "sync"
    pause = 4.0

    def prepare(self) -> None:
        self.asked: set[int] = set()
        # The number of followers when the newest run started.
        self.listed = 0

    def act(self, number: int) -> None:
        # Followers known at the platform but not in the database.
        path = f"/accounts/{self.there.account.appid}/followers"
        self.there.platform.sim(path, {"openids": [self.person(number)]})
        self.acts += 1
        self._ask()

    def finish(self) -> None:
        self._ask()

    def waiting(self) -> int:
        return FollowerSync.objects.filter(pk__in=self.asked, due_at__isnull=False).count()

    def wrong(self) -> list[str]:
        stopped = FollowerSync.objects.filter(pk__in=self.asked).exclude(step=FollowerSync.Step.DONE)
        known = Follower.objects.filter(account=self.there.account, openid__startswith=self.people)
        missing = self.listed - known.filter(subscribed=True).count()
        return [
            *(f"a run ended as {each.step}: {each.error}" for each in stopped),
            *([f"{missing} followers are not known here"] if missing > 0 else []),
        ]

    def _ask(self) -> None:
        """Records the current run, which may be past the end of the list, or a new one."""
        before = timezone.now()
        run = ask(self.there.account, FollowerSync.Kind.FULL)
        self.asked.add(run.pk)
        if run.created_at >= before:
            self.listed = self.acts


class Logins(Column):
    """A column of people who log in to the mini program, with a new code each time, until they succeed."""

    name = "login"
    pause = 2.0

    def act(self, number: int) -> None:
        self.client.until_accepted(lambda: self._log_in(number))
        self.acts += 1

    def finish(self) -> None:
        self.client.until_accepted(lambda: self._log_in(9999))

    def _log_in(self, number: int) -> requests.Response:
        mini, base = self.there.mini, self.there.platform.base
        host = {"Host": f"drill{number}.localhost:{urlsplit(base).port}"}
        code = requests.post(f"{base}/.mini/{mini.appid}/login", headers=host, timeout=60).json()["given"]
        body = {"account": mini.slug, "code": code}
        address = f"{self.there.web}/api/v1/auth/miniprogram/"
        return requests.post(address, json=body, timeout=HANG_SECONDS)


class Pages(Column):
    """A member of staff who uses the console: each page has to load soon, or say clearly what is down."""

    name = "pages"

    def prepare(self) -> None:
        self.seconds: list[float] = []
        self.odd: list[str] = []

    def act(self, number: int) -> None:
        page, began = PAGES[number % len(PAGES)], time.monotonic()
        try:
            status = self._open(page).status_code
        except requests.Timeout:
            self.odd.append(f"{page}: no answer within {HANG_SECONDS:.0f} s")
        except requests.ConnectionError as error:
            if not self.client.may_be_cut:
                self.odd.append(f"{page}: {type(error).__name__}")
        else:
            self.seconds.append(time.monotonic() - began)
            if status not in (200, 503):
                self.odd.append(f"{page}: answered {status}")
        self.acts += 1

    def finish(self) -> None:
        self.client.until_accepted(lambda: self._open(PAGES[0]))

    def wrong(self) -> list[str]:
        usual = median(self.seconds or [0.0])
        slow = [f"half of the pages took more than {usual:.1f} s"] if usual > PAGE_SECONDS else []
        return [*self.odd, *slow]

    def _open(self, page: str) -> requests.Response:
        cookies = {"sessionid": self.there.session}
        return requests.get(
            self.there.web + page, cookies=cookies, timeout=HANG_SECONDS, allow_redirects=False
        )


class Health(Column):
    """A load balancer, which checks that the web process is alive and accepts callbacks.

    Each answer may take at most a second.
    """

    name = "health"
    pause = 0.5

    def prepare(self) -> None:
        self.seconds: list[float] = []
        self.statuses: list[int] = []
        self._paths = itertools.cycle(("/healthz/live", "/healthz/ready"))

    def act(self, number: int) -> None:
        began = time.monotonic()
        try:
            answer = requests.get(self.there.web + next(self._paths), timeout=HANG_SECONDS)
        except requests.RequestException:
            if self.client.may_be_cut:
                return
            self.statuses.append(0)
        else:
            self.statuses.append(answer.status_code)
        self.seconds.append(time.monotonic() - began)
        self.acts += 1

    def wrong(self) -> list[str]:
        """Returns broken guarantees as sentences, by medians, because the machine may be busy at times."""
        usual, unwell = median(self.seconds or [0.0]), sum(each != 200 for each in self.statuses)
        return [
            *([f"it takes {usual:.1f} s"] if usual > HEALTH_SECONDS else []),
            *([f"{unwell} of {len(self.statuses)} were not 200"] if 2 * unwell > len(self.statuses) else []),
        ]
