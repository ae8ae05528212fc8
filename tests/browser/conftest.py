"""The admin as staff meet it: a live server and a browser."""

import datetime
import os
import threading
from collections.abc import Callable, Iterator

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.utils import timezone
from playwright.sync_api import Browser, Page, expect, sync_playwright
from pytest_django.live_server_helper import LiveServer

from accounts.official.models import OfficialAccount
from tests import programs
from wechat.sdk.calls.datacube import Dataset
from wechat.statistics.models import PlatformDay

CHROMIUM = programs.installed(*programs.CHROMIUM)

# Without a browser on the machine there is nothing to click with.
collect_ignore_glob = [] if CHROMIUM else ["test_*.py"]


@pytest.fixture(scope="package")
def browser() -> Iterator[Browser]:
    """A browser for these tests only: its driver keeps an event loop in the thread of the tests."""
    # In which Django would refuse to touch the database.
    os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "1"
    with sync_playwright() as driver:
        yield driver.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
    del os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"]


@pytest.fixture
def faults() -> list[str]:
    """Returns what the browser complained of; a test that provokes something takes it out again."""
    return []


@pytest.fixture
def page(browser: Browser, live_server: LiveServer, faults: list[str]) -> Iterator[Page]:
    """A page of a fresh visitor; an error in a script, or what the policy forbids, fails the test."""
    context = browser.new_context(base_url=live_server.url, locale="zh-CN")
    page = context.new_page()
    page.on("pageerror", lambda error: faults.append(str(error)))
    page.on(
        "console", lambda message: faults.extend(text for text in [message.text] if "Security Policy" in text)
    )
    yield page
    context.close()
    _let_the_server_end()
    assert not faults


def _let_the_server_end() -> None:
    """Waits for the server to end the page's last requests: emptying the tables before could deadlock."""
    for thread in threading.enumerate():
        # As the live server's class names those that answer; each ends with its connection.
        if "process_request_thread" in thread.name:
            thread.join(5)


@pytest.fixture
def sign_in(page: Page, live_server: LiveServer) -> Callable[[User], Page]:
    """The page of somebody who has signed in before."""

    def as_(user: User) -> Page:
        client = Client()
        client.force_login(user)
        page.context.add_cookies(
            [{"name": "sessionid", "value": client.cookies["sessionid"].value, "url": live_server.url}]
        )
        page.goto("/admin/")
        expect(page.get_by_role("heading", level=1)).to_be_visible()
        return page

    return as_


@pytest.fixture
def growth(account: OfficialAccount) -> None:
    """Two weeks of followers, as the platform told."""
    today = timezone.localdate()
    for age in range(1, 15):
        came = {"user_source": 1, "new_user": 30 - age, "cancel_user": age % 3}
        rows = {Dataset.USER_SUMMARY: [came], Dataset.USER_CUMULATE: [{"cumulate_user": 2000 - age}]}
        for dataset, payload in rows.items():
            PlatformDay.objects.create(
                account=account, dataset=dataset.name, day=today - datetime.timedelta(days=age), rows=payload,
                read_at=timezone.now(),
            )  # fmt: skip
