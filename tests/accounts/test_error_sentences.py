"""Tests of the explanations of error codes of the platform and WeChat Pay, in Chinese with a next step."""

import json
import re
from pathlib import Path

import pytest
from django.utils.translation import override

from accounts.official.error_sentences import in_words, rendered, sentence
from accounts.official.error_words import TABLE, WORDS
from payments.merchants import error_words as pay_words
from wechat.inbox import reacting
from wechat.kernel.work import interruptions
from wechat.materials import library
from wechat.sdk.error_codes import ERROR_CODES
from wechat.sdk.pay import v2
from wechat.sdk.pay.errors import CODES, BillDamaged, NotUnderstood

DESCRIBED = json.loads(Path("tests/data/wechat/error_codes.json").read_text(encoding="utf-8"))
CODES_OF_WECHAT = sorted({item["code"] for item in DESCRIBED["items"]} - {0})
CHINESE = re.compile(r"[一-鿿]")


def test_every_code_of_the_platform_has_words_and_each_but_once() -> None:
    assert set(CODES_OF_WECHAT) | set(ERROR_CODES) - {0} == set(WORDS)
    assert len(WORDS) == sum(len(codes) for codes, _words in TABLE)


@pytest.mark.parametrize("code", CODES_OF_WECHAT)
def test_a_code_is_told_in_chinese_with_its_number(code: int) -> None:
    with override("en"):
        english = in_words(code)
    with override("zh-hans"):
        chinese = in_words(code)
    assert CHINESE.search(chinese)
    assert chinese != english
    assert str(code) in chinese


def test_a_code_that_nobody_described_is_told_in_chinese_as_well() -> None:
    with override("zh-hans"):
        assert "联系微信客服" in in_words(987654321)


@pytest.mark.parametrize("kept", [library.GONE, reacting.RESTORED, interruptions.ENDED])
def test_a_sentence_that_a_worker_kept_in_english_is_told_in_chinese(kept: str) -> None:
    with override("zh-hans"):
        assert CHINESE.search(sentence(None, kept))
        assert CHINESE.search(rendered(kept))


@pytest.mark.parametrize("code", sorted(CODES))
def test_a_code_of_wechat_pay_is_told_in_chinese(code: str) -> None:
    with override("zh-hans"):
        sentence_shown = pay_words.of_text(f"/v3/refund/domestic/refunds answered 403 {code}: 商户余额不足")
    assert CHINESE.search(sentence_shown.partition(code)[0])
    assert sentence_shown.endswith("微信支付的说明：商户余额不足")
    assert "/v3" not in sentence_shown


@pytest.mark.parametrize(
    ("stored", "shown"),
    [
        ("/v3/refund/domestic/refunds answered 403 NEW_CODE: 商户号异常", "微信支付拒绝：商户号异常"),
        ("/v3/refund/domestic/refunds answered without proof (signature)", "验签失败"),
        ("/v3/refund/domestic/refunds answered something other than JSON", "收到的应答无法识别"),
        ("/v3/refund/domestic/refunds answered 404 :", "收到的应答无法识别"),
        ("/pay/unifiedorder answered 502", "连不上微信"),
        ("/v3/refund/domestic/refunds answered 502 :", "连不上微信"),
        ("/v3/refund/domestic/refunds failed: ReadTimeout", "连不上微信"),
        ("/v3/billdownload/file broke off: ReadTimeoutError", "连不上微信"),
        ("the file answered no address: MissingSchema", "收到的应答无法识别"),
        (str(BillDamaged("a line without an end")), "请重新下载"),
        (str(NotUnderstood("a refund without a status or a number")), "请告知服务器管理员"),
        (v2.WRONG_KEY, "APIv2 密钥"),
    ],
)
def test_a_failed_call_to_wechat_pay_is_explained_by_its_cause(stored: str, shown: str) -> None:
    with override("zh-hans"):
        assert shown in pay_words.of_text(stored)
