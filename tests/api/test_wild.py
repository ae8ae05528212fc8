"""Tests of arbitrary calls, valid and invalid by the schema: none ends in a server error."""

import json
from collections.abc import Iterator
from typing import Any

import pytest
import schemathesis
from django.conf import settings as project
from django.test import Client
from drf_spectacular.generators import SchemaGenerator
from hypothesis import HealthCheck, Phase, given, settings
from schemathesis.core.result import Ok
from schemathesis.generation import GenerationMode

from accounts.followers.models import Follower, Segment, Tag
from accounts.official.models import OfficialAccount
from tests.signed import Signed, business_system
from wechat.api import scopes
from wechat.login import tokens, visitors
from wechat.login.models import LoginSession

# What is answered in the event loop has a connection of its own there.
pytestmark = pytest.mark.django_db(transaction=True)

wild = settings(
    max_examples=8,
    phases=[Phase.generate],
    suppress_health_check=list(HealthCheck),
)


def operations() -> Iterator[Any]:
    raw = SchemaGenerator().get_schema(request=None, public=True)  # type: ignore[no-untyped-call]
    # Through JSON, as a client would read it.
    schema = schemathesis.openapi.from_dict(json.loads(json.dumps(raw, default=str)))
    for found in schema.get_all_operations():
        assert isinstance(found, Ok)
        yield found.ok()


@pytest.fixture
def caller(account: OfficialAccount, monkeypatch: pytest.MonkeyPatch) -> Signed:
    """A business system that may do everything, while WeChat itself does not answer."""
    monkeypatch.setattr(project, "WECHAT_API_BASE", "http://127.0.0.1:1")
    Follower.objects.create(account=account, openid="oFollower")
    Tag.objects.create(account=account, name="VIP", platform_id=100)
    Segment.objects.create(account=account, name="all", conditions=[])
    every = [name for name, _label in scopes.known()]
    browser = Client(raise_request_exception=False)
    caller = business_system(account, scopes=every, per_minute=600_000)
    caller.browser = browser
    return caller


@pytest.mark.parametrize("mode", list(GenerationMode))
def test_no_call_ends_in_a_crash(caller: Signed, account: OfficialAccount, mode: GenerationMode) -> None:
    visitor = visitors.logged_in(account, "oFollower")
    access = tokens.start(visitor, LoginSession.Kind.WEB).access
    statuses: list[int] = []

    def crashes_nothing(case: Any) -> None:
        body = case.body if isinstance(case.body, dict | list | str | int) else None
        headers: dict[str, str | None] = {
            "Idempotency-Key": str(len(statuses)),
            "Authorization": f"Bearer {access}",
        }
        query = dict(case.query or {})
        answer = caller.send(case.method.upper(), case.formatted_path, query, body, headers)
        statuses.append(answer.status_code)
        by_wechat = answer.status_code in {502, 503} and b"platform_" in answer.content
        assert answer.status_code < 500 or by_wechat, (case.method, case.formatted_path, query, body)

    for operation in operations():
        wild(given(case=operation.as_strategy(generation_mode=mode))(crashes_nothing))()
    assert {200, 400} & set(statuses)
