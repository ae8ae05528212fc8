"""Tests of the URLs of the installation besides its own pages."""

import asyncio

import pytest
from django.test import Client

from tests.asgi import exchange

pytestmark = pytest.mark.django_db(transaction=True)


def test_the_api_documentation_needs_nobody_elses_server(client: Client) -> None:
    page = client.get("/api/docs/")
    assert page.status_code == 200
    assert b"//cdn" not in page.content


def test_the_schema_is_an_openapi_document(client: Client) -> None:
    schema = client.get("/api/schema/", headers={"accept": "application/json"}).json()
    assert schema["openapi"].startswith("3.")
    assert schema["info"]["title"] == "WeChat Console"


def test_metrics_are_in_the_form_that_prometheus_reads() -> None:
    page = asyncio.run(exchange("GET", "/metrics"))
    assert page.headers[b"content-type"].startswith(b"text/plain")
    assert b"# TYPE wechat_callbacks_total counter" in page.body


def test_the_root_leads_to_the_console(client: Client) -> None:
    assert client.get("/")["Location"] == "/admin/"
