"""The content security policy: pages may load scripts, styles and files of this server only.

This is a short middleware and not django-csp, because there are only two policies, one for each kind of page,
and no page has an inline script that would need a nonce.
"""

from collections.abc import Callable, Iterable
from urllib.parse import urlsplit

from django.conf import settings
from django.http import HttpRequest
from django.http.response import HttpResponseBase

Directives = dict[str, Iterable[str]]


class ContentSecurityPolicy:
    """Adds the content security policy to every response that has none yet.

    It is the first middleware, so that it sees every response.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self._get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        response = self._get_response(request)
        policy = CONSOLE if request.path.startswith("/admin/") else ELSEWHERE
        same_origin = response.get("X-Frame-Options") == "SAMEORIGIN"
        framed = "'self'" if same_origin else "'none'"
        response.headers.setdefault("Content-Security-Policy", f"{policy}; frame-ancestors {framed}")
        return response


def _written(directives: Directives) -> str:
    return "; ".join(f"{name} {' '.join(sources)}" for name, sources in directives.items())


def _origin(address: str) -> str:
    parts = urlsplit(address)
    return f"{parts.scheme}://{parts.netloc}"


_PLATFORM = sorted({_origin(settings.WECHAT_API_BASE), _origin(settings.WECHAT_MP_BASE)})
_COMMON: Directives = {
    "default-src": ["'self'"],
    # The skin writes its colours into the page; it has style attributes, and so have articles.
    "style-src": ["'self'", "'unsafe-inline'"],
    "object-src": ["'none'"],
    "base-uri": ["'none'"],
}
CONSOLE = _written(
    _COMMON
    | {
        # Alpine, on which the skin is built, makes functions of the expressions in its attributes.
        "script-src": ["'self'", "'unsafe-eval'"],
        # Cards and articles show pictures from wherever they are.
        "img-src": ["'self'", "data:", "blob:", "https:", "http:"],
        "media-src": ["'self'", "blob:"],
        # The editor of articles reads pasted pictures back before it uploads them.
        "connect-src": ["'self'", "blob:"],
        "frame-src": ["'self'"],
        "form-action": ["'self'"],
    }
)
ELSEWHERE = _written(
    _COMMON
    | {
        "img-src": ["'self'", "data:", *_PLATFORM],
        # Who is not signed in any more is sent to WeChat instead of where the form goes.
        "form-action": ["'self'", _origin(settings.WECHAT_OPEN_BASE)],
    }
)
