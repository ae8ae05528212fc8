"""Pages while another server, such as WeChat's, takes a call and does not answer it."""

import asyncio
import socket

import pytest
import requests
from django.http import HttpRequest, HttpResponse
from django.urls import path
from pytest_django import Settings

from tests.asgi import exchange
from wechat.sdk.connections import bounded_session

pytestmark = pytest.mark.django_db(transaction=True)


def calls(request: HttpRequest, port: int) -> HttpResponse:
    with bounded_session() as session:
        try:
            session.get(f"http://127.0.0.1:{port}/", timeout=60)
        except requests.ConnectTimeout:
            return HttpResponse(status=503)
        except requests.ConnectionError:
            return HttpResponse("lost")
    raise AssertionError("nobody answers here")


def page(request: HttpRequest) -> HttpResponse:
    return HttpResponse("done")


urlpatterns = [path("calls/<int:port>/", calls), path("page/", page)]


def test_half_of_the_threads_wait_for_a_server_that_does_not_answer_and_the_others_serve(
    settings: Settings,
) -> None:
    settings.ROOT_URLCONF = __name__
    half = settings.WEB_THREADS // 2

    async def asked() -> tuple[int, int, list[int]]:
        with socket.create_server(("127.0.0.1", 0)) as silent:
            address = f"/calls/{silent.getsockname()[1]}/"
            waiting = [asyncio.ensure_future(exchange("GET", address)) for _ in range(2 * half)]
            while sum(call.done() for call in waiting) < half:
                await asyncio.sleep(0.01)
            served = await exchange("GET", "/page/")
            left = sum(not call.done() for call in waiting)
        return served.status, left, [call.status for call in await asyncio.gather(*waiting)]

    status, left, answers = asyncio.run(asked())
    assert (status, left) == (200, half)
    assert sorted(answers) == [*[200] * half, *[503] * half]
