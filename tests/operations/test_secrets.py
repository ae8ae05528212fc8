"""Secrets stay out of logs and traces: every test is watched for it, and here the watch itself."""

import logging
from collections.abc import Iterator

import pytest

from tests.secrets_watch import Watch, WatchedSpans
from wechat.kernel import tracing

log = logging.getLogger("wechat.test")


@pytest.fixture
def watch() -> Iterator[Watch]:
    watch = Watch()
    log.addHandler(watch)
    propagate, log.propagate = log.propagate, False
    yield watch
    log.removeHandler(watch)
    log.propagate = propagate


SECRETS = [
    "https://api.weixin.qq.com/cgi-bin/token?access_token=77_abcdefghijklmnop",
    '{"refresh_token": "abcdefghijklmnop"}',
    "-----BEGIN PRIVATE KEY-----",
    "Authorization: WECHATPAY2-SHA256-RSA2048 mchid=",
    "0123456789abcdef0123456789abcdef",
    "<WSGIRequest: GET '/wechat/demo/oauth/done?code=once'>",
]


@pytest.mark.parametrize("secret", SECRETS)
@pytest.mark.parametrize("how", ["text", "field", "error"])
def test_a_secret_is_found_however_it_is_logged(watch: Watch, secret: str, how: str) -> None:
    if how == "text":
        log.warning("called %s", secret)
    elif how == "field":
        log.warning("called", extra={"address": secret})
    else:
        try:
            raise ValueError(secret)
        except ValueError:
            log.exception("failed")
    assert len(watch.found) == 1


def test_what_hides_it_is_not_taken_for_it(watch: Watch) -> None:
    log.warning("GET /cgi-bin/user/info?access_token=*** failed")
    assert watch.found == []


@pytest.mark.parametrize("secret", SECRETS)
def test_a_secret_is_found_in_a_span(secret: str) -> None:
    spans = WatchedSpans()
    with spans.span("called", "", {"address": secret}):
        spans.past(secret, 1.0, {})
        spans.describe({"body": secret})
    assert len(spans.found) == 3


def test_every_test_is_watched_for_it() -> None:
    assert isinstance(tracing._spans, WatchedSpans)
    assert any(isinstance(handler, Watch) for handler in logging.getLogger().handlers)
