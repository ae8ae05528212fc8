"""Tests of a full disk: requests that need no file are served as usual."""

import asyncio
import os
import resource
import subprocess
import sys
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from django.http import HttpRequest, HttpResponse
from django.urls import path
from django.views.decorators.csrf import csrf_exempt
from pytest_django import Settings

from config.asgi import application
from config.embedded import PROJECT
from tests.cast import Cast, signed_in

SENTENCE = "一句话。"


@csrf_exempt
def long_page(request: HttpRequest) -> HttpResponse:
    """Returns a page that takes and makes more than is kept in memory elsewhere."""
    return HttpResponse(f"{len(request.body)} {SENTENCE * 50_000}")


urlpatterns = [path("long/", long_page)]

COUNTS = """
import resource
from wechat.kernel import metrics

def counter(number):
    return metrics.REQUESTS.labels(f"/a/page/of/some/length/{number}", "GET", "200")

for number in range(100):
    counter(number).inc()
soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
resource.setrlimit(resource.RLIMIT_FSIZE, (0, hard))
for number in range(50, 5000):
    counter(number).inc()
counted = [counter(number)._value.get() for number in (0, 70, 4999)]
resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
print(*counted)
"""


FORM = b"a=" + b"b" * 100_000
SCOPE = {
    "type": "http", "http_version": "1.1", "method": "POST", "scheme": "http", "path": "/long/",
    "root_path": "", "query_string": b"", "client": ("127.0.0.1", 1), "server": ("localhost", 80),
    "headers": [
        (b"host", b"localhost"), (b"content-length", b"%d" % len(FORM)),
        (b"content-type", b"application/x-www-form-urlencoded"),
    ],
}  # fmt: skip


async def posted() -> dict[str, Any]:
    return {"type": "http.request", "body": FORM, "more_body": False}


def keep(sent: list[dict[str, Any]]) -> Callable[[dict[str, Any]], Awaitable[None]]:
    async def send(event: dict[str, Any]) -> None:
        sent.append(event)

    return send


@contextmanager
def no_room() -> Iterator[None]:
    """Makes every write to a file fail, whichever it is."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


def test_a_process_counts_on(tmp_path: Path) -> None:
    """It used to die of it: writing into a mapped file that has no room ends in a SIGBUS."""
    environment = os.environ | {"PROMETHEUS_MULTIPROC_DIR": str(tmp_path)}
    counting = [sys.executable, "-c", COUNTS]
    run = subprocess.run(counting, cwd=PROJECT, env=environment, capture_output=True, text=True, check=True)
    assert run.stdout.split() == ["1.0", "2.0", "1.0"]
    (file,) = tmp_path.glob("counter_*.db")
    assert file.stat().st_blocks * 512 >= file.stat().st_size, "all of it has its place on the disk"


def test_long_forms_are_read_and_long_pages_are_sent(settings: Settings) -> None:
    settings.ROOT_URLCONF = __name__
    sent: list[dict[str, Any]] = []
    with no_room():
        asyncio.run(application(SCOPE, posted, keep(sent)))
    assert sent[0]["status"] == 200
    content = b"".join(each.get("body", b"") for each in sent[1:]).decode()
    assert content == f"{len(FORM)} {SENTENCE * 50_000}"


@pytest.mark.django_db
@pytest.mark.parametrize(
    "page", ["/admin/", "/admin/orders/order/", "/admin/inbox/inboundmessage/", "/admin/followers/follower/"]
)
def test_pages_open(staff: Cast, page: str) -> None:
    owner = signed_in(staff.owner)
    with no_room():
        assert owner.get(page).status_code == 200
