"""Structured logs: one JSON object a line in production, readable lines while developing.

The standard library's loggers are used throughout; what they are given as ``extra`` becomes fields.
"""

from typing import Any

import structlog

from wechat.kernel import tracing


def name_request(_logger: object, _method: str, event: dict[str, Any]) -> dict[str, Any]:
    """Adds the id of the request that the line belongs to, in whichever process it is written."""
    if trace := tracing.current():
        event["request_id"] = tracing.request_id(trace)
    return event


SHARED: list[Any] = [
    structlog.contextvars.merge_contextvars,
    name_request,
    structlog.stdlib.add_log_level,
    structlog.stdlib.add_logger_name,
    structlog.stdlib.ExtraAdder(),
    structlog.processors.TimeStamper(fmt="iso", utc=True),
    structlog.processors.format_exc_info,
]


def logging_config(*, readable: bool) -> dict[str, Any]:
    structlog.configure(
        processors=[*SHARED, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
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
            }
        },
        "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "structured"}},
        "root": {"handlers": ["stderr"], "level": "WARNING" if readable else "INFO"},
        # Every request in one line comes from `config.request_log`; Django's own would repeat it.
        "loggers": {
            "django.server": {"handlers": [], "propagate": False},
            "django.request": {"level": "ERROR"},
        },
    }
