"""Tests of the examples and the schema of the documentation."""

import re
import subprocess
import time
from typing import Any

import pytest
from drf_spectacular.drainage import GENERATOR_STATS
from drf_spectacular.generators import SchemaGenerator
from pytest_django.live_server_helper import LiveServer

from config.embedded import PROJECT
from tests.programs import PATH, installed
from tests.signed import Signed

SHELL = re.compile(r"^```sh\n(.*?)^```", re.DOTALL | re.MULTILINE)
PYTHON = re.compile(r"^```python\n(.*?)^```", re.DOTALL | re.MULTILINE)


@pytest.fixture(params=["api.md", "api.zh-CN.md"])
def example(request: pytest.FixtureRequest) -> dict[str, Any]:
    (code,) = PYTHON.findall((PROJECT / "docs" / request.param).read_text())
    assert code.count("\n") <= 62
    names: dict[str, Any] = {}
    exec(code, names)
    return names


@pytest.mark.django_db(transaction=True)
def test_the_client_in_the_documentation_works(
    example: dict[str, Any], caller: Signed, live_server: LiveServer
) -> None:
    console = example["Console"](live_server.url, caller.key, caller.secret)
    for name in ("a", "b", "c"):
        assert console.post("/api/v1/notes/", {"name": name, "account": "demo"})["name"] == name
    names = [note["name"] for note in console.all("/api/v1/notes/", limit=2)]
    assert names == ["c", "b", "a"]
    with pytest.raises(example["Refused"]) as refusal:
        console.get("/api/v1/notes/", account="other")
    assert refusal.value.code == "account_not_allowed"


@pytest.mark.skipif(not all(map(installed, ("bash", "curl", "openssl"))), reason="needs curl and openssl")
@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("guide", ["api.md", "api.zh-CN.md"])
def test_the_shell_of_the_documentation_signs_as_well(
    guide: str, caller: Signed, live_server: LiveServer
) -> None:
    (code,) = SHELL.findall((PROJECT / "docs" / guide).read_text())
    calls = [
        # The test's time: the shell's own `date` does not follow where the tests' clock goes.
        f"date() {{ echo {int(time.time())}; }}",
        """call POST /api/v1/notes/ '' '{"name": "中文 %s", "account": "demo"}'""",
        "call GET /api/v1/notes/ account=demo",
    ]
    done = subprocess.run(
        ["bash", "-c", "\n".join((code, *calls))],
        env={"PATH": PATH, "BASE": live_server.url, "KEY": caller.key, "SECRET": caller.secret},
        capture_output=True,
        text=True,
    )
    assert done.stdout.count("中文 %s") == 2, (done.stdout, done.stderr)


@pytest.mark.django_db
def test_the_schema_is_complete() -> None:
    """No view leaves its fields to a guess, no two operations share a name."""
    GENERATOR_STATS.reset()
    with GENERATOR_STATS.silence():
        SchemaGenerator().get_schema(request=None, public=True)  # type: ignore[no-untyped-call]
        assert not GENERATOR_STATS._warn_cache
        assert not GENERATOR_STATS._error_cache
