"""Tests of public pages, their rate limits, and the Content-Security-Policy."""

import ipaddress
import os
import subprocess
import sys
import uuid
from typing import Any

import pytest
from django.test import Client, RequestFactory
from django.views.debug import technical_500_response
from pytest_django import Settings

from config.documentation import AT_ONCE
from config.embedded import PROJECT
from tests.cast import Cast, signed_in

pytestmark = pytest.mark.django_db

PRODUCTION = {
    "PUBLIC_URL": "https://console.example.com",
    "SECRET_KEY": "aQ7-3vN_x9LmT0wZ5rKc2Jd8Yb4Hf6GsUe1PiOqXtCnVkMjB" * 2,
    "DEBUG": "0",
}


@pytest.mark.parametrize("path", ["/api/schema/", "/api/docs/"])
def test_the_documentation_is_for_everybody_but_not_without_end(
    client: Client, path: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("config.documentation.PER_SECOND", 0.0001)
    strangers = [str(ipaddress.IPv6Address(uuid.uuid4().int)) for _ in range(2)]
    answers = [client.get(path, REMOTE_ADDR=strangers[0]) for _ in range(AT_ONCE + 1)]
    assert answers[-1].status_code == 429
    assert {each.status_code for each in answers[:-1]} == {200}
    assert int(answers[-1]["Retry-After"]) >= 0
    assert client.get(path, REMOTE_ADDR=strangers[1]).status_code == 200


def test_the_schema_is_worked_out_once_for_each_form_and_language(
    client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    def schema(**given: Any) -> str:
        answer = client.get("/api/schema/", **given)
        assert set(answer["Cache-Control"].split(", ")) == {"public", "max-age=300"}
        return answer.content.decode()

    first = [schema(), schema(headers={"accept": "application/json"}), schema(data={"lang": "en"})]
    monkeypatch.setattr("config.documentation.SchemaGenerator", None)
    assert [schema(), schema(headers={"accept": "application/json"}), schema(data={"lang": "en"})] == first
    assert schema(data={"lang": "xx"}) == first[0]
    assert len(set(first)) == 3


def test_a_page_runs_scripts_of_ours_only_and_stands_in_no_frame(client: Client, staff: Cast) -> None:
    pages = [signed_in(staff.superuser).get("/admin/")]
    pages += [client.get(path) for path in ("/h5/demo/shop/", "/api/docs/")]
    for page in pages:
        policy = dict(each.split(" ", 1) for each in page["Content-Security-Policy"].split("; "))
        scripts = policy.get("script-src", policy["default-src"])
        assert "'unsafe-inline'" not in scripts
        assert "http" not in scripts
        assert policy["frame-ancestors"] == "'none'"
        assert page["X-Frame-Options"] == "DENY"


def test_django_finds_nothing_to_warn_of_in_production() -> None:
    command = [sys.executable, "manage.py", "check", "--deploy", "--fail-level", "WARNING"]
    done = subprocess.run(
        command, cwd=PROJECT, env={**os.environ, **PRODUCTION}, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    assert "no issues" in done.stdout


def test_the_page_of_an_error_tells_no_password_of_a_server(settings: Settings) -> None:
    settings.DEBUG = True
    settings.DATABASE_URL = settings.CELERY_BROKER_URL = "amqp://console:of-a-server@example.com"
    settings.CACHES = {"default": {"BACKEND": "x", "LOCATION": "redis://:of-a-server@example.com"}}
    try:
        raise ValueError("of a page")
    except ValueError:
        page = technical_500_response(RequestFactory().get("/"), *sys.exc_info())
    assert 'id="settings-info"' in page.content.decode()
    assert "of-a-server" not in page.content.decode().partition('id="settings-info"')[2]
