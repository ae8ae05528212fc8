"""The error codes of WeChat Pay in words for staff, with the next step.

Reference: WeChat Pay reference 9 (errors).
"""

import re
from collections.abc import Mapping

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django_stubs_ext import StrOrPromise

from accounts.official.error_sentences import sentence
from wechat.kernel.work.rows import is_surprise
from wechat.sdk.pay import v2
from wechat.sdk.pay.errors import BillDamaged, NotUnderstood
from wechat.sdk.pay.sealing import WRONG_KEY

BUSY = gettext_lazy("WeChat Pay is busy; it is tried again by itself.")
TOO_OFTEN = gettext_lazy("WeChat Pay was asked too often; it goes on by itself more slowly.")
CLOSED = gettext_lazy("The order is closed at WeChat Pay; make a new one.")
PAID = gettext_lazy("The order is paid already; look at it again.")
NOT_THERE = gettext_lazy("WeChat Pay has no such order; check the number and the merchant.")
THERE_ALREADY = gettext_lazy("WeChat Pay has it already under this number; look at it again.")
PAYER = gettext_lazy("The payer's WeChat account is restricted; refund in another way, with the payer.")

WORDS: Mapping[str, StrOrPromise] = {
    "USERPAYING": gettext_lazy("The payer is typing the password; wait a minute."),
    "PARAM_ERROR": gettext_lazy("WeChat Pay does not take a value; tell whoever runs the server the number."),
    "INVALID_REQUEST": gettext_lazy("WeChat Pay does not do this in the state it is in; look at it again."),
    "APPID_MCHID_NOT_MATCH": gettext_lazy(
        "The merchant is not linked to this account: link its AppID at "
        "pay.weixin.qq.com, 产品中心 → AppID账号管理."
    ),
    "MCH_NOT_EXISTS": gettext_lazy("WeChat Pay does not know this merchant number; correct it in 商户."),
    "ORDER_CLOSED": CLOSED,
    "ORDERCLOSED": CLOSED,
    "ORDER_PAID": PAID,
    "ORDERPAID": PAID,
    "ORDER_REVERSED": gettext_lazy("The order was reversed at WeChat Pay; make a new one."),
    "NO_STATEMENT_EXIST": gettext_lazy("There is no bill for this day: nothing was paid or refunded."),
    "STATEMENT_CREATING": gettext_lazy("The bill of the day is not made yet; it is fetched later by itself."),
    "ALREADY_EXISTS": THERE_ALREADY,
    "RESOURCE_ALREADY_EXISTS": THERE_ALREADY,
    "SIGN_ERROR": gettext_lazy(
        "WeChat Pay does not accept our signature: check the merchant's private key and serial number."
    ),
    "NO_AUTH": gettext_lazy(
        "The merchant may not do this; ask for the product in pay.weixin.qq.com, 产品中心."
    ),
    "OUT_TRADE_NO_USED": THERE_ALREADY,
    "NOT_ENOUGH": gettext_lazy(
        "The merchant's balance is too small for the refund; put money in at "
        "pay.weixin.qq.com, then try again."
    ),
    "USER_ACCOUNT_ABNORMAL": PAYER,
    "ACCOUNT_ERROR": PAYER,
    "RULE_LIMIT": gettext_lazy("A rule of WeChat Pay limits this payment or refund; see pay.weixin.qq.com."),
    "TRADE_ERROR": gettext_lazy("WeChat Pay could not carry it out; try again, or ask WeChat Pay."),
    "REQUEST_BLOCKED": gettext_lazy("WeChat Pay's risk control stopped it; see pay.weixin.qq.com, 风险处理."),
    "ORDER_NOT_EXIST": NOT_THERE,
    "ORDERNOTEXIST": NOT_THERE,
    "RESOURCE_NOT_EXISTS": NOT_THERE,
    "FREQUENCY_LIMITED": TOO_OFTEN,
    "RATELIMIT_EXCEEDED": TOO_OFTEN,
    "FREQUENCY_LIMIT_EXCEED": TOO_OFTEN,
    "SYSTEM_ERROR": BUSY,
    "SYSTEMERROR": BUSY,
    "SERVICE_UNAVAILABLE": BUSY,
    "BANK_ERROR": gettext_lazy("The payer's bank gave an error; it is tried again by itself."),
    "BANKERROR": gettext_lazy("The payer's bank gave an error; it is tried again by itself."),
    "INVALID_TRANSACTIONID": gettext_lazy("WeChat Pay does not know this transaction number; check it."),
    "OPENID_MISMATCH": gettext_lazy(
        "The payer's OpenID is of another account than the order; let them open the page again in WeChat."
    ),
}
# What is kept of failures that are no refusals, by their own text.
FAILURES: Mapping[str, StrOrPromise] = {
    WRONG_KEY: gettext_lazy(
        "What it sends cannot be opened, as the APIv3 key here is not the one that is set there; enter the "
        "key set at pay.weixin.qq.com, 账户中心 → API安全, or set a new one there and here."
    ),
    v2.WRONG_KEY: gettext_lazy(
        "What it sends cannot be opened, as the APIv2 key here is not the one that is set there; enter the "
        "key set at pay.weixin.qq.com, 账户中心 → API安全, or set a new one there and here."
    ),
}
# The same by their beginnings, which details for whoever runs the server follow.
UNREADABLE: Mapping[str, StrOrPromise] = {
    BillDamaged.BEGINNING: gettext_lazy(
        "The bill that came is not whole, or not in the form of WeChat Pay's bills. Fetch it again; if it "
        "stays, tell whoever runs the server."
    ),
    NotUnderstood.BEGINNING: gettext_lazy(
        "WeChat Pay says something that cannot be read here; tell whoever runs the server."
    ),
}
CODE = re.compile(r"\b[A-Z][A-Z_]{5,}\b")
UNPROVEN = re.compile(r"/[\w/.-]+ answered without proof\b")
# The text of a refusal, as rows keep it, also one with a code that has no words here.
REFUSAL = re.compile(r"/[\w/.-]+ answered [1-5]\d\d ([A-Z][A-Z_]*): ?(.*)", re.DOTALL)


def in_words(code: str, message: str = "") -> str:
    """Returns a sentence with the next step, followed by WeChat Pay's own message."""
    if code in WORDS:
        ours = _("%(why)s (%(code)s)") % {"why": WORDS[code], "code": code}
        theirs = _("WeChat Pay says: %(message)s") % {"message": message} if message else ""
        return f"{ours} {theirs}".rstrip()
    return _("WeChat Pay refused it: %(message)s") % {"message": message or code or "–"}


def of_text(text: str) -> str:
    """Returns the sentence for a failure that was kept as text; what has no words as it is."""
    if text in FAILURES:
        return str(FAILURES[text])
    for beginning, why in UNREADABLE.items():
        if text.startswith(beginning):
            return _("%(why)s (%(code)s)") % {"why": why, "code": text.removeprefix(beginning)}
    if UNPROVEN.match(text):
        return _(
            "An answer of WeChat Pay could not be verified; check the merchant's WeChat Pay public key, or "
            "whether something between (a proxy, a firewall) answered in its place."
        )
    if refusal := REFUSAL.match(text):
        return in_words(refusal[1], refusal[2])
    found = next((each for each in CODE.finditer(text) if each[0] in WORDS), None)
    if found:
        return in_words(found[0], text[found.end() :].lstrip(": "))
    return sentence(None, text) if text and not is_surprise(text) else text


def sentence_of(_errcode: int | None, text: str) -> str:
    """Returns the sentence for a failure that was kept as text, also for an unexpected one."""
    return sentence(None, of_text(text))
