"""Tests of the consequences of a refusal of WeChat Pay for other calls."""

import pytest

from wechat.sdk.errors import Cause
from wechat.sdk.pay.errors import BillDamaged, PayRefused


@pytest.mark.parametrize(
    ("status", "code", "cause"),
    [
        (401, "SIGN_ERROR", Cause.ACCOUNT),
        (403, "NO_AUTH", Cause.ACCOUNT),
        (429, "FREQUENCY_LIMITED", Cause.RATE),
        (403, "RATELIMIT_EXCEEDED", Cause.RATE),
        (500, "SYSTEM_ERROR", Cause.AWAY),
        (502, "", Cause.AWAY),
        (500, "BANK_ERROR", Cause.LATER),
        (202, "USERPAYING", Cause.LATER),
        (202, "A_CODE_OF_TOMORROW", Cause.LATER),
        (400, "STATEMENT_CREATING", Cause.LATER),
        (400, "NO_STATEMENT_EXIST", Cause.ROW),
        (404, "ORDER_NOT_EXIST", Cause.LATER),
        (400, "PARAM_ERROR", Cause.ROW),
        (500, "OPENID_MISMATCH", Cause.ROW),
        (404, "", Cause.ROW),
    ],
)
def test_a_refusal_is_about_the_merchant_the_platform_or_one_call(
    status: int, code: str, cause: Cause
) -> None:
    assert PayRefused(status, code, "").cause == cause


def test_a_damaged_bill_may_be_whole_next_time() -> None:
    assert BillDamaged("another hash").cause == Cause.LATER
