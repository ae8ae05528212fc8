"""The choice of spans that are exported; imported only if a trace collector is configured."""

from opentelemetry.sdk.trace import ReadableSpan
from opentelemetry.sdk.trace.export import BatchSpanProcessor
from opentelemetry.trace import SpanKind, Status


class ExportedSpans(BatchSpanProcessor):
    """Exports our own spans, and those of statements and commands that belong to one.

    Others are left out: workers ask every second what is due, outside of any span of ours.
    """

    def on_end(self, span: ReadableSpan) -> None:
        if span.parent is None and span.kind is SpanKind.CLIENT:
            return
        super().on_end(_without_words(span) if span.status.description else span)


def _without_words(span: ReadableSpan) -> ReadableSpan:
    """Returns the span without its status description: that of a failed statement contains its values."""
    return ReadableSpan(
        span.name,
        span.context,
        span.parent,
        span.resource,
        span.attributes,
        links=span.links,
        kind=span.kind,
        status=Status(span.status.status_code),
        start_time=span.start_time,
        end_time=span.end_time,
        instrumentation_scope=span.instrumentation_scope,
    )
