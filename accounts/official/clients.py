"""The platform's API in the name of one account."""

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
    """Returns a client with the account's tokens; the same one as long as its credentials do not change."""
    credentials = credentials_of(account)
    return _client(credentials.appid, credentials.secret, account.token_kind, settings.WECHAT_API_BASE)


def access_token_of(account: OfficialAccount) -> Token:
    """Returns the account's access token with the time it ends, the very one that our own calls carry."""
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
    """Returns the way to make calls without a token of an account: those for people who log in."""
    return Transport(settings.WECHAT_API_BASE, observer=_observe)


def credentials_of(account: OfficialAccount) -> Credentials:
    """Returns what the account proves itself with.

    An AppSecret that no key opens is as good as none: the platform refuses the account as a whole then, and
    its work waits until there is one.
    """
    return Credentials(account.appid, account.readable_secret("appsecret"))


def tickets_of(account: OfficialAccount) -> JsApiTickets:
    """Returns the JS-SDK ticket, shared like the access token; the same object as long as the client is."""
    return _tickets(client_for(account))


@lru_cache(maxsize=256)
def _tickets(client: Client) -> JsApiTickets:
    return JsApiTickets(client, _store)


def is_api_host(host: str, port: int) -> bool:
    """Returns whether the API itself answers there, which may be within our own network."""
    base = urlsplit(settings.WECHAT_API_BASE)
    return (host, port) == (base.hostname, base.port or (443 if base.scheme == "https" else 80))


def try_credentials(account: OfficialAccount) -> None:
    """Asks for a token past those in hand, which outlive a wrong secret and a lost place on the allow-list.

    Disturbs no token: whoever uses a stable one is given the same again. Raises ``WeChatError``.
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
