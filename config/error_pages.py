"""The error pages, in words for staff or for followers; and what those of development must not show."""

import re
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.template.loader import render_to_string
from django.views.debug import SafeExceptionReporterFilter

# Below these, people in WeChat open pages: they know neither accounts nor an overview.
FOLLOWERS = ("/h5/", "/l/", "/wechat/")


class ReporterFilter(SafeExceptionReporterFilter):
    """Hides the URLs of servers as well, because they contain passwords."""

    hidden_settings = re.compile(
        rf"{SafeExceptionReporterFilter.hidden_settings.pattern}|URL|LOCATION", re.IGNORECASE
    )


def is_for_followers(path: str) -> bool:
    return path.startswith(FOLLOWERS)


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    return _page(request, 400)


def forbidden(request: HttpRequest, exception: Exception) -> HttpResponse:
    return _page(request, 403, exception=str(exception))


def form_refused(request: HttpRequest, reason: str = "") -> HttpResponse:
    """Answers a form whose token against forgery is missing or wrong."""
    return _page(request, 403, "403_csrf")


def not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    return _page(request, 404)


def failed(request: HttpRequest) -> HttpResponse:
    return _page(request, 500)


def _page(request: HttpRequest, status: int, name: str = "", **words: Any) -> HttpResponse:
    """Renders the page without the request, whose session may be what fails."""
    context = {
        "for_followers": is_for_followers(request.path),
        "was_typed": request.method == "POST",
        **words,
    }
    return HttpResponse(render_to_string(f"{name or status}.html", context), status=status)
