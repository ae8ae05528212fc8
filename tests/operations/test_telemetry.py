"""Traces, as a collector receives them."""

import asyncio
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from celery import Celery
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.instrumentation.psycopg import PsycopgInstrumentor
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.proto.trace.v1.trace_pb2 import Span
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor

from accounts.official.models import OfficialAccount
from bench.own_redis import OwnRedis
from config import telemetry
from config.embedded import PROJECT
from tests import callbacks
from tests.callbacks import served
from tests.operations.pushing import pushed_by_api, until_delivered
from tests.operations.test_log_lines import of_the_unit, running
from tests.operations.test_request_log import further_answers  # noqa: F401 - a fixture
from tests.platform import Platform
from tests.pushes.test_faults import until
from tests.sdk.platform import Platform as Server
from tests.sdk.platform import Reply, Request, serving
from tests.simulated import Simulated
from tests.working import react_to_due, send_due
from wechat.kernel import tracing
from wechat.pushes.models import Push

pytestmark = pytest.mark.django_db(transaction=True)


class Collector(Server):
    """An OTLP receiver: keeps the spans it is sent."""

    def __init__(self) -> None:
        super().__init__()
        self.spans: list[Span] = []
        self.services: set[str] = set()
        self.provider = TracerProvider()

    def handle(self, request: Request) -> Reply:
        exported = ExportTraceServiceRequest.FromString(request.body)
        for resource in exported.resource_spans:
            named = {each.key: each.value.string_value for each in resource.resource.attributes}
            self.services.add(named["service.name"])
            for scope in resource.scope_spans:
                self.spans.extend(scope.spans)
        return Reply(b"", "application/x-protobuf")


@pytest.fixture
def collector() -> Iterator[Collector]:
    receiver = Collector()
    provider = receiver.provider
    with serving(receiver) as base:
        exporter = OTLPSpanExporter(f"{base}/v1/traces", compression=None)
        provider.add_span_processor(SimpleSpanProcessor(exporter))
        tracing.collect(telemetry.SdkSpans(provider))
        try:
            yield receiver
        finally:
            tracing.collect(None)
            provider.shutdown()


@pytest.mark.usefixtures("further_answers")
def test_one_trace_leads_from_the_callback_to_the_call_of_the_platform(
    collector: Collector, account: OfficialAccount, platform: Platform, simulated: Simulated
) -> None:
    simulated.create_account(account)
    simulated.sim(f"/accounts/{account.appid}/events/oPhone", {"type": "follow"})
    callbacks.post(platform.safe(platform.text("hi", openid="oPhone")))
    react_to_due()
    send_due()
    assert Push.objects.get().state == Push.State.SENT
    (request,) = [span for span in collector.spans if span.name == "request"]
    spans = {span.name: span for span in collector.spans if span.trace_id == request.trace_id}
    above = {name: span.parent_span_id for name, span in spans.items()}
    assert above["request"] == b""
    assert above["inbox.record"] == request.span_id
    assert above["inbox.react"] == request.span_id
    assert above["pushes.send"] == spans["inbox.react"].span_id
    assert above["/cgi-bin/message/custom/send"] == spans["pushes.send"].span_id


def test_a_commit_is_part_of_the_trace_of_its_own_callback(
    collector: Collector, account: OfficialAccount, platform: Platform
) -> None:
    """One task commits what all callbacks of a process say; the first of them is long over."""

    async def one_after_another() -> None:
        for words in ("first", "second"):
            await callbacks.call(callbacks.PATH, platform.safe(platform.text(words)))

    PsycopgInstrumentor().instrument(tracer_provider=collector.provider)
    try:
        asyncio.run(one_after_another())
    finally:
        PsycopgInstrumentor().uninstrument()
    requests = [span.span_id for span in collector.spans if span.name == "request"]
    commits = [span.parent_span_id for span in collector.spans if "INSERT INTO inbox_inbound" in str(span)]
    assert (len(commits), commits) == (2, requests)


def test_one_trace_leads_from_a_call_of_the_api_to_the_receipt(
    collector: Collector, account: OfficialAccount, simulated: Simulated
) -> None:
    with served() as address:
        simulated.create_account(account, callback_url=f"{address}{account.callback_path}")
        trace_id = pushed_by_api(simulated, account, "oPhone")
        until_delivered()
    spans = {span.name: span for span in collector.spans if span.trace_id.hex() == trace_id}
    root = spans["request"]
    described = {each.key: each.value.string_value or each.value.int_value for each in root.attributes}
    assert described == {"path": "/api/v1/push", "method": "POST", "status": 202}
    above = {name: span.parent_span_id for name, span in spans.items()}
    assert above["request"] == b""
    assert above["pushes.send"] == above["pushes.receipt"] == root.span_id
    assert above["/cgi-bin/message/template/send"] == spans["pushes.send"].span_id
    assert spans["pushes.send"].end_time_unix_nano <= spans["pushes.receipt"].start_time_unix_nano


@pytest.mark.usefixtures("further_answers")
def test_no_span_tells_a_secret(
    collector: Collector, account: OfficialAccount, platform: Platform, simulated: Simulated
) -> None:
    test_one_trace_leads_from_the_callback_to_the_call_of_the_platform(
        collector, account, platform, simulated
    )
    spans = "".join(map(str, collector.spans))
    for secret in (account.appsecret, account.token, account.aes_key, "access_token="):
        assert str(secret) not in spans


def test_a_step_that_fails_is_told_as_such_without_its_words(collector: Collector) -> None:
    with pytest.raises(RuntimeError), tracing.begin("step"):
        raise RuntimeError("openid oSecret")
    (span,) = collector.spans
    assert span.status.code == 2
    assert "oSecret" not in str(span)


STORES = """
import django
django.setup()
from django.core.cache import cache
from config import telemetry
telemetry.start("wechat-console-web")
from django.db import connection
from wechat.kernel import tracing
from wechat.kernel.prepared import prepared_cursor
from django.db import DataError
with tracing.begin("request"):
    with prepared_cursor() as cursor:
        cursor.execute("SELECT %s::text AS prepared", ["parameter-of-nobody"])
    with connection.cursor() as cursor:
        cursor.execute("SELECT %s", ["parameter-of-nobody"])
        try:
            cursor.execute("SELECT %s::integer", ["word-of-nobody"])
        except DataError as error:
            assert "word-of-nobody" in str(error)
    cache.set("key-of-nobody", "value-of-nobody")
with connection.cursor() as cursor:
    cursor.execute("SELECT 'part of no step'")
"""


def test_statements_and_commands_are_spans_of_the_process_without_what_they_carry() -> None:
    """A process as it is started, with the variable alone."""
    receiver = Collector()
    with serving(receiver) as base:
        environment = os.environ | {
            "OTEL_EXPORTER_OTLP_ENDPOINT": base,
            "OTEL_EXPORTER_OTLP_COMPRESSION": "none",
            "DJANGO_SETTINGS_MODULE": "config.settings",
        }
        subprocess.run([sys.executable, "-c", STORES], cwd=PROJECT, env=environment, check=True)
    (request,) = [span for span in receiver.spans if span.name == "request"]
    below = [span for span in receiver.spans if span.parent_span_id == request.span_id]
    assert {"SELECT", "SET"} <= {span.name.split()[0] for span in below}
    assert len([span for span in below if "AS prepared" in str(span)]) == 1
    assert [span.status.code for span in below if "integer" in str(span)] == [2]
    assert [span.name for span in receiver.spans if not span.parent_span_id] == ["request"]
    assert receiver.services == {"wechat-console-web"}
    assert "of-nobody" not in "".join(map(str, receiver.spans))


def test_a_worker_that_is_told_to_end_sends_its_last_spans(
    tmp_path: Path,
    redis: OwnRedis,
    account: OfficialAccount,
    simulated: Simulated,
) -> None:
    """A deployment ends every worker; the time between two sendings is longer than this one lives."""
    simulated.create_account(account)
    pushed_by_api(simulated, account, "oPhone")
    receiver = Collector()
    with serving(receiver) as base:
        environment = {
            "CELERY_BROKER_URL": redis.url,
            "OTEL_EXPORTER_OTLP_ENDPOINT": base,
            "OTEL_EXPORTER_OTLP_COMPRESSION": "none",
            "OTEL_BSP_SCHEDULE_DELAY": "3600000",
        }
        with running(of_the_unit("worker-interactive"), tmp_path, **environment) as written:
            Celery(broker=redis.url).send_task("pushes.send", queue="interactive")
            until(lambda: any(line["event"] == "send" for line in written()))
            assert receiver.spans == []
    assert "turn pushes.send" in {span.name for span in receiver.spans}


def test_without_a_collector_nothing_of_it_is_loaded() -> None:
    code = "import config.asgi, sys; print(*sys.modules)"
    command = [sys.executable, "-c", code]
    done = subprocess.run(command, cwd=PROJECT, capture_output=True, text=True, check=True)
    # Parts of the SDK are loaded by the client of Redis wherever they are installed.
    for ours in ("opentelemetry.exporter", "opentelemetry.instrumentation", "opentelemetry.sdk.trace"):
        assert ours not in done.stdout.split()
