"""The fixtures of browser tests: a live server and a browser."""

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

# The tests are skipped if no browser is installed.
collect_ignore_glob = [] if CHROMIUM else ["test_*.py"]


@pytest.fixture(scope="package")
def browser() -> Iterator[Browser]:
    """Starts a browser for these tests only, because its driver keeps an event loop in their thread."""
    # With a running event loop, Django would refuse database access.
    os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "1"
    # On a busy machine a page can take longer than the usual five seconds.
    expect.set_options(timeout=60_000)
    with sync_playwright() as driver:
        yield driver.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
    del os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"]


@pytest.fixture
def faults() -> list[str]:
    """Returns the browser's errors; a test that provokes one removes it from the list."""
    return []


@pytest.fixture
def page(browser: Browser, live_server: LiveServer, faults: list[str]) -> Iterator[Page]:
    """A page of a new visitor; script errors and violations of the Content-Security-Policy fail the test."""
    earlier = set(threading.enumerate())
    context = browser.new_context(base_url=live_server.url, locale="zh-CN")
    context.set_default_timeout(60_000)
    page = context.new_page()
    page.on("pageerror", lambda error: faults.append(str(error)))
    page.on(
        "console", lambda message: faults.extend(text for text in [message.text] if "Security Policy" in text)
    )
    yield page
    context.close()
    _let_the_server_end(earlier)
    assert not faults


def _let_the_server_end(earlier: set[threading.Thread]) -> None:
    """Waits until the server has finished the page's requests: truncating tables before could deadlock.

    Threads from ``earlier`` belong to servers of other tests, whose clients keep their connections.
    """
    for thread in set(threading.enumerate()) - earlier:
        # The name of the live server's request threads; each ends with its connection.
        if "process_request_thread" in thread.name:
            thread.join(5)


@pytest.fixture
def sign_in(page: Page, live_server: LiveServer) -> Callable[[User], Page]:
    """Returns a function that opens a page as a signed-in user."""

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
    """Two weeks of the platform's follower statistics."""
    today = timezone.localdate()
    for age in range(1, 15):
        came = {"user_source": 1, "new_user": 30 - age, "cancel_user": age % 3}
        rows = {Dataset.USER_SUMMARY: [came], Dataset.USER_CUMULATE: [{"cumulate_user": 2000 - age}]}
        for dataset, payload in rows.items():
            PlatformDay.objects.create(
                account=account, dataset=dataset.name, day=today - datetime.timedelta(days=age), rows=payload,
                read_at=timezone.now(),
            )  # fmt: skip
