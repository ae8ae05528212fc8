"""The examinations of an official account: its secrets, calls, callback address and clock."""

import time
from collections.abc import Iterator

import requests
from django.conf import settings
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from accounts.official import abilities, call_refusals, callback_addresses, error_sentences
from accounts.official.clients import client_for, try_credentials
from accounts.official.doctor import (
    Finding,
    Level,
    clock_findings,
    examines,
    last_seen,
    observes,
    own_call,
    short_time,
    with_time,
)
from accounts.official.models import AES_KEY_FORM, TOKEN_FORM, OfficialAccount
from wechat.console.phrases import listed
from wechat.kernel.work import downtime
from wechat.sdk.answers import rows, text
from wechat.sdk.calls.base import callback_check, callback_ips
from wechat.sdk.crypto import sign
from wechat.sdk.envelope import Mode
from wechat.sdk.errors import ApiError, TransportError

# The ``echostr`` of our own verification, which distinguishes it from the platform's.
OWN_ECHO = "set-up-check"


@observes
def standstill(account: OfficialAccount) -> Iterator[Finding]:
    """Yields a fault while nobody takes beat's ticks: beat, the workers or Redis are away."""
    if (since := downtime.idle_since()) is not None:
        yield Finding(
            Level.FAULT,
            _("Background work stands still since %(at)s: nothing is sent, and the service desk is behind.")
            % {"at": short_time(since)},
            _("See whether beat, a worker and Redis run. Nothing is lost, and it goes on by itself."),
        )


@examines
def secrets(account: OfficialAccount) -> Iterator[Finding]:
    if not TOKEN_FORM.fullmatch(account.token):
        yield Finding(
            Level.FAULT,
            _("The callback token is missing or has a wrong form."),
            _("Copy the Token from 设置与开发 → 基本配置 → 服务器配置: 3 to 32 letters and digits."),
        )
    if account.mode != Mode.PLAIN and not AES_KEY_FORM.fullmatch(account.aes_key):
        yield Finding(
            Level.FAULT,
            _("The message mode is encrypted, but the EncodingAESKey is missing or has a wrong form."),
            _("Copy the EncodingAESKey, 43 letters and digits, from the same page as the token."),
        )
    if not account.original_id:
        yield Finding(
            Level.WARNING,
            _("The original ID is not set."),
            _("Copy it from 公众号设置 → 注册信息; it starts with gh_."),
        )


@examines
def access_token(account: OfficialAccount) -> Iterator[Finding]:
    if not account.readable_secret("appsecret"):
        yield Finding(
            Level.FAULT,
            _("The AppSecret is missing, so the platform's API cannot be called."),
            _("Copy it from 设置与开发 → 基本配置 into this account."),
        )
        return
    try:
        try_credentials(account)
        addresses = callback_ips(client_for(account))
        able = abilities.probe(account)
    except ApiError as error:
        yield refused(error.errcode, error.client_ip, error.rid)
        return
    except TransportError as error:
        yield unanswered(error)
        return
    yield Finding(
        Level.FINE,
        _("An access token was got; the platform pushes from %(count)d addresses.")
        % {"count": len(addresses)},
    )
    for name, ability in abilities.possible(account).items():
        if not able[name]:
            yield Finding(
                Level.WARNING,
                _("The account has no right to: %(ability)s.") % {"ability": ability.label},
                _("Have the account verified (微信认证) if you need it; until then it is unavailable."),
            )


def unanswered(error: TransportError) -> Finding:
    """Returns the finding for a call without a usable answer."""
    return Finding(
        Level.FAULT,
        error_sentences.unreadable()
        if error_sentences.is_unreadable(str(error))
        else _("The platform's API did not answer."),
        _("Check that this server may open connections to %(address)s.")
        % {"address": settings.WECHAT_API_BASE},
    )


def refused(errcode: int, address: str = "", rid: str = "", when: str = "") -> Finding:
    """Returns the finding for a refusal of the account as a whole; ``when`` is added in brackets."""
    sentence, step = _sentence(errcode, address, rid)
    return Finding(Level.FAULT, with_time(sentence, when) if when else sentence, step)


def _sentence(errcode: int, address: str, rid: str) -> tuple[str | Promise, str | Promise]:
    if errcode == 40164:
        return (
            _("The platform refuses calls from the address %(address)s.") % {"address": address},
            _("Add %(address)s under 设置与开发 → 基本配置 → IP白名单.") % {"address": address},
        )
    if errcode in {40001, 40125, 41004}:
        return (
            _("The AppSecret is wrong."),
            _("Copy it again from 设置与开发 → 基本配置; after a reset the old one is void."),
        )
    if errcode in {40013, 41002}:
        return _("The AppID is wrong."), _("Copy it from 设置与开发 → 基本配置; small letters count.")
    return (
        _("The platform refused the call: %(why)s") % {"why": error_sentences.in_words(errcode)},
        _("Quote this number when you ask the platform: %(rid)s") % {"rid": rid or errcode},
    )


@observes
def refused_calls(account: OfficialAccount) -> Iterator[Finding]:
    """Yields the current refusals of the account, as any of its calls showed them."""
    for each in call_refusals.current(account.appid):
        yield refused(each.errcode, each.address, each.rid, last_seen(each.last_at, each.count))


@examines
def reachable(account: OfficialAccount) -> Iterator[Finding]:
    """Calls the callback URL itself, then has the platform check it, and yields the findings."""
    yield _own_verification(account)
    if not account.readable_secret("appsecret"):
        return
    try:
        pings = rows(callback_check(client_for(account)), "ping")
    except ApiError as error:
        if error.errcode == 40201:
            yield Finding(
                Level.FAULT,
                _("The platform has no callback address for this account."),
                _("Enter %(url)s under 设置与开发 → 基本配置 → 服务器配置 and switch it on.")
                % {"url": account.callback_url},
            )
        return
    except TransportError:
        return
    lost = [text(ping, "ip") for ping in pings if ping.get("package_loss") not in {None, "0%"}]
    if lost:
        yield Finding(
            Level.WARNING,
            _("The platform loses packets on its way to %(addresses)s.") % {"addresses": listed(lost)},
            _("Check the firewall and the line of this server."),
        )
    elif pings:
        yield Finding(Level.FINE, _("The platform reaches the callback's host."))


def _own_verification(account: OfficialAccount) -> Finding:
    timestamp, nonce, echo = str(int(time.time())), "1", OWN_ECHO
    query = {
        "signature": sign(account.readable_secret("token"), timestamp, nonce),
        "timestamp": timestamp,
        "nonce": nonce,
        "echostr": echo,
    }
    try:
        with own_call() as session:
            answer = session.get(account.callback_url, params=query, allow_redirects=False)
    except requests.RequestException:
        return Finding(
            Level.FAULT,
            _("Nothing answers at %(url)s.") % {"url": account.callback_url},
            _("Start the web process, or set PUBLIC_URL to the address that followers' requests come in at."),
        )
    if answer.status_code == 200 and answer.text == echo:
        return Finding(
            Level.FINE,
            _("%(url)s can be reached, and answers a verification of our own.")
            % {"url": account.callback_url},
        )
    if answer.status_code == 403 and answer.text == callback_addresses.REFUSED:
        return Finding(
            Level.FINE,
            _("The callback at %(url)s answers, and lets in WeChat's addresses only.")
            % {"url": account.callback_url},
        )
    return Finding(
        Level.FAULT,
        _("%(url)s answered %(status)s instead of the verification.")
        % {"url": account.callback_url, "status": answer.status_code},
        _("Check that PUBLIC_URL leads to this installation, and that the account is enabled."),
    )


@examines
def allow_list(account: OfficialAccount) -> Iterator[Finding]:
    """Warns if the list of WeChat's addresses is too old to be used, so that all addresses are accepted."""
    if not settings.CALLBACK_ALLOW_LIST:
        return
    read_at = callback_addresses.read_at()
    if read_at is None or read_at < timezone.now() - callback_addresses.VALID_FOR:
        yield Finding(
            Level.WARNING,
            _("Callbacks are let in from everywhere, as WeChat's own addresses are not known."),
            _("They are asked for every day: see that workers run, and that the API answers."),
        )


@examines
def clock(account: OfficialAccount) -> Iterator[Finding]:
    yield from clock_findings(settings.WECHAT_API_BASE)
