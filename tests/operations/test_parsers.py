"""What is in ``deploy`` is read by the tools it is for, where they are installed.

``.ci/run`` installs them.
"""

import json
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from config.embedded import PROJECT

DEPLOY = PROJECT / "deploy"
OBSERVABILITY = DEPLOY / "observability"
SYSTEMD = sorted((DEPLOY / "systemd").iterdir())
# A certificate's place in the sample, and lines that only a main file may have around the sample.
NGINX = """
pid {folder}/pid; error_log stderr;
events {{}}
http {{
    access_log {folder}/access.log;
    client_body_temp_path {folder}/a; proxy_temp_path {folder}/b; fastcgi_temp_path {folder}/c;
    uwsgi_temp_path {folder}/d; scgi_temp_path {folder}/e;
    include {folder}/sample.conf;
}}
"""


def run(*command: str | Path, cwd: Path = PROJECT) -> str:
    tool = shutil.which(str(command[0]))
    if tool is None:
        pytest.skip(f"{command[0]} is not installed")
    done = subprocess.run([tool, *map(str, command[1:])], cwd=cwd, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout + done.stderr


def certified(folder: Path) -> None:
    """A key and a certificate of nobody."""
    run(
        *("openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-subj", "/CN=console.example.com"),
        *("-keyout", folder / "key.pem", "-out", folder / "certificate.pem"),
    )


def version_of_nginx() -> tuple[int, ...]:
    return tuple(map(int, run("nginx", "-v").split("nginx/")[1].split()[0].split(".")))


def reads_nginx(folder: Path, text: str) -> None:
    (folder / "sample.conf").write_text(text)
    (folder / "main.conf").write_text(NGINX.format(folder=folder))
    run("nginx", "-t", "-c", folder / "main.conf", "-p", folder)


def test_nginx_reads_the_sample_for_debian(tmp_path: Path) -> None:
    certified(tmp_path)
    text = (DEPLOY / "nginx-debian.conf").read_text()
    text = text.replace("/etc/ssl/certs/console.example.com.pem", str(tmp_path / "certificate.pem"))
    reads_nginx(tmp_path, text.replace("/etc/ssl/private/console.example.com.key", str(tmp_path / "key.pem")))


def test_nginx_reads_the_sample_for_compose(tmp_path: Path) -> None:
    text = (DEPLOY / "nginx-compose.conf").read_text()
    if version_of_nginx() < (1, 27, 3):
        # Whoever is behind the name is asked again since then; older ones know the rest.
        text = text.replace("server web:8000 resolve;", "server 127.0.0.1:8000;")
    reads_nginx(tmp_path, text)


def test_caddy_reads_its_sample() -> None:
    run("caddy", "validate", "--adapter", "caddyfile", "--config", DEPLOY / "Caddyfile")


@pytest.mark.parametrize("unit", SYSTEMD, ids=lambda unit: unit.name)
def test_systemd_reads_the_units(unit: Path) -> None:
    tool = shutil.which("systemd-analyze")
    if tool is None:
        pytest.skip("systemd-analyze is not installed")
    done = subprocess.run([tool, "verify", *map(str, SYSTEMD)], capture_output=True, text=True)
    # The programs are where the sample is installed, not here.
    faults = [line for line in done.stderr.splitlines() if "is not executable" not in line]
    assert not [line for line in faults if unit.name in line]


def test_prometheus_reads_its_configuration_and_the_alerts() -> None:
    run("promtool", "check", "config", "prometheus.yml", cwd=OBSERVABILITY)
    run("promtool", "check", "rules", "alerts.yml", cwd=OBSERVABILITY)


def test_alerts_go_off_when_they_should_and_only_then() -> None:
    run("promtool", "test", "rules", "alerts_test.yml", cwd=OBSERVABILITY)


@pytest.mark.parametrize(
    ("schema", "file"),
    [
        ("compose-spec", DEPLOY / "compose.yaml"),
        *(("github-workflows", path) for path in sorted((PROJECT / ".github/workflows").iterdir())),
        *(
            ("custom.github-workflows-require-timeout", path)
            for path in sorted((PROJECT / ".github/workflows").iterdir())
        ),
    ],
    ids=lambda value: value if isinstance(value, str) else value.name,
)
def test_it_keeps_to_its_published_schema(schema: str, file: Path) -> None:
    name = schema if "." in schema else f"vendor.{schema}"
    checker = Path(sys.executable).with_name("check-jsonschema")
    run(checker, "--builtin-schema", name, file)


def test_workflows_run_the_commands_of_the_makefile() -> None:
    text = (PROJECT / ".github/workflows/check.yml").read_text()
    targets = (PROJECT / "Makefile").read_text()
    called = [line.split("make ", 1)[1].strip() for line in text.splitlines() if "- run: make " in line]
    assert {"check", "test"} <= set(called)
    assert all(f"\n{target}:" in targets for target in called)


def test_files_that_compose_mounts_are_there() -> None:
    text = (DEPLOY / "compose.yaml").read_text()
    mounted = [line.split("- ./", 1)[1].split(":")[0] for line in text.splitlines() if "- ./" in line]
    assert mounted
    assert [name for name in mounted if not (DEPLOY / name).exists()] == []


@pytest.mark.parametrize(
    "path", sorted(DEPLOY.rglob("*.y*ml")), ids=lambda path: str(path.relative_to(DEPLOY))
)
def test_every_other_file_is_read_as_what_its_name_says(path: Path) -> None:
    assert all(isinstance(each, dict) for each in yaml.safe_load_all(path.read_text()))


def instructions() -> list[tuple[str, str]]:
    """Of the Dockerfile, in their order."""
    text = re.sub(r"^#.*\n", "", (DEPLOY / "Dockerfile").read_text(), flags=re.M).replace("\\\n", " ")
    return [(line.split()[0], line.split(maxsplit=1)[1]) for line in text.splitlines() if line.strip()]


def test_the_image_is_nobodys_and_has_what_it_copies() -> None:
    lines = instructions()
    known = {"FROM", "RUN", "COPY", "ENV", "WORKDIR", "USER", "VOLUME", "EXPOSE", "HEALTHCHECK", "CMD"}
    assert {name for name, _given in lines} <= known
    last = dict(lines)
    assert last["USER"] == "10001:10001"
    assert "/healthz/ready" in last["HEALTHCHECK"]
    assert isinstance(json.loads(last["CMD"]), list)
    assert json.loads(last["HEALTHCHECK"].split("CMD", 1)[1])
    copied = [given.split()[0] for name, given in lines if name == "COPY" and "--from" not in given]
    assert [source for source in copied if not (PROJECT / source).exists()] == []
    left_in = (PROJECT / ".dockerignore").read_text().split()
    for folder in (
        "accounts",
        "config",
        "docs/images",
        "docs/staff",
        "menus",
        "payments",
        "requirements",
        "templates",
        "wechat",
    ):
        assert f"!{folder}" in left_in
