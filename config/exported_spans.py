"""What is sent to a collector of traces, and what is not; loaded where there is one only."""

from opentelemetry.sdk.trace import ReadableSpan
from opentelemetry.sdk.trace.export import BatchSpanProcessor
from opentelemetry.trace import SpanKind, Status


class ExportedSpans(BatchSpanProcessor):
    """Sends steps of ours, and the statements and commands that are part of one.

    Those that are part of none are left out: every second workers look for what is due.
    """

    def on_end(self, span: ReadableSpan) -> None:
        if span.parent is None and span.kind is SpanKind.CLIENT:
            return
        super().on_end(_without_words(span) if span.status.description else span)


def _without_words(span: ReadableSpan) -> ReadableSpan:
    """Returns the span without the words of its status: those of a failed statement hold its values."""
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
