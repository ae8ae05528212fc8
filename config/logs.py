"""The configuration of logs: one JSON object per line in production, readable lines during development.

The code uses the loggers of the standard library; the keys of ``extra`` become fields.
"""

from typing import Any

import structlog
from django.conf import settings
from django.http import HttpRequest
from django.utils.log import configure_logging

from wechat.kernel import tracing


def name_request(_logger: object, _method: str, event: dict[str, Any]) -> dict[str, Any]:
    """Adds the id of the request that the line belongs to, in web processes and in workers."""
    if trace := tracing.current():
        event["request_id"] = tracing.request_id(trace)
    return event


def name_route(_logger: object, _method: str, event: dict[str, Any]) -> dict[str, Any]:
    """Replaces the path in a message of Django by its route, because a path may contain a secret.

    Django gives the request along, and ends its words, where they have any parts, with the path.
    """
    arguments = event.pop("positional_args", None)
    if isinstance(request := event.get("request"), HttpRequest):
        del event["request"]
        if arguments:
            event["event"] = event["_record"].msg % (*arguments[:-1], route_of(request))
    return event


def drop_colours(_logger: object, _method: str, event: dict[str, Any]) -> dict[str, Any]:
    """Removes the coloured copy of a message that uvicorn adds."""
    event.pop("color_message", None)
    return event


def route_of(request: HttpRequest) -> str:
    """Returns the route that matched the request; ``unknown`` if none did, or not yet."""
    match = request.resolver_match
    return f"/{match.route.removeprefix('^')}" if match else "unknown"


SHARED: list[Any] = [
    structlog.contextvars.merge_contextvars,
    name_request,
    structlog.stdlib.add_log_level,
    structlog.stdlib.add_logger_name,
    structlog.stdlib.ExtraAdder(),
    name_route,
    drop_colours,
    structlog.processors.TimeStamper(fmt="iso", utc=True),
    structlog.processors.format_exc_info,
]


def logging_config(*, readable: bool) -> dict[str, Any]:
    structlog.configure(
        processors=[
            structlog.stdlib.filter_by_level,
            *SHARED,
            structlog.stdlib.ProcessorFormatter.wrap_for_formatter,
        ],
        logger_factory=structlog.stdlib.LoggerFactory(),
        cache_logger_on_first_use=True,
    )
    renderer = (
        structlog.dev.ConsoleRenderer(colors=False)
        if readable
        else structlog.processors.JSONRenderer(ensure_ascii=False)
    )
    return {
        "version": 1,
        "disable_existing_loggers": False,
        "formatters": {
            "structured": {
                "()": structlog.stdlib.ProcessorFormatter,
                "processors": [structlog.stdlib.ProcessorFormatter.remove_processors_meta, renderer],
                "foreign_pre_chain": SHARED,
                "pass_foreign_args": True,
            }
        },
        "handlers": {
            "stderr": {"class": "logging.StreamHandler", "formatter": "structured"},
            "nowhere": {"class": "logging.NullHandler"},
        },
        "root": {"handlers": ["stderr"], "level": "WARNING" if readable else "INFO"},
        "loggers": {
            # Every request in one line comes from ``config.request_log``, what a page failed of from
            # ``config.middleware``, of what is away from ``config.outages``; Django's own would repeat them.
            "django.server": {"handlers": ["nowhere"], "propagate": False},
            "django.request": {"handlers": ["nowhere"], "propagate": False},
            "uvicorn.access": {"handlers": ["nowhere"], "propagate": False},
            # They bring handlers of their own, whose lines nobody could read by their fields.
            "django": {"handlers": []},
            "uvicorn": {"handlers": [], "propagate": True},
            # Two lines for each time somebody is woken: whoever does it logs what comes of it.
            "celery": {"level": "WARNING"},
        },
    }


def log_as_django_does(**_signal: object) -> None:
    """Configures logging in a Celery process: Celery's own root level would drop the lines about sends."""
    configure_logging(settings.LOGGING_CONFIG, settings.LOGGING)
