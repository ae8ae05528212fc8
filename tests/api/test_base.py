import uuid
from base64 import b64encode
from typing import Any

import pytest
from django.test import Client
from pytest_django import Settings

from accounts.followers.models import Tag
from accounts.official.models import OfficialAccount
from tests.signed import Signed, business_system, error_code
from wechat.api.models import ApiClient
from wechat.kernel.buckets import wait_for

pytestmark = pytest.mark.django_db

NOTES = "/api/v1/notes/"
STRANGE_CURSORS = [b"p=abc", b"p=", b"p=-1", b"p=1.5", b"p=9223372036854775808", b"r=1&p=abc"]


@pytest.fixture
def other(db: None) -> OfficialAccount:
    return OfficialAccount.objects.create(
        slug="other", name="另一个", appid="wxfedcba9876543210", token="othertoken", mode="plain"
    )


def test_a_client_needs_the_scope_of_the_method(account: OfficialAccount, notes: None) -> None:
    reader = business_system(account, scopes=["notes:read"])
    assert reader.get(NOTES).status_code == 200
    answer = reader.post(NOTES, {"name": "a"})
    assert (answer.status_code, answer.json()["error"]["scope"]) == (403, "notes:write")
    assert not Tag.objects.exists()


@pytest.mark.parametrize("method", ["DELETE", "OPTIONS", "PUT"])
def test_a_method_that_the_call_does_not_have_is_named_as_such(caller: Signed, method: str) -> None:
    answer = caller.send(method, NOTES)
    assert (answer.status_code, error_code(answer)) == (405, "method_not_allowed")
    assert answer["Allow"] == "GET, POST"


def test_the_only_account_need_not_be_named(caller: Signed, account: OfficialAccount) -> None:
    assert caller.post(NOTES, {"name": "a"}).status_code == 201
    assert caller.post(NOTES, {"name": "b"}, account="demo").status_code == 201
    assert caller.post(NOTES, {"name": "c", "account": "demo"}).status_code == 201
    assert set(Tag.objects.values_list("account", flat=True)) == {account.pk}


def test_one_of_several_accounts_must_be_named(
    account: OfficialAccount, other: OfficialAccount, notes: None
) -> None:
    caller = business_system(account, other, scopes=["notes:read"])
    answer = caller.get(NOTES)
    assert (answer.status_code, answer.json()["error"]["accounts"]) == (400, ["demo", "other"])
    Tag.objects.create(account=other, name="theirs")
    assert caller.get(NOTES, account="demo").json()["items"] == []
    assert caller.get(NOTES, account="other").json()["items"] == [{"name": "theirs"}]


@pytest.mark.parametrize("where", ["query", "body"])
def test_the_account_of_others_is_refused(caller: Signed, other: OfficialAccount, where: str) -> None:
    given = {"name": "a", "account": "other"} if where == "body" else {"name": "a"}
    answer = caller.send(
        "POST", NOTES, {"account": "other"} if where == "query" else {}, given, {"Idempotency-Key": "k"}
    )
    assert (answer.status_code, error_code(answer)) == (403, "account_not_allowed")


def test_a_disabled_account_cannot_be_asked_about(caller: Signed) -> None:
    OfficialAccount.objects.update(enabled=False)
    assert error_code(caller.get(NOTES, account="demo")) == "account_not_allowed"


@pytest.mark.parametrize(
    ("kind", "status", "expected"),
    [
        ("refused", 409, {"code": "too_late", "message": "Too late.", "since": "noon"}),
        ("platform", 502, {"code": "platform_refused", "errcode": 48001}),
        ("network", 503, {"code": "platform_unreachable"}),
    ],
)
def test_every_trouble_has_the_same_shape(
    caller: Signed, kind: str, status: int, expected: dict[str, Any]
) -> None:
    answer = caller.get(f"/api/v1/trouble/{kind}/")
    assert answer.status_code == status
    assert expected.items() <= answer.json()["error"].items()


def test_wrong_fields_are_named(caller: Signed) -> None:
    answer = caller.post(NOTES, {"name": "x" * 31})
    assert (answer.status_code, error_code(answer)) == (400, "invalid")
    assert list(answer.json()["error"]["fields"]) == ["name"]


@pytest.mark.parametrize("body", [b"{", b"[]", b'"text"', b"null", b"\xff\xfe"])
def test_a_body_that_is_no_object_is_refused(caller: Signed, body: bytes) -> None:
    headers: Any = {**caller.signature("POST", NOTES, "", body), "Idempotency-Key": "k"}
    answer = caller.browser.generic("POST", NOTES, body, "application/json", headers=headers)
    assert (answer.status_code, error_code(answer)) == (400, "invalid")


def test_a_huge_body_is_refused(caller: Signed, settings: Settings) -> None:
    settings.DATA_UPLOAD_MAX_MEMORY_SIZE = 1_000
    answer = caller.post(NOTES, {"name": "x" * 2_000})
    assert (answer.status_code, error_code(answer)) == (413, "too_large")


def test_a_form_is_no_json(caller: Signed) -> None:
    headers: Any = {**caller.signature("POST", NOTES, "", b"name=a"), "Idempotency-Key": "k"}
    form = "application/x-www-form-urlencoded"
    answer = caller.browser.generic("POST", NOTES, b"name=a", form, headers=headers)
    assert (answer.status_code, error_code(answer)) == (415, "unsupported_media_type")


def test_pages_continue_and_neither_repeat_nor_skip(caller: Signed, account: OfficialAccount) -> None:
    Tag.objects.bulk_create(Tag(account=account, name=f"t{number}") for number in range(7))
    seen, cursor = [], None
    while True:
        page = caller.get(NOTES, limit=3, **({"cursor": cursor} if cursor else {})).json()
        seen += [item["name"] for item in page["items"]]
        Tag.objects.create(account=account, name=f"newer{len(seen)}")
        cursor = page["next"]
        if cursor is None:
            break
    assert seen == [f"t{number}" for number in range(6, -1, -1)]


@pytest.mark.parametrize("cursor", ["nonsense", *(b64encode(each).decode() for each in STRANGE_CURSORS)])
def test_a_cursor_of_nobody_is_refused(caller: Signed, cursor: str) -> None:
    answer = caller.get(NOTES, cursor=cursor)
    assert (answer.status_code, list(answer.json()["error"]["fields"])) == (400, ["cursor"])


@pytest.mark.parametrize("limit", ["0", "-1", "501", "x", "1.5", "²", "9" * 5000])
def test_a_limit_that_no_page_has_is_refused(caller: Signed, limit: str) -> None:
    answer = caller.get(NOTES, limit=limit)
    assert (answer.status_code, list(answer.json()["error"]["fields"])) == (400, ["limit"])
    assert caller.get(NOTES, limit="500").status_code == caller.get(NOTES, limit="").status_code == 200


def test_who_calls_too_often_is_told_when_to_come_back(account: OfficialAccount, notes: None) -> None:
    slow = business_system(account, scopes=["notes:read"], per_minute=12)
    answers = [slow.get(NOTES) for _ in range(4)]
    assert [answer.status_code for answer in answers] == [200, 200, 429, 429]
    assert error_code(answers[-1]) == "too_many_requests"
    assert 1 <= int(answers[-1]["Retry-After"]) <= 5


def test_without_redis_nobody_is_held_up(caller: Signed, settings: Settings) -> None:
    ApiClient.objects.update(per_minute=6)
    nobody = {**settings.CACHES["default"], "LOCATION": "redis://127.0.0.1:1/0"}
    settings.CACHES = {"default": nobody}
    assert [caller.get(NOTES).status_code for _ in range(3)] == [200, 200, 200]


def test_a_bucket_says_how_long_to_wait() -> None:
    name = uuid.uuid4().hex
    waits = [wait_for(name, size=2, per_second=0.01) for _ in range(4)]
    assert waits[:2] == [0, 0]
    assert all(0 < seconds <= 100 for seconds in waits[2:])


def test_a_refused_request_is_logged_with_its_reason(
    caller: Signed, caplog: pytest.LogCaptureFixture
) -> None:
    caller.send("GET", NOTES, headers={"X-Signature": "0" * 64})
    (line,) = [record for record in caplog.records if record.getMessage() == "api_refused"]
    assert (vars(line)["code"], vars(line)["key"]) == ("bad_signature", caller.key)


def test_the_schema_tells_security_account_key_and_scope(caller: Signed, django_user_model: Any) -> None:
    admin = Client()
    admin.force_login(django_user_model.objects.create_superuser("admin", password="x"))
    schema = admin.get("/api/schema/?format=json").json()
    operation = schema["paths"]["/api/v1/notes/"]["post"]
    assert {parameter["name"] for parameter in operation["parameters"]} == {"account", "Idempotency-Key"}
    assert operation["security"] == [{"X-Key": [], "X-Timestamp": [], "X-Nonce": [], "X-Signature": []}]
    assert "`notes:write`" in operation["description"]
    assert "Error" in operation["responses"]["409"]["content"]["application/json"]["schema"]["$ref"]
    assert "`in_progress`" in operation["responses"]["409"]["description"]
    listing = schema["paths"]["/api/v1/notes/"]["get"]
    assert {parameter["name"] for parameter in listing["parameters"]} == {"account", "cursor", "limit"}


def test_texts_of_a_body_hold_nothing_that_cannot_be_kept(caller: Signed) -> None:
    assert caller.post(NOTES, {"name": "a\0b\x0bc\ud83d"}).status_code == 201
    assert Tag.objects.get().name == "abc"


@pytest.mark.parametrize(
    "body",
    [
        b"[" * 1_100 + b"]" * 1_100,
        b'{"a":' * 1_100 + b"1" + b"}" * 1_100,
        b'{"name": ' + b"[" * 40 + b"]" * 40 + b"}",
        b'{"name": ' + b"9" * 5_000 + b"}",
        b'{"name": NaN}',
        b'{"name": "\xff"}',
        b"",
        b"{",
    ],
)
def test_what_is_no_json_or_cannot_be_walked_through_is_refused(caller: Signed, body: bytes) -> None:
    answer = caller.post(NOTES, body)
    assert (answer.status_code, error_code(answer)) == (400, "invalid")
