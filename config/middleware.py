"""What is put around every page of Django."""

import structlog
from django.http import HttpRequest
from django_structlog import middlewares

from wechat.kernel.addresses import client_address


class RequestMiddleware(middlewares.RequestMiddleware):
    """Adds the request to each log line, with the client's address as the rest of us knows it."""

    @classmethod
    def bind_ip(cls, request: HttpRequest) -> None:
        structlog.contextvars.bind_contextvars(ip=client_address(request))
