"""The API clients of accounts."""

from functools import lru_cache, partial
from urllib.parse import urlsplit

from django.conf import settings

from accounts.official import call_refusals
from accounts.official.models import OfficialAccount
from accounts.official.tokens import SharedTokenStore
from wechat.kernel import metrics, tracing
from wechat.sdk.client import Client, Credentials, JsApiTickets
from wechat.sdk.errors import WeChatError
from wechat.sdk.tokens import AccessTokens, Token, ask_stable_token
from wechat.sdk.transport import Transport

_store = SharedTokenStore()


def client_for(account: OfficialAccount) -> Client:
    """Returns the account's client with its tokens; a new one only after its credentials changed."""
    credentials = credentials_of(account)
    return _client(credentials.appid, credentials.secret, account.token_kind, settings.WECHAT_API_BASE)


def access_token_of(account: OfficialAccount) -> Token:
    """Returns the access token that our own calls use, with its end."""
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
    """Returns the transport for calls without an account's token, such as those of logins."""
    return Transport(settings.WECHAT_API_BASE, observer=_observe)


def credentials_of(account: OfficialAccount) -> Credentials:
    """Returns the account's credentials.

    An AppSecret that no key opens counts as empty: then the platform refuses the account as a whole, and its
    work waits.
    """
    return Credentials(account.appid, account.readable_secret("appsecret"))


def tickets_of(account: OfficialAccount) -> JsApiTickets:
    """Returns the account's JS-SDK tickets, shared like the access token; one object for each client."""
    return _tickets(client_for(account))


@lru_cache(maxsize=256)
def _tickets(client: Client) -> JsApiTickets:
    return JsApiTickets(client, _store)


def is_api_host(host: str, port: int) -> bool:
    """Returns whether this is the host of the platform's API, which may be in our own network."""
    base = urlsplit(settings.WECHAT_API_BASE)
    return (host, port) == (base.hostname, base.port or (443 if base.scheme == "https" else 80))


def try_credentials(account: OfficialAccount) -> None:
    """Fetches a token to check the credentials, because a cached one also works with a wrong secret.

    Ends no other token, because it asks for a stable one. Raises ``WeChatError``.
    """
    observed = Transport(settings.WECHAT_API_BASE, observer=partial(_observe_of, account.appid))
    ask_stable_token(observed, credentials_of(account))


def _observe_of(appid: str, api: str, outcome: str, seconds: float, error: WeChatError | None) -> None:
    _observe(api, outcome, seconds, error)
    call_refusals.note(appid, api, outcome, error)


def _observe(api: str, outcome: str, seconds: float, _error: WeChatError | None) -> None:
    metrics.API_CALLS.labels(api, outcome).inc()
    metrics.API_SECONDS.labels(api).observe(seconds)
    tracing.past(api, seconds, outcome=outcome)
