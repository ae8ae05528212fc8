"""The callback as the ASGI server calls it: in the event loop, beside Django's pages."""

import asyncio
import threading

import pytest
from prometheus_client import REGISTRY
from pytest_django import Settings

from tests.callbacks import PATH, Got, call, run
from tests.inbox.test_spool import locked
from tests.platform import Platform, Push
from wechat.inbox import recording, routing, spool
from wechat.inbox.models import InboundMessage
from wechat.inbox.routing import Answer, InboundEvent
from wechat.kernel import versioned_cache
from wechat.sdk.content import Text

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.usefixtures("account", "only_these_handlers", "clean_redis"),
]


def test_a_push_is_answered(platform: Platform) -> None:
    routing.answers(order=1, quick=True)(lambda event: Answer("test", Text("hello")))
    [got] = run(call(PATH, platform.safe(platform.text("1"))))
    assert (got.status_code, got.headers["content-type"]) == (200, "text/xml; charset=utf-8")
    assert got.headers["content-length"] == str(len(got.content))
    assert platform.opened(got.content)["Content"] == "hello"


def test_a_body_in_pieces_is_put_together(platform: Platform) -> None:
    [got] = run(call(PATH, platform.safe(platform.text("1")), chunk=7))
    assert (got.status_code, got.content) == (200, b"success")
    assert InboundMessage.objects.get().text == "1"


def test_a_body_over_256_kib_is_too_large(platform: Platform) -> None:
    push = platform.safe(platform.text("1"))
    [got] = run(call(PATH, Push(push.query, b"x" * (256 * 1024 + 1)), chunk=4096))
    assert got.status_code == 413


def test_a_sender_that_went_away_gets_nothing(platform: Platform) -> None:
    assert run(call(PATH, platform.safe(platform.text("1")), gone=True)) == [Got()]
    assert not InboundMessage.objects.exists()


def test_the_address_is_verified(platform: Platform) -> None:
    push = Push(platform.plain("").query | {"echostr": "a+b=&c 4%"}, b"")
    [got] = run(call(f"{PATH}/", push, "GET"))
    assert got.content == b"a+b=&c 4%"


@pytest.mark.parametrize(("path", "status"), [(PATH, 403), ("/wechat/nobody/callback", 404)])
def test_what_is_not_signed_is_refused(path: str, status: int) -> None:
    [got] = run(call(path, Push({}, b"<xml/>")))
    assert got.status_code == status
    assert not got.content.startswith(b"<xml")
    assert not InboundMessage.objects.exists()


def test_a_query_that_makes_no_sense_is_refused(platform: Platform) -> None:
    push = platform.safe(platform.text("1"))
    [got] = run(
        call(PATH, Push({"": "=&%ff%00&", "nonce": "\udcff"} | push.query | {"nonce": ""}, push.body))
    )
    assert got.status_code == 403


def test_other_methods_are_not_allowed(platform: Platform) -> None:
    [got] = run(call(PATH, platform.plain(""), "PUT"))
    assert got.status_code == 405


def test_many_at_once_get_their_own_answers_and_are_recorded_once(platform: Platform) -> None:
    routing.answers(order=1, quick=True)(lambda event: Answer("test", Text(f"> {event.message.text}")))
    texts = [str(number) for number in range(50)]
    pushes = [platform.safe(platform.text(text)) for text in texts]
    got = run(*[call(PATH, push) for push in pushes for _ in range(2)])
    answers = [platform.opened(each.content)["Content"] for each in got]
    assert answers == [f"> {text}" for text in texts for _ in range(2)]
    assert InboundMessage.objects.count() == 50


def test_a_handler_that_takes_its_time_holds_up_nobody_else(platform: Platform) -> None:
    """It waits until another callback was answered: the test ends only because the loop goes on."""
    answered = threading.Event()

    @routing.answers(order=1, quick=True)
    def answer(event: InboundEvent) -> Answer:
        if event.message.text == "slow":
            event.needs_rows()
            assert answered.wait(60)
        return Answer("test", Text(event.message.text))

    async def quick() -> Got:
        got = await call(PATH, platform.safe(platform.text("quick")))
        answered.set()
        return got

    got = run(call(PATH, platform.safe(platform.text("slow"))), quick())
    assert [platform.opened(each.content)["Content"] for each in got] == ["slow", "quick"]


def test_what_is_kept_in_the_process_is_read_without_a_query(platform: Platform, settings: Settings) -> None:
    """A query in the loop raises; an account nobody can find by now is answered from memory."""
    run(call(PATH, platform.safe(platform.text("1"))))
    settings.CACHE_VERSION_INTERVAL = 3600
    assert versioned_cache.all_built()
    [got] = run(call(PATH, platform.safe(platform.text("2"))))
    assert (got.status_code, got.content) == (200, b"success")


def test_a_page_of_django_is_served_beside_the_callbacks(platform: Platform) -> None:
    page, callback = run(
        call("/admin/login/", Push({}, b""), "GET"), call(PATH, platform.safe(platform.text("1")))
    )
    assert page.status_code == 200
    assert callback.content == b"success"


def test_more_pages_than_threads_wait_their_turn() -> None:
    got = run(*[call("/admin/login/", Push({}, b""), "GET") for _ in range(20)])
    assert {each.status_code for each in got} == {200}


def test_a_spool_that_does_not_answer_ends_in_try_again(
    platform: Platform, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Postgres refuses, Redis is silent: the platform is told so in time."""
    let_go = threading.Event()
    monkeypatch.setattr("wechat.inbox.receiving.SPOOL_SECONDS", 0.05)
    monkeypatch.setattr(recording, "INSERT", "SELECT nothing FROM json_to_recordset(%s)")
    monkeypatch.setattr(spool, "append", lambda record: let_go.wait(60))
    got = run(*[call(PATH, platform.safe(platform.text(str(number)))) for number in range(3)])
    let_go.set()
    assert [each.status_code for each in got] == [503, 503, 503]


def test_beyond_what_postgres_takes_callbacks_are_told_to_come_again_at_once(
    platform: Platform, caplog: pytest.LogCaptureFixture
) -> None:
    """Those that were taken on are recorded; who is refused is not even read."""
    over = 2 * recording.BATCH_LIMIT
    pushes = [platform.safe(platform.text(str(number))) for number in range(1 + over)]
    refused_before = _refused()

    async def overrun() -> tuple[list[Got], Got, Got]:
        await call(PATH, pushes[0])
        with locked("inbox_inboundmessage"):
            taken_on = [asyncio.ensure_future(call(PATH, push)) for push in pushes[1:]]
            while not recording.is_full():
                await asyncio.sleep(0)
            refused = await call(PATH, Push({}, b"nobody reads this"))
        return await asyncio.gather(*taken_on), refused, await call(PATH, pushes[0])

    taken_on, refused, later = asyncio.run(overrun())
    assert {each.status_code for each in taken_on} == {200}
    assert (refused.status_code, later.status_code) == (503, 200)
    assert InboundMessage.objects.count() == 1 + over
    assert _refused() == refused_before + 1
    assert "overloaded" in caplog.messages


def _refused() -> float:
    return REGISTRY.get_sample_value("wechat_overloaded_total", {"door": "callbacks"}) or 0.0
