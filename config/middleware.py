"""The middleware around every page of Django."""

import unicodedata
from collections.abc import Callable
from contextlib import suppress
from typing import Any
from urllib.parse import urlsplit

import structlog
from django.conf import settings
from django.contrib import messages
from django.contrib.auth.base_user import AbstractBaseUser
from django.contrib.auth.models import AnonymousUser
from django.contrib.auth.views import redirect_to_login
from django.http import HttpRequest, HttpResponse, QueryDict
from django.http.response import HttpResponseBase
from django.shortcuts import resolve_url
from django.template.response import SimpleTemplateResponse
from django.urls import resolve
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _
from django_structlog import middlewares

from accounts.staff.gate import entered
from config.logs import route_of
from config.request_log import LINE, take_over_bound
from wechat.kernel import tracing
from wechat.kernel.addresses import client_address
from wechat.sdk import text

# The parameter with the words that a list or the search page looks for.
SEARCH = "q"


class RequestMiddleware(middlewares.RequestMiddleware):
    """Binds log lines to their request, and adds to the request's own line what only Django knows."""

    def __call__(self, request: HttpRequest) -> Any:
        line: dict[str, Any] = request.META.setdefault(LINE, {})
        trace: str = line.get("trace", "")
        with tracing.span("page", trace) if trace else tracing.begin("page"):
            return super().__call__(request)

    def prepare(self, request: HttpRequest) -> None:
        """Binds the client's address to the log; the request id comes from the trace."""
        structlog.contextvars.bind_contextvars(ip=client_address(request))

    def handle_response(self, request: HttpRequest, response: HttpResponse) -> None:
        self.bind_user_id(request)
        line: dict[str, Any] = request.META[LINE]
        if request.resolver_match is not None:
            line["path"] = route_of(request)
        take_over_bound(line)
        with suppress(KeyError):
            line["account"] = entered(request).account.slug
        user_id = structlog.contextvars.get_contextvars().get("user_id")
        if "client" not in line and user_id:
            line["user_id"] = user_id
        super().handle_response(request, response)

    @staticmethod
    def bind_user_id(request: HttpRequest) -> None:
        """Adds the user to the log line if it is a person, and not an API client or a merchant."""
        if isinstance(getattr(request, "user", None), AbstractBaseUser | AnonymousUser):
            middlewares.RequestMiddleware.bind_user_id(request)

    @staticmethod
    def format_request(request: HttpRequest) -> str:
        """Returns method and route; the path itself may contain a login code or a password token."""
        return f"{request.method} {route_of(request)}"


class Notifications:
    """Passes WeChat Pay's notifications directly to their view, past the middleware for browsers.

    A signed call has no session, language, form or message; the middleware that looks for them would take
    longer than Postgres takes to store a payment.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        if not request.path_info.startswith("/pay/"):
            return self.get_response(request)
        found = request.resolver_match = resolve(request.path_info)
        response = found.func(request, *found.args, **found.kwargs)
        return response.render() if isinstance(response, SimpleTemplateResponse) else response


class EndedSessions:
    """Redirects somebody who sent a form after their session had ended back to the page with the form.

    A message says that nothing was saved. The page is taken from the referrer, because the address that the
    form is posted to may have no page.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        # Scripts send something every few seconds.
        if request.method != "POST" or "text/html" not in request.headers.get("Accept", ""):
            return response
        leads_to = response.headers.get("Location")
        if leads_to is None or not leads_to.startswith(f"{(sign_in := resolve_url(settings.LOGIN_URL))}?"):
            return response
        messages.warning(request, _("Your session had ended, so nothing was saved: send it again."))
        referer = request.headers.get("Referer", "")
        if not url_has_allowed_host_and_scheme(referer, {request.get_host()}):
            return response
        page = urlsplit(referer)
        return redirect_to_login(page._replace(scheme="", netloc="", fragment="").geturl(), sign_in)


class CleanForms:
    """Cleans the values of forms and query strings before any page reads them.

    Signed calls and notifications are cleaned where they are read.
    """

    def __init__(self, get_response: Callable[[HttpRequest], Any]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> Any:
        return self.get_response(request)

    def process_view(
        self, request: HttpRequest, view: Callable[..., Any], args: tuple[Any], kwargs: dict[str, Any]
    ) -> None:
        if getattr(view, "csrf_exempt", False):
            return
        if request.GET:
            request.GET = _clean(request.GET)  # type: ignore[assignment]  # no view writes to it
        # Forms are protected against being forged, so that this one has been read by now.
        if request.method == "POST":
            request.POST = _clean(request.POST)  # type: ignore[assignment]  # nor to this


def _clean(typed: QueryDict) -> QueryDict:
    cleaned = typed.copy()
    for name, values in typed.lists():
        seen = [text.without_unseen(text.clean(value)) for value in values]
        cleaned.setlist(name, [_searched(each) for each in seen] if name == SEARCH else seen)
    return cleaned


def _searched(words: str) -> str:
    """Returns what is searched for; a number or code in half width, as every one is kept.

    Chinese input methods type them in full width. Names stay as they are typed, because some are kept so.
    """
    folded = unicodedata.normalize("NFKC", words)
    return folded if folded.isascii() and any(map(str.isdigit, folded)) else words
