import datetime
import hashlib
import hmac
import time
from typing import Any

import pytest
import time_machine
from django.db import connection
from django.utils import timezone
from pytest_django import Settings

from accounts.followers.models import Tag
from accounts.official.models import OfficialAccount
from tests.signed import Signed, business_system, error_code
from wechat.api.models import ApiClient, SeenNonce
from wechat.api.signing import Signed as What

pytestmark = pytest.mark.django_db

NOTES = "/api/v1/notes/"
DAY = datetime.timedelta(days=1)
NOBODY = "redis://127.0.0.1:1/0"


def test_the_signature_is_hmac_over_six_lines() -> None:
    body = hashlib.sha256(b"{}").hexdigest()
    text = f"POST\n/api/v1/notes/\na=1&b=2\n1764000000\nabcdefgh\n{body}"
    expected = hmac.new(b"secret", text.encode(), hashlib.sha256).hexdigest()
    what = What("POST", "/api/v1/notes/", "a=1&b=2", "1764000000", "abcdefgh", b"{}")
    assert what.signature("secret") == expected
    assert what.matches(expected, "secret")
    assert not what.matches(expected, "other")


def test_a_signed_request_is_answered_and_noted(caller: Signed) -> None:
    assert caller.get(NOTES).json() == {"items": [], "next": None}
    assert ApiClient.objects.get().last_used_at is not None


@pytest.mark.parametrize("header", ["X-Key", "X-Timestamp", "X-Nonce", "X-Signature"])
def test_every_header_is_needed(caller: Signed, header: str) -> None:
    answer = caller.send("GET", NOTES, headers={header: None})
    assert (answer.status_code, error_code(answer)) == (401, "missing_header")
    assert header in answer.json()["error"]["message"]
    assert answer["WWW-Authenticate"] == "Signature"


@pytest.mark.parametrize(
    ("headers", "expected"),
    [
        ({"X-Signature": "0" * 64}, "bad_signature"),
        ({"X-Signature": "é"}, "bad_signature"),
        ({"X-Key": "ck_ffffffffffffffffffff"}, "bad_signature"),
        ({"X-Nonce": "anothernonce"}, "bad_signature"),
        ({"X-Nonce": "short"}, "bad_nonce"),
        ({"X-Nonce": "with blank in it"}, "bad_nonce"),
        ({"X-Timestamp": "+1"}, "bad_signature"),
        ({"X-Timestamp": "-310"}, "stale_timestamp"),
        ({"X-Timestamp": "+400"}, "stale_timestamp"),
        ({"X-Timestamp": "yesterday"}, "stale_timestamp"),
        ({"X-Timestamp": "²"}, "stale_timestamp"),
    ],
)
def test_what_is_not_as_signed_is_refused(caller: Signed, headers: Any, expected: str) -> None:
    given = headers.get("X-Timestamp", "")
    if given[:1] in {"+", "-"}:
        headers = {"X-Timestamp": str(int(time.time()) + int(given))}
    answer = caller.send("GET", NOTES, headers=headers)
    assert (answer.status_code, error_code(answer)) == (401, expected)


@pytest.mark.parametrize("fault", [{"secret": b"lost.from another installation"}, {"networks": ["home"]}])
def test_a_client_that_cannot_be_checked_by_a_fault_of_ours_is_told_to_come_again(
    caller: Signed, fault: Any
) -> None:
    ApiClient.objects.update(**fault)
    answer = caller.get(NOTES)
    assert (answer.status_code, error_code(answer), answer["Retry-After"]) == (503, "unavailable", "1")
    answer = caller.send("GET", NOTES, headers={"X-Key": "ck_ffffffffffffffffffff"})
    assert answer.status_code == 401


def test_method_path_query_and_body_are_all_signed(caller: Signed) -> None:
    def replayed(method: str, path: str, body: bytes = b"") -> Any:
        headers: Any = caller.signature("POST", NOTES, "a=1", b'{"name": "a"}')
        headers["Idempotency-Key"] = "k"
        return caller.browser.generic(method, path, body, "application/json", headers=headers)

    for method, path, body in [
        ("PUT", f"{NOTES}?a=1", b'{"name": "a"}'),
        ("POST", "/api/v1/trouble/x/?a=1", b'{"name": "a"}'),
        ("POST", f"{NOTES}?a=2", b'{"name": "a"}'),
        ("POST", NOTES, b'{"name": "a"}'),
        ("POST", f"{NOTES}?a=1", b'{"name": "b"}'),
    ]:
        assert error_code(replayed(method, path, body)) == "bad_signature"
    assert not Tag.objects.exists()
    assert replayed("POST", f"{NOTES}?a=1", b'{"name": "a"}').status_code == 201


def test_a_nonce_works_once(caller: Signed) -> None:
    headers = caller.signature("GET", NOTES, "", b"")
    assert caller.send("GET", NOTES, headers=headers).status_code == 200
    assert error_code(caller.send("GET", NOTES, headers=headers)) == "nonce_reused"


def test_a_nonce_works_once_while_redis_is_away_and_when_it_is_back(
    caller: Signed, settings: Settings
) -> None:
    headers = caller.signature("GET", NOTES, "", b"")
    there = settings.CACHES
    settings.CACHES = {"default": {**there["default"], "LOCATION": NOBODY}}
    assert caller.send("GET", NOTES, headers=headers).status_code == 200
    assert error_code(caller.send("GET", NOTES, headers=headers)) == "nonce_reused"
    assert SeenNonce.objects.count() == 1
    settings.CACHES = there
    assert error_code(caller.send("GET", NOTES, headers=headers)) == "nonce_reused"


def test_a_stranger_cannot_use_up_a_nonce(caller: Signed) -> None:
    headers = caller.signature("GET", NOTES, "", b"")
    forged = {**headers, "X-Signature": "0" * 64}
    assert error_code(caller.send("GET", NOTES, headers=forged)) == "bad_signature"
    assert caller.send("GET", NOTES, headers=headers).status_code == 200


def test_two_clients_may_use_the_same_nonce(caller: Signed, account: OfficialAccount) -> None:
    other = business_system(account, scopes=["notes:read"])
    for each in (caller, other):
        text = "\n".join(["GET", NOTES, "", now := str(int(time.time())), "thesame_nonce", EMPTY])
        signature = hmac.new(each.secret.encode(), text.encode(), hashlib.sha256).hexdigest()
        headers = {"X-Timestamp": now, "X-Nonce": "thesame_nonce", "X-Signature": signature}
        assert each.send("GET", NOTES, headers={**headers}).status_code == 200


EMPTY = hashlib.sha256(b"").hexdigest()


def test_a_disabled_client_is_told_no_more_than_an_unknown_one(caller: Signed) -> None:
    ApiClient.objects.update(enabled=False)
    unknown = Signed("ck_unknown", "x")
    assert caller.get(NOTES).json() == unknown.get(NOTES).json()
    assert caller.get(NOTES).status_code == 401


def test_the_previous_secret_stays_valid_for_a_day(caller: Signed) -> None:
    client = ApiClient.objects.get()
    renewed = Signed(client.key_id, client.make_secret())
    client.save()
    assert caller.get(NOTES).status_code == renewed.get(NOTES).status_code == 200
    with time_machine.travel(timezone.now() + DAY):
        assert error_code(caller.get(NOTES)) == "bad_signature"
        assert renewed.get(NOTES).status_code == 200


def test_a_second_new_secret_within_a_day_shuts_nobody_out_and_lengthens_nothing(caller: Signed) -> None:
    client = ApiClient.objects.get()
    now, made = timezone.now(), []
    with time_machine.travel(now, tick=False) as clock:
        for _again in range(2):
            made.append(Signed(client.key_id, client.make_secret()))
            client.save()
            clock.shift(datetime.timedelta(hours=12))
        for hours, taken in ((23, [200, 200, 200]), (25, [401, 200, 200]), (37, [401, 401, 200])):
            clock.move_to(now + datetime.timedelta(hours=hours))
            assert [each.get(NOTES).status_code for each in (caller, *made)] == taken


@pytest.mark.parametrize(
    ("networks", "expected"),
    [
        ([], 200),
        (["127.0.0.1/32"], 200),
        (["203.0.113.0/24", "127.0.0.0/8"], 200),
        (["203.0.113.0/24"], 403),
        (["2001:db8::/32"], 403),
    ],
)
def test_a_client_with_a_list_of_addresses_calls_from_those_only(
    caller: Signed, networks: list[str], expected: int
) -> None:
    ApiClient.objects.update(networks=networks)
    assert caller.get(NOTES).status_code == expected


@pytest.mark.parametrize(
    ("behind_proxy", "claimed", "expected"),
    [(False, "203.0.113.7", 403), (True, "203.0.113.7", 200), (True, "203.0.113.7, 198.51.100.1", 403)],
)
def test_only_our_own_proxy_says_where_a_request_comes_from(
    caller: Signed, settings: Settings, *, behind_proxy: bool, claimed: str, expected: int
) -> None:
    ApiClient.objects.update(networks=["203.0.113.0/24"])
    settings.TRUSTED_PROXIES = int(behind_proxy)
    assert caller.send("GET", NOTES, headers={"X-Forwarded-For": claimed}).status_code == expected


def test_no_secret_is_kept_in_the_clear(caller: Signed) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT secret FROM api_apiclient")
        (stored,) = cursor.fetchone()
    assert stored
    assert caller.secret.encode() not in bytes(stored)
