"""The clients of the platform's API for one account."""

from functools import lru_cache, partial
from urllib.parse import urlsplit

from django.conf import settings

from accounts.official import call_refusals
from accounts.official.models import OfficialAccount
from accounts.official.tokens import SharedTokenStore
from wechat.kernel import metrics, tracing
from wechat.kernel.public_network import is_admitted
from wechat.sdk.client import Client, Credentials, JsApiTickets
from wechat.sdk.errors import WeChatError
from wechat.sdk.tokens import AccessTokens, Token, ask_stable_token
from wechat.sdk.transport import Transport

_store = SharedTokenStore()


def client_for(account: OfficialAccount) -> Client:
    """Returns a client with the account's tokens; the same object until its credentials change."""
    credentials = credentials_of(account)
    return _client(credentials.appid, credentials.secret, account.token_kind, settings.WECHAT_API_BASE)


def access_token_of(account: OfficialAccount) -> Token:
    """Returns the account's access token with its expiry: the same token that our own calls use."""
    credentials = credentials_of(account)
    return _tokens(
        credentials.appid, credentials.secret, account.token_kind, settings.WECHAT_API_BASE
    ).current()


@lru_cache(maxsize=256)
def _client(appid: str, secret: str, token_kind: str, api_base: str) -> Client:
    tokens = _tokens(appid, secret, token_kind, api_base)
    return Client(Credentials(appid, secret), tokens, api_base=api_base, observer=partial(_observe_of, appid))


@lru_cache(maxsize=256)
def _tokens(appid: str, secret: str, token_kind: str, api_base: str) -> AccessTokens:
    transport = Transport(api_base, observer=partial(_observe_of, appid))
    return AccessTokens(Credentials(appid, secret), _store, transport, kind=token_kind)


def transport() -> Transport:
    """Returns the transport for calls without a token of an account: those for people who log in."""
    return Transport(settings.WECHAT_API_BASE, observer=observe_call)


def credentials_of(account: OfficialAccount) -> Credentials:
    """Returns the credentials of the account.

    An AppSecret that cannot be decrypted counts as missing: the platform then refuses the account as a whole,
    and its work waits until there is one.
    """
    return Credentials(account.appid, account.readable_secret("appsecret"))


def tickets_of(account: OfficialAccount) -> JsApiTickets:
    """Returns the JS-SDK tickets, shared like the access token; the same object as long as the client is."""
    return _tickets(client_for(account))


@lru_cache(maxsize=256)
def _tickets(client: Client) -> JsApiTickets:
    return JsApiTickets(client, _store)


def is_api_host(host: str, port: int) -> bool:
    """Returns whether host and port are those of the API, which may be in our own network."""
    base = urlsplit(settings.WECHAT_API_BASE)
    return (host, port) == (base.hostname, base.port or (443 if base.scheme == "https" else 80))


def may_download_from(host: str, port: int, address: str) -> bool:
    """Returns whether a file that the platform named may be fetched: not from our own networks.

    The address is the platform's, but it may redirect anywhere.
    """
    return is_api_host(host, port) or is_admitted(host, port, address)


def try_credentials(account: OfficialAccount) -> None:
    """Requests a token from the platform: a cached one outlives a wrong secret or a removed IP address.

    Does not invalidate any token: the platform returns the same stable token again. Raises ``WeChatError``.
    """
    observed = Transport(settings.WECHAT_API_BASE, observer=partial(_observe_of, account.appid))
    ask_stable_token(observed, credentials_of(account))


def _observe_of(appid: str, api: str, outcome: str, seconds: float, error: WeChatError | None) -> None:
    observe_call(api, outcome, seconds, error)
    call_refusals.record(appid, api, outcome, error)


def observe_call(api: str, outcome: str, seconds: float, _error: WeChatError | None) -> None:
    """Counts and times a call to the platform, and reports it to the trace."""
    metrics.API_CALLS.labels(api, outcome).inc()
    metrics.API_SECONDS.labels(api).observe(seconds)
    tracing.past(api, seconds, outcome=outcome)
