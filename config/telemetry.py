"""The export of traces to OpenTelemetry, if the extra ``telemetry`` is installed and a collector configured.

Set ``OTEL_EXPORTER_OTLP_ENDPOINT``, and other ``OTEL_…`` variables of the SDK. Without it the SDK is not
imported. Our own spans (``wechat.kernel.tracing``) are the request, the commit, the reaction, the send and
the call to the platform. Spans of Postgres and Redis come from their instrumentations. HTTP clients are not
instrumented on purpose: URLs of the platform contain access tokens.
"""

import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import psycopg

from wechat.kernel import prepared, tracing

if TYPE_CHECKING:
    from opentelemetry.sdk.trace import TracerProvider

NANO = 1_000_000_000
# Between two times that spans are sent: what was not sent is lost with a process that ends at a signal.
MILLISECONDS = 1000

_provider: "TracerProvider | None" = None


def start(service: str) -> None:
    """Starts the export of this process's spans under that name, if a collector is configured.

    Call it after the last fork.
    """
    if os.environ.get("OTEL_EXPORTER_OTLP_ENDPOINT", "").strip():
        _start(service)


def finish() -> None:
    """Exports the spans that were not exported yet; called before a process ends."""
    if _provider is not None:
        _provider.shutdown()


def _start(service: str) -> None:
    global _provider
    from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
    from opentelemetry.instrumentation.psycopg import PsycopgInstrumentor
    from opentelemetry.instrumentation.redis import RedisInstrumentor
    from opentelemetry.sdk.resources import SERVICE_NAME, Resource
    from opentelemetry.sdk.trace import TracerProvider

    from config.exported_spans import ExportedSpans

    os.environ.setdefault("OTEL_BSP_SCHEDULE_DELAY", str(MILLISECONDS))
    _provider = provider = TracerProvider(resource=Resource.create({SERVICE_NAME: service}))
    provider.add_span_processor(ExportedSpans(OTLPSpanExporter()))
    PsycopgInstrumentor().instrument(tracer_provider=provider)
    # Prepared statements have cursors of their own, which no connection makes: of a class like the one that
    # the instrumentation gives to a connection.
    maker: Any = SimpleNamespace(cursor_factory=psycopg.Cursor)
    PsycopgInstrumentor.instrument_connection(maker, tracer_provider=provider)
    prepared.use(maker.cursor_factory)
    RedisInstrumentor().instrument(tracer_provider=provider)
    tracing.collect(SdkSpans(provider))


class SdkSpans:
    """Makes spans with the SDK."""

    def __init__(self, provider: "TracerProvider") -> None:
        from opentelemetry import trace
        from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

        self._tracer = provider.get_tracer("wechat_console")
        self._propagator = TraceContextTextMapPropagator()
        self._current = trace.get_current_span
        self._ended_badly = trace.Status(trace.StatusCode.ERROR)

    @contextmanager
    def span(self, name: str, trace: str, attributes: dict[str, Any]) -> Iterator[str]:
        """Makes a span and yields its ``traceparent``.

        It does not contain the text of an error: only the log removes secrets from such texts.
        """
        above = self._propagator.extract({"traceparent": trace})
        with self._tracer.start_as_current_span(
            name, above, attributes=attributes, record_exception=False, set_status_on_exception=False
        ) as span:
            carrier: dict[str, str] = {}
            self._propagator.inject(carrier)
            try:
                yield carrier["traceparent"]
            except BaseException:
                span.set_status(self._ended_badly)
                raise

    def past(self, name: str, seconds: float, attributes: dict[str, Any]) -> None:
        """Makes a span that began so many seconds ago and ends now."""
        now = time.time_ns()
        begun = now - int(seconds * NANO)
        self._tracer.start_span(name, attributes=attributes, start_time=begun).end(now)

    def describe(self, attributes: dict[str, Any]) -> None:
        """Adds attributes to the current span."""
        self._current().set_attributes(attributes)
