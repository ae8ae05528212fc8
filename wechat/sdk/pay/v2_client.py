"""The client of API v2: XML both ways, always HTTP 200, refunds with the merchant's certificate.

Refusals are translated into the codes of API v3, so that callers know only those.

WeChat Pay reference 8.
"""

import os
import ssl
import tempfile
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache

import requests

from wechat.sdk import deadlines
from wechat.sdk.connections import BoundedAdapter, never_left
from wechat.sdk.errors import TransportError, WeChatError
from wechat.sdk.pay import signing, v2
from wechat.sdk.pay.client import API_BASE, outcome_of
from wechat.sdk.pay.errors import NotGenuine, NotUnderstood, PayRefused
from wechat.sdk.transport import CALL_SECONDS, TIMEOUT, Observer, shared_session

# Says in the simulator, which speaks no TLS, that the certificate is there.
CERTIFICATE_HEADER = "X-Client-Certificate"
MODERN = {
    "NOAUTH": "NO_AUTH",
    "NOTENOUGH": "NOT_ENOUGH",
    "ORDERPAID": "ORDER_PAID",
    "ORDERCLOSED": "ORDER_CLOSED",
    "ORDERNOTEXIST": "ORDER_NOT_EXIST",
    "REFUNDNOTEXIST": "RESOURCE_NOT_EXISTS",
    "SYSTEMERROR": "SYSTEM_ERROR",
    "BIZERR_NEED_RETRY": "SYSTEM_ERROR",
    "INVALID_REQ_TOO_MUCH": "FREQUENCY_LIMITED",
    "SIGNERROR": "SIGN_ERROR",
    "LACK_PARAMS": "PARAM_ERROR",
    "XML_FORMAT_ERROR": "PARAM_ERROR",
    "MCHID_NOT_EXIST": "MCH_NOT_EXISTS",
    "APPID_NOT_EXIST": "APPID_MCHID_NOT_MATCH",
}


@dataclass(frozen=True, slots=True)
class V2Keys:
    """The keys of a merchant; ``certificate`` and ``private_key`` are PEM, and only refunds need them."""

    mchid: str
    key: str = field(repr=False)
    sign_type: str = v2.MD5_TYPE
    certificate: str = field(default="", repr=False)
    private_key: str = field(default="", repr=False)


class V2Client:
    """The client for calls as one merchant, which raise TransportError and PayRefused."""

    def __init__(self, keys: V2Keys, base: str = API_BASE, observer: Observer | None = None) -> None:
        self.keys = keys
        self._base = base.rstrip("/")
        self._observer = observer

    def __repr__(self) -> str:
        return f"V2Client({self.keys.mchid})"

    def call(self, path: str, fields: Mapping[str, str], *, certified: bool = False) -> dict[str, str]:
        """Makes a call, and returns the fields of a signed answer that reports success."""
        started, outcome = time.perf_counter(), "ok"
        failure: WeChatError | None = None
        try:
            return self._done(path, self._exchange(path, self._signed(fields), certified))
        except WeChatError as error:
            outcome, failure = outcome_of(error), error
            raise
        finally:
            if self._observer:
                self._observer(path, outcome, time.perf_counter() - started, failure)

    def _signed(self, fields: Mapping[str, str]) -> dict[str, str]:
        keys = self.keys
        whole = {**fields, "mch_id": keys.mchid, "nonce_str": signing.nonce(), "sign_type": keys.sign_type}
        return {**whole, "sign": v2.sign(whole, keys.key, keys.sign_type)}

    def _exchange(self, path: str, fields: Mapping[str, str], certified: bool) -> bytes:
        headers = {"Content-Type": "text/xml; charset=utf-8", "User-Agent": "wechat-console"}
        session = shared_session(self._base, os.getpid())
        if certified and self._base.startswith("https://"):
            session = certified_session(self._base, self.keys.certificate, self.keys.private_key, os.getpid())
        elif certified:
            headers[CERTIFICATE_HEADER] = self.keys.mchid
        failure: TransportError
        try:
            with deadlines.within(CALL_SECONDS):
                answer = session.post(
                    self._base + path,
                    data=v2.to_xml(fields),
                    headers=headers,
                    timeout=TIMEOUT,
                    allow_redirects=False,
                )
        except requests.RequestException as error:
            message = f"{path} failed: {type(error).__name__}"
            failure = TransportError(message, outcome_unknown=not never_left(error))
        else:
            if answer.status_code == requests.codes.ok:
                return answer.content
            failure = TransportError(f"{path} answered {answer.status_code}", outcome_unknown=True)
        raise failure

    def _done(self, path: str, body: bytes) -> dict[str, str]:
        try:
            fields = v2.from_xml(body)
        except NotUnderstood:
            raise TransportError(f"{path} answered something other than XML", outcome_unknown=True) from None
        if fields.get("return_code") != "SUCCESS":
            # Such answers carry no signature, as the errors of API v3.
            message = fields.get("return_msg", "")
            raise PayRefused(
                200, "SIGN_ERROR" if "签名" in message else "INVALID_REQUEST", message[:500], path
            )
        try:
            v2.verify(fields, self.keys.key)
        except NotGenuine as error:
            message = f"{path} answered without proof ({error.reason})"
            raise TransportError(message, outcome_unknown=True) from None
        fields = v2.clean_fields(fields)
        if fields.get("result_code") != "SUCCESS":
            code = fields.get("err_code", "")[:64]
            raise PayRefused(200, MODERN.get(code, code), fields.get("err_code_des", "")[:500], path)
        return fields


@cache
def certified_session(base: str, certificate: str, private_key: str, pid: int) -> requests.Session:
    """Returns a session with the merchant's certificate (mutual TLS).

    OpenSSL reads the certificate from a file, which is deleted at once.
    """
    context = ssl.create_default_context()
    with tempfile.NamedTemporaryFile("w", suffix=".pem") as file:
        file.write(f"{certificate}\n{private_key}\n")
        file.flush()
        context.load_cert_chain(file.name)
    session = requests.Session()
    session.mount(base, BoundedAdapter(context=context))
    return session
