"""The callback's short way through Django."""

from collections.abc import Callable

from django.http import HttpRequest, HttpResponseBase
from django.urls import resolve
from rest_framework.response import Response


class CallbackFirst:
    """Hands the platform's callbacks to their view at once.

    Sessions, languages, CSRF and sign-in have nothing to say about a signed server-to-server request, and
    together they cost more than the protocol work.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        path = request.path_info
        if path.startswith("/wechat/") and path.rstrip("/").endswith("/callback"):
            match = resolve(path)
            response: Response = match.func(request, *match.args, **match.kwargs)
            return response.render()
        return self.get_response(request)
