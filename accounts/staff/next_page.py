"""The page to return to after a form of the console."""

from django.http import HttpRequest
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme


def posted_next(request: HttpRequest) -> str:
    """Returns the page of the console that a form names as the next one, or else the home page."""
    following = request.POST.get("next", "")
    is_ours = url_has_allowed_host_and_scheme(
        following, {request.get_host()}, require_https=request.is_secure()
    )
    return following if is_ours else reverse("admin:index")
