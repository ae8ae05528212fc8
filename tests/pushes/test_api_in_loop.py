"""Messages are asked for in the event loop, many at a time, as the ASGI server hands them over."""

import asyncio
import datetime
import json
import uuid
from collections.abc import Coroutine
from typing import Any

import pytest
from django.utils import timezone
from pytest_django import Settings

from accounts.official.models import OfficialAccount
from tests.asgi import Answered, exchange
from tests.inbox.test_spool import locked
from tests.signed import Signed, business_system
from wechat.api import admission, one_statement
from wechat.api.models import ApiClient, KeptAnswer, SeenNonce
from wechat.pushes.models import Push, Template
from wechat.pushes.transitions import erase

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("template")]

URL = "/api/v1/push"
OPENID = "oUpF8uMuAJO_M2pxb1Q9zNjWeS6o"


@pytest.fixture
def template(account: OfficialAccount) -> Template:
    return Template.objects.create(
        account=account, kind="template", platform_id="Vq0demo", content="门店:{{thing4.DATA}}"
    )


@pytest.fixture
def shop(account: OfficialAccount) -> Signed:
    return business_system(account, scopes=["push:write", "push:read"])


def message(shop_name: str = "天河店", **more: Any) -> dict[str, Any]:
    return {"to": OPENID, "template": "Vq0demo", "values": {"thing4": shop_name}, **more}


def ask(
    shop: Signed, body: Any, key: str = "", query: str = "", **headers: str
) -> Coroutine[Any, Any, Answered]:
    """Sends one request; ``headers``, with ``_`` for ``-``, are laid over its own."""
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()
    own = {"Idempotency-Key": key or uuid.uuid4().hex, "Content-Type": "application/json"}
    laid_over = {name.replace("_", "-"): value for name, value in headers.items()}
    given = {**signature(shop, raw, query), **own, **laid_over}
    verbatim = {name.lower(): value for name, value in given.items()}
    return exchange("POST", URL, raw, query=query, verbatim=verbatim)


def signature(shop: Signed, body: bytes, query: str = "") -> dict[str, str]:
    return {name: str(value) for name, value in shop.signature("POST", URL, query, body).items()}


def all_of(*requests: Coroutine[Any, Any, Answered]) -> list[Answered]:
    async def together() -> list[Answered]:
        return await asyncio.gather(*requests)

    return asyncio.run(together())


def code(answered: Answered) -> str:
    return str(json.loads(answered.body)["error"]["code"])


def test_the_answer_is_json_whatever_form_the_query_names(shop: Signed) -> None:
    (answer,) = all_of(ask(shop, message(), query="account=demo&format=xml"))
    assert (answer.status, len(json.loads(answer.body)["messages"])) == (202, 1)


def test_many_at_once_are_queued_once_each_and_told_of_their_own(shop: Signed) -> None:
    answers = all_of(*[ask(shop, message(reference=str(number))) for number in range(40)])
    assert {answer.status for answer in answers} == {202}
    messages = [json.loads(answer.body)["messages"][0] for answer in answers]
    assert [each["reference"] for each in messages] == [str(number) for number in range(40)]
    assert dict(Push.objects.values_list("id", "content__reference")) == {
        each["id"]: each["reference"] for each in messages
    }
    assert KeptAnswer.objects.filter(status=202).count() == 40


def test_what_is_told_at_once_is_what_is_told_when_asked(shop: Signed) -> None:
    [answered] = all_of(ask(shop, {"messages": [message("a"), message("b", at="2099-01-01T10:00:00+08:00")]}))
    for each in json.loads(answered.body)["messages"]:
        assert shop.get(f"{URL}/{each['id']}").json() == each
    assert answered.headers[b"content-type"] == b"application/json"
    assert answered.headers[b"content-length"] == str(len(answered.body)).encode()


def test_messages_have_their_ids_in_the_order_of_the_request(shop: Signed) -> None:
    [answered] = all_of(ask(shop, {"messages": [message(str(number)) for number in range(200)]}))
    ids = [each["id"] for each in json.loads(answered.body)["messages"]]
    assert ids == sorted(ids)
    queued = Push.objects.order_by("id").values_list("content__values__thing4", flat=True)
    assert list(queued) == [str(number) for number in range(200)]


def test_a_repeat_gets_the_same_answer(shop: Signed) -> None:
    [first] = all_of(ask(shop, message(), "order-1"))
    [again] = all_of(ask(shop, message(), "order-1"))
    assert (again.status, again.body) == (202, first.body)
    assert again.headers[b"idempotent-replayed"] == b"true"
    assert b"idempotent-replayed" not in first.headers
    assert Push.objects.count() == 1


def test_of_two_at_the_same_time_one_is_carried_out(shop: Signed) -> None:
    answers = all_of(ask(shop, message(), "order-1"), ask(shop, message(), "order-1"))
    assert sorted(answer.status for answer in answers) == [202, 409]
    assert "in_progress" in [code(answer) for answer in answers if answer.status == 409]
    assert Push.objects.count() == 1


def test_a_key_of_another_request_is_refused(shop: Signed) -> None:
    all_of(ask(shop, message("a"), "order-1"))
    [answered] = all_of(ask(shop, message("b"), "order-1"))
    assert (answered.status, code(answered)) == (409, "idempotency_key_reused")


def test_a_repeat_gets_its_answer_even_if_it_would_be_refused_by_now(shop: Signed) -> None:
    [first] = all_of(ask(shop, message(), "order-1"))
    Template.objects.all().delete()
    [again] = all_of(ask(shop, message(), "order-1"))
    [new] = all_of(ask(shop, message(), "order-2"))
    assert (again.status, again.body) == (202, first.body)
    assert (new.status, code(new)) == (422, "messages_invalid")


def test_a_refused_request_leaves_its_key_free(shop: Signed) -> None:
    [refused] = all_of(ask(shop, message("一" * 21), "order-1"))
    [accepted] = all_of(ask(shop, message("一"), "order-1"))
    assert (refused.status, accepted.status) == (422, 202)


def test_after_its_time_a_key_brings_back_no_message_twice(shop: Signed) -> None:
    [first] = all_of(ask(shop, message(), "order-1"))
    KeptAnswer.objects.update(expires_at=timezone.now() - datetime.timedelta(seconds=1))
    [later, other] = all_of(ask(shop, message(), "order-1"), ask(shop, message(), "order-2"))
    assert json.loads(later.body) == json.loads(first.body)
    assert (other.status, Push.objects.count()) == (202, 2)
    assert KeptAnswer.objects.get(key="order-1").status == 202


@pytest.mark.parametrize(
    "again",
    [
        [message("海珠店"), message("b")],
        [message("a"), message("b", to="oSomebodyElse")],
        [message("a"), message("b", reference="order-2")],
        [message("a")],
        [message("a"), message("b"), message("c")],
        [{"to": OPENID, "content": {"type": "text", "content": "a"}}, message("b")],
    ],
)
def test_after_its_time_a_key_that_repeats_by_accident_loses_no_message_unsaid(
    shop: Signed, again: list[dict[str, Any]]
) -> None:
    first = {"messages": [message("a"), message("b")]}
    all_of(ask(shop, first, "order-1"))
    KeptAnswer.objects.update(expires_at=timezone.now() - datetime.timedelta(seconds=1))
    [refused] = all_of(ask(shop, {"messages": again}, "order-1"))
    assert (refused.status, code(refused)) == (409, "idempotency_key_reused")
    assert Push.objects.count() == 2
    [repeated] = all_of(ask(shop, first, "order-1"))
    assert (repeated.status, Push.objects.count()) == (202, 2)


def test_after_its_time_a_key_brings_back_the_message_to_a_follower_who_was_erased(shop: Signed) -> None:
    [first] = all_of(ask(shop, message(), "order-1"))
    erase(Push.objects.all())
    KeptAnswer.objects.all().delete()
    [later] = all_of(ask(shop, message(), "order-1"))
    (before,), (after,) = (json.loads(each.body)["messages"] for each in (first, later))
    assert (after["id"], after["state"]) == (before["id"], "skipped")


def test_a_worker_that_died_holds_the_key_for_its_lease_only(shop: Signed) -> None:
    all_of(ask(shop, message(), "order-1"))
    Push.objects.all().delete()
    KeptAnswer.objects.update(status=None, leased_until=timezone.now() + datetime.timedelta(seconds=30))
    [meanwhile] = all_of(ask(shop, message(), "order-1"))
    assert code(meanwhile) == "in_progress"
    KeptAnswer.objects.update(leased_until=timezone.now() - datetime.timedelta(seconds=1))
    [afterwards] = all_of(ask(shop, message(), "order-1"))
    assert afterwards.status == 202


def test_a_nonce_works_once_even_at_the_same_time(shop: Signed) -> None:
    body = json.dumps(message()).encode()
    signed = signature(shop, body)
    answers = all_of(*[ask(shop, body, **signed) for _ in range(3)])
    assert sorted(answer.status for answer in answers) == [202, 401, 401]
    assert {code(answer) for answer in answers if answer.status == 401} == {"nonce_reused"}


def test_a_nonce_works_once_while_redis_is_away_and_when_it_is_back(shop: Signed, settings: Settings) -> None:
    body = json.dumps(message()).encode()
    signed = signature(shop, body)
    there = settings.CACHES
    settings.CACHES = {"default": {**there["default"], "LOCATION": "redis://127.0.0.1:1/0"}}
    answers = all_of(*[ask(shop, body, **signed) for _ in range(2)])
    assert sorted(answer.status for answer in answers) == [202, 401]
    assert SeenNonce.objects.count() == 1
    settings.CACHES = there
    [answered] = all_of(ask(shop, body, **signed))
    assert code(answered) == "nonce_reused"


def test_who_asks_too_often_is_told_when_to_come_back(account: OfficialAccount) -> None:
    slow = business_system(account, scopes=["push:write"], per_minute=12)
    answers = all_of(*[ask(slow, message()) for _ in range(5)])
    assert sorted(answer.status for answer in answers) == [202, 202, 429, 429, 429]
    waits = {int(answer.headers[b"retry-after"]) for answer in answers if answer.status == 429}
    assert waits <= {1, 2, 3, 4, 5}


@pytest.mark.parametrize(
    ("given", "status", "expected"),
    [
        ({"body": b"{"}, 400, "invalid"),
        ({"query": "a=%00"}, 400, "invalid"),
        ({"query": "account=other"}, 403, "account_not_allowed"),
        ({"Content_Type": "text/plain"}, 415, "unsupported_media_type"),
        ({"Accept": "text/html"}, 406, "not_acceptable"),
        ({"X_Signature": "0" * 64}, 401, "bad_signature"),
        ({"X_Timestamp": "12"}, 401, "stale_timestamp"),
        ({"Idempotency_Key": "x" * 129}, 400, "idempotency_key_invalid"),
        ({"body": {"messages": [message()] * 1001}}, 400, "invalid"),
    ],
)
def test_what_is_refused_elsewhere_is_refused_here(
    shop: Signed, given: dict[str, Any], status: int, expected: str
) -> None:
    [answered] = all_of(ask(shop, given.pop("body", message()), **given))
    assert (answered.status, code(answered)) == (status, expected)
    assert not Push.objects.exists()


def test_who_may_only_read_is_refused_and_spends_nothing(account: OfficialAccount) -> None:
    reader = business_system(account, scopes=["push:read"], per_minute=6)
    answers = all_of(*[ask(reader, message()) for _ in range(3)])
    assert {(answer.status, code(answer)) for answer in answers} == {(403, "scope_missing")}
    assert reader.get(URL).status_code == 200


def test_a_refusal_is_in_the_language_that_is_asked_for(shop: Signed) -> None:
    one, many = message(to="a/b"), {"messages": [message(to="a/b")] * 200}
    for body in (one, many):
        english, chinese = all_of(ask(shop, body, Accept_Language="en"), ask(shop, body))
        assert "An openid has letters" in english.body.decode()
        assert "Some fields are not right." in english.body.decode()
        assert "An openid has letters" not in chinese.body.decode()


def test_who_is_switched_off_is_refused_from_then_on(shop: Signed) -> None:
    assert all_of(ask(shop, message()))[0].status == 202
    ApiClient.objects.update(enabled=False)
    assert code(all_of(ask(shop, message()))[0]) == "bad_signature"


def test_a_postgres_that_does_not_answer_ends_in_try_again(
    shop: Signed, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as impatient, locked("pushes_push"):
        impatient.setattr(one_statement, "PATIENCE_SECONDS", 0.2)
        [answered] = all_of(ask(shop, message(), "order-1"))
    assert (answered.status, code(answered)) == (503, "unavailable")
    assert answered.headers[b"retry-after"] == b"1"
    assert all_of(ask(shop, message(), "order-1"))[0].status == 202
    assert Push.objects.count() == 1


def test_beyond_what_postgres_takes_calls_are_told_to_come_again_at_once(
    shop: Signed, caplog: pytest.LogCaptureFixture
) -> None:
    """Those that were taken on are carried out; of who is refused not even the signature is looked at."""
    many = 2 * admission.MOST
    ApiClient.objects.update(per_minute=60_000)

    async def overrun() -> tuple[list[Answered], Answered]:
        await ask(shop, message())
        with locked("api_seennonce"):
            taken_on = [asyncio.ensure_future(ask(shop, message())) for _ in range(many)]
            while not admission.is_full():
                await asyncio.sleep(0)
            refused = await ask(shop, message(), X_Signature="of nobody")
        return await asyncio.gather(*taken_on), refused

    taken_on, refused = asyncio.run(overrun())
    assert {each.status for each in taken_on} == {202}
    assert (refused.status, code(refused), refused.headers[b"retry-after"]) == (503, "unavailable", b"1")
    assert Push.objects.count() == 1 + many
    assert "overloaded" in caplog.messages


def test_each_request_is_one_line_of_the_log(shop: Signed, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("INFO", "config.request_log")
    all_of(ask(shop, message()))
    (line,) = [record for record in caplog.records if record.getMessage() == "request"]
    facts = {name: vars(line)[name] for name in ("path", "client", "account", "status")}
    assert facts == {"path": URL, "client": shop.key, "account": "demo", "status": 202}


def test_the_use_of_a_client_is_noted(shop: Signed) -> None:
    all_of(ask(shop, message()))
    assert ApiClient.objects.get().last_used_at is not None


def test_the_id_of_a_request_goes_with_its_messages(shop: Signed) -> None:
    first, second = all_of(ask(shop, message()), ask(shop, {"messages": [message(), message()]}))
    ids = {answered.headers[b"x-request-id"].decode() for answered in (first, second)}
    assert {push.trace[3:35] for push in Push.objects.all()} == ids
    assert len(ids) == 2
