import json

import pytest

from tests.sdk.data import DATA
from wechat.sdk.error_codes import ERROR_CODES
from wechat.sdk.errors import ApiError, Cause

TABLE = json.loads((DATA / "error_codes.json").read_text("utf-8"))
# What only the owner can put right, for one menu, template or mass send.
NOT_THE_ACCOUNT = {43116, 45064, 89504, 89505}
RECORDED = {item["code"]: item["category"] for item in TABLE["items"] if item["code"] != 0}


def test_the_table_agrees_with_the_recorded_one() -> None:
    assert {code: category for code, (category, _) in ERROR_CODES.items()} == RECORDED
    assert all(meaning for _, meaning in ERROR_CODES.values())


@pytest.mark.parametrize("code", RECORDED)
def test_every_code_has_at_most_one_remedy(code: int) -> None:
    error = ApiError(code, "")
    remedies = [error.retryable, error.refresh_token, error.permanent_for_recipient, error.quota]
    assert remedies.count(True) == (error.category != "permanent_for_request")


def test_what_only_the_owner_puts_right_is_no_fault_of_the_row() -> None:
    owners = {item["code"] for item in TABLE["items"] if "operator action" in item["note"]}
    not_the_account = {code for code in owners if ApiError(code, "").cause != Cause.ACCOUNT}
    assert not_the_account == NOT_THE_ACCOUNT


def test_an_unknown_code_is_permanent_for_the_request() -> None:
    error = ApiError(123456789, "what is this")
    assert error.category == "permanent_for_request"
    assert not error.retryable


@pytest.mark.parametrize("api", ["/cgi-bin/token", "/cgi-bin/stable_token"])
def test_a_token_call_that_is_refused_complains_of_the_secret(api: str) -> None:
    assert not ApiError(40001, "", api=api).refresh_token
    assert ApiError(40001, "", api="/cgi-bin/user/info").refresh_token


@pytest.mark.parametrize(
    ("errmsg", "address"),
    [
        (
            "invalid ip 203.0.113.9 ipv6 ::ffff:203.0.113.9, not in whitelist rid: 6980b1c2-1f2e3d4c",
            "203.0.113.9",
        ),
        ("invalid ip 2001:db8::7, not in whitelist", "2001:db8::7"),
        ("not in whitelist", ""),
    ],
)
def test_a_refused_address_is_told(errmsg: str, address: str) -> None:
    assert ApiError.from_answer(40164, errmsg, "/cgi-bin/token").client_ip == address


def test_the_request_id_is_kept() -> None:
    error = ApiError.from_answer(
        40003, "invalid openid rid: 6980b1c2-1f2e3d4c-5b6a7988", "/cgi-bin/user/info"
    )
    assert error.rid == "6980b1c2-1f2e3d4c-5b6a7988"
    assert error.client_ip == ""
