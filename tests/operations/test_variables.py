"""Variables of the environment: those that are read, that the samples set, that the guides name."""

import ast
import base64
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml
from django.conf import settings

from config.embedded import PROJECT

DEPLOY = PROJECT / "deploy"
UNITS = sorted((DEPLOY / "systemd").glob("*.service"))
ASKS = re.compile(r"environment\.\w+|os\.environ\.get")
READERS = ("config/settings.py", "config/telemetry.py", "config/embedded/__init__.py")
READERS_OF_THE_REST = (
    "config/stack/__main__.py",
    "config/stack/processes.py",
    "wechat/kernel/exposition.py",
)
# Read by libraries: OpenTelemetry's own begin with OTEL_.
OF_LIBRARIES = {
    "PGOPTIONS",
    "PATH",
    "PYTHONUNBUFFERED",
    "PYTHONDONTWRITEBYTECODE",
}
# The image has them, a container has one port, and nobody debugs in production.
NOT_OF_COMPOSE = {"DEBUG", "PORT", "MEDIA_ROOT", "PROMETHEUS_MULTIPROC_DIR", "WECHAT_CONSOLE_LOCAL"}
STORES = {"DATABASE_URL", "REDIS_URL", "CELERY_BROKER_URL", "EMAIL_URL"}
SECRETS = STORES | {"SECRET_KEY", "FIELD_ENCRYPTION_KEYS"}


def read_by(file: str) -> Iterator[str]:
    """Yields the names that a file asks the environment for."""
    for node in ast.walk(ast.parse((PROJECT / file).read_text())):
        if isinstance(node, ast.Call) and node.args and ASKS.match(ast.unparse(node.func)):
            asked = node.args[0]
        elif isinstance(node, ast.Compare) and ast.unparse(node.comparators[0]) == "os.environ":
            asked = node.left
        else:
            continue
        if isinstance(asked, ast.Constant) and re.fullmatch("[A-Z_]+", str(asked.value)):
            yield str(asked.value)


READ = {name for file in READERS for name in read_by(file)} | {
    f"KEEP_{name.upper()}_DAYS" for name in settings.RETENTION_DAYS
}
SERVICES = yaml.safe_load((DEPLOY / "compose.yaml").read_text())["services"]
OURS = {name: service for name, service in SERVICES.items() if service["image"] == "wechat-console"}


def set_by_compose() -> Iterator[tuple[str, str]]:
    for name, service in OURS.items():
        for variable in service["environment"]:
            yield f"compose: {name}", variable


def set_by_manifests() -> Iterator[tuple[str, str]]:
    for each in (DEPLOY / "kubernetes").rglob("*.env"):
        yield from set_by_lines(each, r"^(\w+=.*)$")
    text = (DEPLOY / "kubernetes/base/kustomization.yaml").read_text()
    yield from (("secret", variable) for variable in re.findall(r"--from-literal=(\w+)=", text))


def set_by_lines(file: Path, lines: str) -> Iterator[tuple[str, str]]:
    for line in re.findall(lines, file.read_text(), re.M):
        yield from ((file.name, variable) for variable in re.findall(r"(\w+)=", line))


SET = sorted(
    {
        *set_by_compose(),
        *set_by_manifests(),
        *set_by_lines(DEPLOY / "Dockerfile", r"^ENV (.*(?:\\\n.*)*)$"),
        *(each for unit in UNITS for each in set_by_lines(unit, r"^Environment=(.*)$")),
    }
)


def test_the_variables_are_found() -> None:
    assert {"DATABASE_URL", "TRUSTED_PROXIES", "KEEP_MEDIA_DAYS", "EMAIL_URL", "METRICS_PORT"} <= READ
    places = {where for where, _name in SET}
    assert {"compose: web", "config.env", "secret", "wechat-console-web.service", "Dockerfile"} <= places


@pytest.mark.parametrize(("where", "name"), SET)
def test_what_a_sample_sets_is_read(where: str, name: str) -> None:
    assert name in READ | OF_LIBRARIES or name.startswith("OTEL_"), f"{where} sets {name}"


@pytest.mark.parametrize("name", sorted(READ - NOT_OF_COMPOSE))
def test_what_is_read_can_be_set_for_containers(name: str) -> None:
    """Kubernetes and systemd hand on whatever is in the map or the file; compose hands on what it names."""
    assert any(name in service["environment"] for service in OURS.values())
    if name not in OURS["worker"]["environment"].keys() - OURS["web"]["environment"].keys():
        assert all(name in service["environment"] for service in OURS.values())


@pytest.mark.parametrize("name", sorted(READ))
@pytest.mark.parametrize("guide", ["docs/configuration.md", "docs/configuration.zh-CN.md"])
def test_what_is_read_is_in_the_table(guide: str, name: str) -> None:
    rows = [line for line in (PROJECT / guide).read_text().splitlines() if line.startswith("|")]
    assert any(f"`{name}`" in row.split("|")[1] for row in rows)


@pytest.mark.parametrize("guide", ["docs/configuration.md", "docs/configuration.zh-CN.md"])
def test_the_table_names_what_is_read(guide: str) -> None:
    rows = re.findall(r"^\| (`[A-Z_]+`(?:, `[A-Z_]+`)*) \|", (PROJECT / guide).read_text(), re.M)
    named = {name for row in rows for name in re.findall("[A-Z_]{3,}", row)}
    rest = {name for file in READERS_OF_THE_REST for name in read_by(file)}
    assert named <= READ | rest | OF_LIBRARIES


def test_what_is_empty_is_as_if_it_was_not_set(tmp_path: Path) -> None:
    """Compose hands on an empty value for each variable that nobody set."""
    given = {
        "DATABASE_URL": "postgres://console:pw@postgres:5432/console",
        "REDIS_URL": "redis://:pw@redis:6379/0",
        "SECRET_KEY": "k" * 50,
        "FIELD_ENCRYPTION_KEYS": f"a:{base64.b64encode(bytes(32)).decode()}",
        "PUBLIC_URL": "https://console.example.com",
    }
    names = {name for service in OURS.values() for name in service["environment"]}
    code = "from django.conf import settings; print(settings.WEB_THREADS, settings.CALLBACK_ALLOW_LIST)"
    environment = {
        "PATH": os.environ["PATH"],
        "DJANGO_SETTINGS_MODULE": "config.settings",
        "WECHAT_CONSOLE_LOCAL": str(tmp_path),
        **dict.fromkeys(names, ""),
        **given,
    }
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=PROJECT, env=environment, capture_output=True, text=True
    )
    assert done.stdout.split() == ["8", "False"], done.stderr


def test_the_units_name_files_of_secrets_that_are_read() -> None:
    for unit in UNITS:
        for name in re.findall(r"([A-Z_]+)_FILE\b", unit.read_text()):
            assert name in SECRETS
