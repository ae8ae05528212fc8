"""The doctor names mistakes in what all accounts share: the address, the stores, the folder of files."""

import copy
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command
from django.utils.translation import override
from django_redis import get_redis_connection
from pytest_django import Settings

from accounts.official.doctor import Level, examine_installation
from bench.own_redis import OwnRedis
from simulator.ports import free_port

pytestmark = pytest.mark.django_db


def sentences(level: Level | None = None) -> str:
    with override("en"):
        return "\n".join(str(each.sentence) for each in examine_installation() if level in {None, each.level})


def use_redis(settings: Settings, url: str) -> None:
    caches = copy.deepcopy(settings.CACHES)
    caches["default"]["LOCATION"] = url
    settings.CACHES = caches


def test_a_sound_installation_has_nothing_to_mend(settings: Settings) -> None:
    for address in ("https://console.example.com", "https://console.example.com:443"):
        settings.PUBLIC_URL = address
        assert sentences(Level.FAULT) == ""


def test_a_key_that_can_be_guessed_is_warned_of(settings: Settings) -> None:
    settings.PUBLIC_URL, settings.SECRET_KEY = "https://console.example.com", "changeme"
    assert "SECRET_KEY has 8 characters" in sentences(Level.WARNING)
    settings.SECRET_KEY = "k" * 32
    assert "SECRET_KEY" not in sentences()


@pytest.mark.parametrize(
    ("address", "fault"),
    [
        ("https://console.example.com:8443", "does not call the port"),
        ("http://console.example.com:8000", "does not call the port"),
        ("http://127.0.0.1:8000", "cannot reach PUBLIC_URL"),
        ("https://localhost", "cannot reach PUBLIC_URL"),
        ("https://10.1.2.3", "cannot reach PUBLIC_URL"),
        ("https://console", "cannot reach PUBLIC_URL"),
        ("https://[fd00::1]", "cannot reach PUBLIC_URL"),
    ],
)
def test_an_address_that_wechat_does_not_call_is_named(settings: Settings, address: str, fault: str) -> None:
    settings.PUBLIC_URL = address
    assert fault in sentences(Level.FAULT)
    settings.WECHAT_API_BASE = "http://127.0.0.1:8800"
    assert sentences(Level.FAULT) == ""


def test_an_address_without_tls_is_warned_of(settings: Settings) -> None:
    settings.PUBLIC_URL = "http://console.example.com"
    assert "unencrypted" in sentences(Level.WARNING)
    assert sentences(Level.FAULT) == ""


def test_a_redis_that_may_delete_or_lose_callbacks_is_named(
    settings: Settings, redis: OwnRedis, tmp_path: Path
) -> None:
    settings.PUBLIC_URL = "https://console.example.com"
    use_redis(settings, redis.url)
    assert "append-only file is off" in sentences(Level.WARNING)
    server = get_redis_connection("default")
    server.config_set("dir", str(tmp_path))
    server.config_set("appendonly", "yes")
    server.config_set("maxmemory-policy", "allkeys-lru")
    assert sentences() == "Redis may delete callbacks that wait in it: its maxmemory-policy is allkeys-lru."


def test_a_redis_that_is_away_is_named(settings: Settings) -> None:
    settings.PUBLIC_URL = "https://console.example.com"
    use_redis(settings, f"redis://127.0.0.1:{free_port()}/0")
    assert sentences(Level.FAULT) == "Redis cannot be reached, so background work waits."


def test_too_few_connections_are_warned_of(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(settings.DATABASES["default"]["OPTIONS"]["pool"], "max_size", 500)
    assert "connections; one web process and a worker use up to 517." in sentences(Level.WARNING)


def test_a_folder_in_which_no_file_can_be_stored_is_named(settings: Settings, tmp_path: Path) -> None:
    settings.PUBLIC_URL = "https://console.example.com"
    settings.MEDIA_ROOT = tmp_path / "not" / "made yet"
    assert sentences(Level.FAULT) == ""
    assert not any(tmp_path.iterdir())
    (tmp_path / "not").touch()
    [fault] = sentences(Level.FAULT).splitlines()
    assert fault.startswith(f"No file can be stored in MEDIA_ROOT, which is {settings.MEDIA_ROOT}: ")


def test_the_command_says_so_before_there_is_an_account(
    settings: Settings, capsys: pytest.CaptureFixture[str]
) -> None:
    settings.PUBLIC_URL = "https://console.example.com:8443"
    with pytest.raises(CommandError, match="1 to mend"):
        call_command("doctor", "--language", "zh-hans")
    assert "微信不会访问 PUBLIC_URL 的端口" in capsys.readouterr().out
