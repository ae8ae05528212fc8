"""The redirect to WeChat's consent page and back, for one browser, once. WeChat reference 13.1.

``state`` is a random number with a signature, letters and digits only, as the platform requires. The login it
stands for is in a signed cookie: a browser without the cookie is not the one that started. The return uses it
up. The browser keeps the cookie for a day, so that a repeated return, as after "back", can go on from there.
"""

import secrets
import time
from dataclasses import asdict, dataclass
from hmac import compare_digest
from typing import Any

from Crypto.Hash import HMAC, SHA256
from django.conf import settings
from django.core import signing
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse

from accounts.official.models import OfficialAccount
from wechat.api import nonces
from wechat.sdk.calls.oauth import Scope, authorize_url

LIFE = 600
KEPT = 86_400
COOKIE = "wc_oauth_"
# The cookies of further logins are deleted: proxies refuse a request with too many.
MOST_COOKIES = 5
HALF = 32
SALT = "wechat.login.oauth_state"


class InvalidReturn(Exception):
    """A return by which nobody may sign in; ``reason`` is forged, browser or used."""

    def __init__(self, reason: str, pending: "PendingLogin | None" = None) -> None:
        super().__init__(reason)
        self.reason = reason
        # The pending login of a return that was used or has expired, but is this browser's.
        self.pending = pending


@dataclass(frozen=True, slots=True)
class PendingLogin:
    """A login that is under way at WeChat.

    ``again`` marks a second start after an invalid code; ``at`` is when the login began.
    """

    return_to: str
    scope: Scope = "snsapi_base"
    again: bool = False
    at: float = 0.0


def begin_login(account: OfficialAccount, pending: PendingLogin) -> HttpResponse:
    """Redirects the browser to the consent page."""
    nonce = secrets.token_hex(HALF // 2)
    back = settings.PUBLIC_URL + _path(account, "done")
    state = nonce + _signature(account, nonce)
    url = authorize_url(account.appid, back, pending.scope, state, settings.WECHAT_OPEN_BASE)
    response = HttpResponseRedirect(url)
    response["Cache-Control"] = "no-store"
    response.set_cookie(
        _cookie(nonce),
        signing.dumps(
            {"nonce": nonce, "account": account.pk, **asdict(pending), "at": time.time()}, salt=SALT
        ),
        max_age=KEPT,
        path=_path(account, "done"),
        secure=settings.SECURE_PROXY,
        httponly=True,
        samesite="Lax",
    )
    return response


def complete_login(request: HttpRequest, account: OfficialAccount) -> PendingLogin:
    """Returns the pending login that ends with this request, and uses it up. Raises ``InvalidReturn``."""
    state = request.GET.get("state", "")
    nonce, signature = state[:HALF], state[HALF:]
    if not compare_digest(_signature(account, nonce).encode(), signature.encode(errors="surrogatepass")):
        raise InvalidReturn("forged")
    kept = _kept(request.COOKIES.get(_cookie(nonce), ""))
    if kept.pop("nonce", None) != nonce or kept.pop("account", None) != account.pk:
        raise InvalidReturn("browser")
    pending = PendingLogin(**kept)
    if time.time() > pending.at + LIFE or not nonces.first_use(f"oauth:{nonce}"):
        raise InvalidReturn("used", pending)
    return pending


def delete_old_cookies(request: HttpRequest, response: HttpResponse, account: OfficialAccount) -> None:
    """Deletes the browser's cookies of all but the newest logins; browsers send the oldest first."""
    cookies = [name for name in request.COOKIES if name.startswith(COOKIE)]
    for name in cookies[:-MOST_COOKIES]:
        response.delete_cookie(name, path=_path(account, "done"), samesite="Lax")


def _kept(cookie: str) -> dict[str, Any]:
    try:
        return dict(signing.loads(cookie, salt=SALT, max_age=KEPT))
    except signing.BadSignature:
        raise InvalidReturn("browser") from None


def _signature(account: OfficialAccount, nonce: str) -> str:
    signed = f"{SALT}:{account.pk}:{nonce}".encode(errors="surrogatepass")
    return HMAC.new(settings.SECRET_KEY.encode(), signed, SHA256).hexdigest()[:HALF]


def _cookie(nonce: str) -> str:
    """Returns the name of the cookie, one for each pending login, as several tabs may log in at once."""
    return f"{COOKIE}{nonce[:12]}"


def _path(account: OfficialAccount, step: str) -> str:
    return reverse(f"oauth_{step}", args=[account.slug])
