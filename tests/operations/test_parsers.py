"""Tests that the tools of the files in ``deploy`` can parse them.

Those that are no package of Python's are skipped where they are missing; ``.ci/run`` installs them, and says
with ``EVERY_TOOL`` that none may be.
"""

import json
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
import yaml
from grafana_foundation_sdk.cog.encoder import JSONEncoder
from grafana_foundation_sdk.cog.plugins import register_default_plugins
from grafana_foundation_sdk.models.dashboard import Dashboard
from vrl_python import VRLRuntime

from config.embedded import PROJECT
from tests.programs import installed

DEPLOY = PROJECT / "deploy"
OBSERVABILITY = DEPLOY / "observability"
DASHBOARDS = sorted((OBSERVABILITY / "grafana" / "dashboards").iterdir())
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


def tool(name: str | Path) -> str:
    """Returns the path of a program, one of those that come with the packages or of the machine's.

    Skips the test where it is not installed.
    """
    beside = Path(sys.executable).with_name(str(name))
    found = str(beside) if beside.exists() else installed(str(name))
    if not found:
        pytest.skip(f"{name} is not installed")
    return found


def run(*command: str | Path, cwd: Path = PROJECT) -> str:
    program = [tool(command[0]), *map(str, command[1:])]
    done = subprocess.run(program, cwd=cwd, capture_output=True, text=True)
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
    done = subprocess.run(
        [tool("systemd-analyze"), "verify", *map(str, SYSTEMD)], capture_output=True, text=True
    )
    # The programs are where the sample is installed, not here.
    faults = [line for line in done.stderr.splitlines() if "is not executable" not in line]
    assert not [line for line in faults if unit.name in line]


def test_prometheus_reads_its_configuration_and_the_alerts() -> None:
    run("promtool", "check", "config", "prometheus.yml", cwd=OBSERVABILITY)
    run("promtool", "check", "rules", "alerts.yml", cwd=OBSERVABILITY)


def test_alerts_go_off_when_they_should_and_only_then() -> None:
    run("promtool", "test", "rules", "alerts_test.yml", cwd=OBSERVABILITY)


@pytest.mark.parametrize("path", DASHBOARDS, ids=lambda path: path.stem)
def test_grafana_knows_every_field_of_a_dashboard(path: Path) -> None:
    """Fields that Grafana's own types do not know are gone once these have read and written the dashboard."""
    register_default_plugins()
    written = json.loads(path.read_text())
    read = json.loads(JSONEncoder().encode(Dashboard.from_json(written)))
    assert list(unknown(written, read)) == []


def unknown(written: Any, read: Any, where: str = "") -> Iterator[str]:
    if isinstance(written, dict):
        for name, value in written.items():
            if name in read:
                yield from unknown(value, read[name], f"{where}.{name}")
            else:
                yield f"{where}.{name}"
    elif isinstance(written, list):
        assert len(written) == len(read)
        for number, pair in enumerate(zip(written, read, strict=True)):
            yield from unknown(*pair, f"{where}[{number}]")
    else:
        assert written == read, where


def pipeline() -> dict[str, Any]:
    found: dict[str, Any] = yaml.safe_load((OBSERVABILITY / "vector.yaml").read_text())
    return found


@pytest.mark.parametrize(
    ("service", "message", "labels"),
    [
        (
            "web",
            '{"event": "request", "level": "warning", "request_id": "1", "status": 200}',
            ("web", "warning"),
        ),
        ("postgres", "LOG:  checkpoint starting: time", ("postgres", "unknown")),
        ("redis", "[1, 2]", ("redis", "unknown")),
    ],
)
def test_vectors_own_language_makes_labels_of_a_line(
    service: str, message: str, labels: tuple[str, str]
) -> None:
    program = pipeline()["transforms"]["lines"]["source"]
    line = {"label": {"com.docker.compose.service": service}, "message": message, "stream": "stdout"}
    made = VRLRuntime.run(program, line, "UTC").processed_event
    assert (made["service"], made["level"]) == labels
    fields = json.loads(message) if service == "web" else {"message": message}
    assert fields.items() <= made.items()


def test_vectors_own_language_takes_the_time_of_a_line_and_keeps_the_rest() -> None:
    """The time has to be one: in the place of words, a store takes the moment at which a line arrives."""
    line = {"event": "request", "level": "info", "timestamp": "2031-02-03T04:05:06.789123Z", "status": 200}
    program = pipeline()["transforms"]["lines"]["source"]
    made = VRLRuntime.run(program, {"message": json.dumps(line)}, "UTC").processed_event
    # As the interpreter shows a time; words would have stayed as they were.
    assert made["timestamp"] == "2031-02-03 04:05:06.789123 UTC"
    assert made.items() >= {name: value for name, value in line.items() if name != "timestamp"}.items()


def test_the_pipeline_of_logs_is_whole() -> None:
    """Every part takes from one that there is, and ends in the store of the same compose file."""
    read = pipeline()
    parts = {name for kind in ("sources", "transforms") for name in read[kind]}
    taken = [
        each for kind in ("transforms", "sinks") for part in read[kind].values() for each in part["inputs"]
    ]
    assert set(taken) == parts
    compose = yaml.safe_load((DEPLOY / "compose.yaml").read_text())
    assert f"com.docker.compose.project={compose['name']}" in read["sources"]["containers"]["include_labels"]
    host = urlsplit(read["sinks"]["loki"]["endpoint"])
    assert (host.hostname in compose["services"], host.port) == (True, 3100)
    made = VRLRuntime.run(read["transforms"]["lines"]["source"], {"message": "{}"}, "UTC").processed_event
    used = set(re.findall(r"\{\{ (\w+) \}\}", " ".join(read["sinks"]["loki"]["labels"].values())))
    assert used <= made.keys()


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
    run("check-jsonschema", "--builtin-schema", name, file)


def test_workflows_run_the_commands_of_the_makefile() -> None:
    text = (PROJECT / ".github/workflows/check.yml").read_text()
    targets = (PROJECT / "Makefile").read_text()
    called = [line.split("make ", 1)[1].strip() for line in text.splitlines() if "- run: make " in line]
    assert {"check", "test"} <= set(called)
    assert all(f"\n{target}:" in targets for target in called)


def test_the_shell_reads_the_check_of_the_images() -> None:
    run("sh", "-n", DEPLOY / "check_images.sh")


def test_grafana_is_given_the_stores_and_dashboards_of_the_compose_file() -> None:
    provisioning = OBSERVABILITY / "grafana" / "provisioning"
    stores = yaml.safe_load((provisioning / "datasources" / "stores.yaml").read_text())
    (provider,) = yaml.safe_load((provisioning / "dashboards" / "files.yaml").read_text())["providers"]
    services = yaml.safe_load((DEPLOY / "compose.yaml").read_text())["services"]
    mounted = {each.split(":")[1]: each.split(":")[0] for each in services["grafana"]["volumes"]}
    assert mounted[provider["options"]["path"]] == "./observability/grafana/dashboards"
    assert mounted["/etc/grafana/provisioning"] == "./observability/grafana/provisioning"
    hosts = {urlsplit(store["url"]).hostname for store in stores["datasources"]}
    assert hosts <= services.keys()
    uids = {store["uid"] for store in stores["datasources"]}
    assert set(re.findall(r"datasourceUid': '(\w+)'", str(stores))) <= uids


@pytest.mark.parametrize("pipeline", [".ci/run", ".github/workflows/check.yml"])
def test_both_pipelines_install_the_tools_and_let_none_be_missing(pipeline: str) -> None:
    text = (PROJECT / pipeline).read_text()
    assert {"caddy", "nginx", "openssl", "pgbouncer", "prometheus", "systemd"} <= set(text.split())
    assert "EVERY_TOOL" in text


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


def test_the_dockerfile_is_good_docker() -> None:
    """It checks the grammar, to the flags of each instruction, and what is known to go wrong with images."""
    run("hadolint", "--failure-threshold", "warning", DEPLOY / "Dockerfile")


def instructions() -> list[tuple[str, str]]:
    """Returns the instructions of the Dockerfile, in their order, each with its arguments."""
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
