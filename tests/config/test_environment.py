"""Tests of invalid environment variables: they stop the process with one clear line."""

import base64
import runpy
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from config import environment
from config.embedded import PROJECT
from config.environment import InvalidSetting

KEY = base64.b64encode(b"k" * 32).decode()

SettingsOf = Callable[..., dict[str, Any]]


@pytest.fixture
def settings_of(monkeypatch: pytest.MonkeyPatch) -> SettingsOf:
    """Reads the settings anew, in an environment with these variables beside the usual ones."""

    def read(**variables: str) -> dict[str, Any]:
        usual = {"SECRET_KEY": "s" * 60, "FIELD_ENCRYPTION_KEYS": f"a:{KEY}", "ALLOWED_HOSTS": "localhost"}
        for name, value in (usual | variables).items():
            monkeypatch.setenv(name, value)
        return runpy.run_path(str(PROJECT / "config" / "settings.py"))

    return read


def test_what_the_query_of_the_database_says_is_kept(settings_of: SettingsOf) -> None:
    """A failover names all hosts, and a server elsewhere is to prove who it is."""
    wanted = "sslmode=verify-full&target_session_attrs=read-write"
    address = f"postgres://console:secret@one:5432,two:5433/console?{wanted}"
    known = settings_of(DATABASE_URL=address)["DATABASES"]["default"]
    assert (known["HOST"], known["PORT"]) == ("one,two", "5432,5433")
    assert known["OPTIONS"]["sslmode"] == "verify-full"
    assert known["OPTIONS"]["target_session_attrs"] == "read-write"
    assert known["OPTIONS"]["connect_timeout"] == 2


def test_queues_are_of_a_type_that_rabbitmq_has(settings_of: SettingsOf) -> None:
    queues = settings_of(CELERY_QUEUE_TYPE="quorum")["CELERY_TASK_QUEUES"]
    assert {each.queue_arguments["x-queue-type"] for each in queues} == {"quorum"}
    with pytest.raises(InvalidSetting, match="CELERY_QUEUE_TYPE is 'mirrored'; use classic or quorum"):
        settings_of(CELERY_QUEUE_TYPE="mirrored")


def test_a_flag_is_yes_or_no_and_nothing_else(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DEBUG", "on")
    assert environment.flag("DEBUG", default=False)
    monkeypatch.setenv("DEBUG", "perhaps")
    with pytest.raises(InvalidSetting, match="DEBUG is 'perhaps'; use 1 or 0"):
        environment.flag("DEBUG", default=False)


@pytest.mark.parametrize("value", ["0", "65536", "-1", "8000x", "8.5"])
def test_a_port_out_of_range_is_refused(monkeypatch: pytest.MonkeyPatch, value: str) -> None:
    monkeypatch.setenv("PORT", value)
    with pytest.raises(InvalidSetting, match="PORT is"):
        environment.number("PORT", 8000, least=1, most=65535)


@pytest.mark.parametrize(
    ("value", "expected"),
    [("", 1), ("0", 0), ("2", 2), ("10.0.0.0/8, ::1", ("10.0.0.0/8", "::1/128"))],
)
def test_trusted_proxies_are_a_number_or_networks(
    monkeypatch: pytest.MonkeyPatch, value: str, expected: int | tuple[str, ...]
) -> None:
    monkeypatch.setenv("TRUSTED_PROXIES", value)
    trusted = environment.trusted_proxies("TRUSTED_PROXIES", 1)
    assert (trusted if isinstance(trusted, int) else tuple(map(str, trusted))) == expected


@pytest.mark.parametrize("value", ["-1", "11", "proxy", "10.0.0.1/8", "10.0.0.0/8,"])
def test_trusted_proxies_that_make_no_sense_are_refused(monkeypatch: pytest.MonkeyPatch, value: str) -> None:
    monkeypatch.setenv("TRUSTED_PROXIES", value)
    with pytest.raises(InvalidSetting, match="TRUSTED_PROXIES is"):
        environment.trusted_proxies("TRUSTED_PROXIES", 1)


@pytest.mark.parametrize(
    "value",
    [
        "example.com",
        "ftp://example.com",
        "https://",
        "https://[::1",
        "https://:443",
        "https://example.com:99999",
        "https://example.com:http",
        "https://user:word@example.com",
        "https://my server.com",
        "https://example.com?a=1",
    ],
)
def test_an_address_needs_its_scheme_and_its_host(monkeypatch: pytest.MonkeyPatch, value: str) -> None:
    monkeypatch.setenv("PUBLIC_URL", value)
    with pytest.raises(InvalidSetting, match="use an address such as"):
        environment.web_address("PUBLIC_URL", "http://127.0.0.1")


def test_the_console_is_at_the_root_of_its_host(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PUBLIC_URL", "https://example.com:8443/")
    assert environment.public_address("PUBLIC_URL", "") == "https://example.com:8443"
    monkeypatch.setenv("PUBLIC_URL", "https://example.com/console/")
    with pytest.raises(InvalidSetting, match="a host name of its own, without a path"):
        environment.public_address("PUBLIC_URL", "")


def test_allowed_hosts_are_names_and_not_addresses(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOSTS", "example.com, .example.com,[::1],*,")
    assert environment.host_names("HOSTS") == ["example.com", ".example.com", "[::1]", "*"]
    for wrong in ("https://example.com", "example.com:443", "a.com b.com"):
        monkeypatch.setenv("HOSTS", f"example.com,{wrong}")
        with pytest.raises(InvalidSetting, match=f"HOSTS has '{wrong}'; use names such as"):
            environment.host_names("HOSTS")


@pytest.mark.parametrize("end", ["", "/", "?sslmode=require"])
def test_an_address_of_postgres_names_a_database(end: str) -> None:
    with pytest.raises(InvalidSetting, match="names no database"):
        environment.database("DATABASE_URL", f"postgres://user:secret@db:5432{end}")


def test_an_address_of_redis_ends_with_a_number_at_most() -> None:
    for address in ("redis://one", "redis://one:6379/", "rediss://:word@one/2?ssl_cert_reqs=none"):
        assert environment.redis_address("REDIS_URL", address) == address
    with pytest.raises(InvalidSetting, match="REDIS_URL may end with the number of a database only"):
        environment.redis_address("REDIS_URL", "redis://one/console")


@pytest.mark.parametrize(
    ("variable", "value", "problem"),
    [
        ("PROMETHEUS_MULTIPROC_DIR", "/nowhere", "which is no folder; make it first"),
        ("OTEL_EXPORTER_OTLP_ENDPOINT", "collector:4318", "use an address such as"),
        ("EMAIL_FROM", "the console", "use a mail address"),
        ("EMAIL_URL", "smtp+tls://", "names no mail server"),
        ("ALLOWED_HOSTS", "https://example.com", "use names such as"),
        ("PUBLIC_URL", "https://example.com/console", "without a path"),
    ],
)
def test_what_would_fail_later_or_silently_stops_the_start(
    settings_of: SettingsOf, variable: str, value: str, problem: str
) -> None:
    with pytest.raises(InvalidSetting, match=f"{variable} .*{problem}"):
        settings_of(**{variable: value})


def test_traces_are_not_asked_for_where_nothing_can_send_them(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OTEL", "http://collector:4318")
    assert environment.traces_receiver("OTEL") == "http://collector:4318"
    monkeypatch.setitem(sys.modules, "opentelemetry", None)
    with pytest.raises(InvalidSetting, match=r"OTEL is set, but .* requirements/image\.txt"):
        environment.traces_receiver("OTEL")


def test_files_are_kept_in_the_data_folder_if_no_other_is_named(settings_of: SettingsOf) -> None:
    known = settings_of(MEDIA_ROOT=" ")
    assert known["MEDIA_ROOT"] == known["LOCAL"] / "media"


def test_a_database_password_is_not_in_the_message() -> None:
    with pytest.raises(InvalidSetting) as refused:
        environment.service_address("DATABASE_URL", "mysql://user:secret@db/name", "postgres")
    assert "secret" not in str(refused.value)


@pytest.mark.parametrize(
    "address",
    [
        "postgres://user:se/cret@db/name",
        "postgres://user:se#cret@db/name",
        "postgres://user:1?cret@db/name",
        "postgres://user:1/cret@db/name",
        "postgres://user@db:cret/name",
        "postgres://user@db:99999999/name",
        "postgres://user:se[cret@db/name",
        "postgres://user:se：cret@db/name",
        "postgres://user:se＠cret@db/name",
    ],
)
def test_a_part_of_a_password_is_not_taken_for_a_port_and_named(address: str) -> None:
    with pytest.raises(InvalidSetting, match="write / # \\? @ : % \\[ of a password as %2F") as refused:
        environment.service_address("DATABASE_URL", address, "postgres")
    assert "cret" not in str(refused.value)


@pytest.mark.parametrize(
    "address",
    [
        "postgres://user:se%2Fcret@one:5432,two:5433/name?host=@abstract",
        "postgres://user@/name?host=%2Frun%2Fpostgresql",
        "postgres://[::1]:5432/name",
    ],
)
def test_an_address_may_have_several_hosts_or_none(address: str) -> None:
    assert environment.service_address("DATABASE_URL", address, "postgres") == address


def test_field_keys_are_read_in_their_order() -> None:
    assert list(environment.field_keys(f"new:{KEY}, old:{KEY}")) == ["new", "old"]


def test_a_key_in_the_place_of_another_is_noticed() -> None:
    """What the first one encrypted could never be opened."""
    with pytest.raises(InvalidSetting, match="two keys with the id 'a'"):
        environment.field_keys(f"a:{KEY},a:{base64.b64encode(b'n' * 32).decode()}")


@pytest.mark.parametrize("text", ["", "a", KEY, f":{KEY}", "a:####", "a:c2hvcnQ=", f"{'x' * 17}:{KEY}"])
def test_field_keys_in_another_form_are_refused(text: str) -> None:
    with pytest.raises(InvalidSetting, match=r"FIELD_ENCRYPTION_KEYS .*openssl rand -base64 32"):
        environment.field_keys(text)


def test_local_secrets_are_made_once_and_only_the_owner_reads_them(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("WECHAT_CONSOLE_LOCAL", str(tmp_path / "local"))
    first = environment.local_secrets()
    assert environment.local_secrets() == first
    assert (tmp_path / "local" / "secrets.json").stat().st_mode & 0o777 == 0o600
    assert environment.field_keys(first["FIELD_ENCRYPTION_KEYS"])


def test_an_address_that_is_forgotten_is_named_where_no_embedded_server_runs(
    settings_of: SettingsOf, tmp_path: Path
) -> None:
    with pytest.raises(InvalidSetting, match="REDIS_URL is not set and the embedded servers do not run: set"):
        settings_of(
            DATABASE_URL="postgres://c:secret@db/console", REDIS_URL="", WECHAT_CONSOLE_LOCAL=str(tmp_path)
        )


def test_a_secret_may_come_in_a_file(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "key").write_text("from a file\n")
    monkeypatch.delenv("SECRET_KEY", raising=False)
    monkeypatch.setenv("SECRET_KEY_FILE", str(tmp_path / "key"))
    assert environment.secret("SECRET_KEY", embedded=False) == "from a file"
    monkeypatch.setenv("SECRET_KEY", "from outside")
    with pytest.raises(InvalidSetting, match="SECRET_KEY_FILE is set, and SECRET_KEY too"):
        environment.secret("SECRET_KEY", embedded=False)


def test_a_file_that_is_not_there_is_named_and_nothing_of_it_told(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.delenv("DATABASE_URL", raising=False)
    monkeypatch.setenv("DATABASE_URL_FILE", str(tmp_path / "nowhere"))
    with pytest.raises(InvalidSetting, match=r"DATABASE_URL_FILE names .*/nowhere, which cannot be read"):
        environment.variable("DATABASE_URL")


def test_a_file_that_is_empty_is_no_secret_that_nobody_set(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """Without an address the embedded servers would be asked for."""
    (tmp_path / "address").write_text("\n")
    monkeypatch.delenv("DATABASE_URL", raising=False)
    monkeypatch.setenv("DATABASE_URL_FILE", str(tmp_path / "address"))
    with pytest.raises(InvalidSetting, match="DATABASE_URL_FILE names a file that is empty"):
        environment.variable("DATABASE_URL")
