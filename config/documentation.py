"""The OpenAPI document of the API and the page that shows it.

Both are public. To generate the document costs thirty times as much as a health check, so each process
generates it once, and the rate per network address is limited.
"""

from functools import cache
from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.utils import translation
from django.utils.cache import patch_cache_control, patch_vary_headers
from drf_spectacular.generators import SchemaGenerator
from drf_spectacular.utils import extend_schema
from drf_spectacular.views import SpectacularAPIView, SpectacularSwaggerSplitView
from rest_framework.request import Request
from rest_framework.throttling import BaseThrottle

from wechat.kernel.addresses import client_network
from wechat.kernel.buckets import wait_for

AT_ONCE, PER_SECOND = 30, 1.0
CACHED_SECONDS = 300


class ReaderRate(BaseThrottle):
    """The limit on how often one network address may read the documentation."""

    _wait = 0.0

    def allow_request(self, request: HttpRequest, view: Any) -> bool:
        self._wait = wait_for(f"docs:{client_network(request)}", size=AT_ONCE, per_second=PER_SECOND)
        return self._wait == 0

    def wait(self) -> float:
        return self._wait


class Schema(SpectacularAPIView):
    """The document in YAML or JSON, as the client accepts, in the language of ``?lang=`` or of the reader."""

    http_method_names = ["get", "head"]
    throttle_classes = [ReaderRate]

    @extend_schema(exclude=True)
    def get(self, request: Request, *args: Any, **kwargs: Any) -> HttpResponse:
        asked = request.query_params.get("lang", "")
        language = asked if asked in dict(settings.LANGUAGES) else translation.get_language()
        renderer = request.accepted_renderer
        response = HttpResponse(_document(renderer.media_type, language), content_type=renderer.media_type)
        response["Content-Disposition"] = f'inline; filename="WeChat Console.{renderer.format}"'
        patch_cache_control(response, public=True, max_age=CACHED_SECONDS)
        patch_vary_headers(response, ["Accept", "Accept-Language", "Cookie"])
        return response


@cache
def _document(media_type: str, language: str) -> bytes:
    """Returns the document in one format and language; a process generates each of them once."""
    renderer: Any = next(each for each in Schema.renderer_classes if each.media_type == media_type)
    with translation.override(language):
        schema = SchemaGenerator().get_schema(request=None, public=True)  # type: ignore[no-untyped-call]  # untyped library
        return bytes(renderer().render(schema, renderer_context={}))


class Documentation(SpectacularSwaggerSplitView):
    """The Swagger UI page; its script is a separate file, because of the content security policy."""

    http_method_names = ["get", "head"]
    throttle_classes = [ReaderRate]
