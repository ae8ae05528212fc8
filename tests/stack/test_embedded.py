import fcntl
import os
import signal
import subprocess
import sys
from pathlib import Path

import psutil
import pytest

from config.embedded import PROJECT
from tests.stack.checkout import IGNORING, PATIENCE_SECONDS, Checkout

CONNECT = """
import psycopg, redis
from config.embedded import database_url, redis_url
database = psycopg.connect(database_url(), autocommit=True)
store = redis.Redis.from_url(redis_url())
"""
WRITE = CONNECT + "database.execute('create table kept as select 41 + 1 as n'); store.set('kept', 'yes')"
READ = CONNECT + "print(database.execute('select n from kept').fetchone()[0], store.get('kept').decode())"


def test_a_command_finds_both_servers_and_keeps_its_exit_code(checkout: Checkout) -> None:
    result = checkout.embedded(CONNECT + "store.ping(); raise SystemExit(7)")
    assert result.returncode == 7, result.stderr


def test_data_survives_a_restart(checkout: Checkout) -> None:
    assert checkout.embedded(WRITE).returncode == 0
    result = checkout.embedded(READ)
    assert result.stdout.strip() == "42 yes", result.stderr


def test_a_restart_keeps_ports_and_password(checkout: Checkout) -> None:
    code = "from config.embedded import service_urls; print(service_urls())"
    assert checkout.embedded(code).stdout == checkout.embedded(code).stdout


def test_nobody_is_let_in_without_the_password(checkout: Checkout) -> None:
    with checkout.servers():
        result = checkout.run(
            "-c",
            "import psycopg, redis; from urllib.parse import urlsplit; from config.embedded import *\n"
            "for call in (lambda: psycopg.connect(host='127.0.0.1', user='wechat_console', password='guess',"
            " port=urlsplit(database_url()).port), redis.Redis(port=urlsplit(redis_url()).port).ping):\n"
            "    try: call()\n"
            "    except (psycopg.OperationalError, redis.AuthenticationError): print('refused')\n",
        )
    assert result.stdout.split() == ["refused", "refused"], result.stderr


def test_secrets_are_for_their_owner_only(checkout: Checkout) -> None:
    with checkout.servers():
        for name in ("services.json", "credentials.json", "lock"):
            assert (checkout.local / name).stat().st_mode & 0o777 == 0o600
        for name in ("postgres", "redis", "log"):
            assert (checkout.local / name).stat().st_mode & 0o777 == 0o700


def test_no_command_line_shows_the_password(checkout: Checkout) -> None:
    with checkout.servers():
        urls = checkout.run("-c", "from config.embedded import redis_url; print(redis_url())").stdout
        password = urls.split(":")[2].split("@")[0]
        lines = [" ".join(each.cmdline()) for each in checkout.processes()]
    assert len(lines) > 3
    assert not [line for line in lines if password in line]


def test_folders_above_the_data_keep_their_permissions(checkout: Checkout, tmp_path: Path) -> None:
    tmp_path.chmod(0o700)
    before = [(folder.stat().st_mode, folder.stat().st_uid) for folder in checkout.local.parents]
    assert checkout.embedded(WRITE).returncode == 0
    assert [(folder.stat().st_mode, folder.stat().st_uid) for folder in checkout.local.parents] == before


def test_a_second_start_beside_the_first_says_so(checkout: Checkout) -> None:
    with checkout.servers() as first:
        second = checkout.embedded("pass")
        assert first.poll() is None
        assert second.returncode == 1
        assert second.stderr == (
            f"This project is running already (process {first.pid}): stop that one first\n"
        )


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP])
def test_nothing_is_left_running_after(checkout: Checkout, number: signal.Signals) -> None:
    with checkout.servers() as supervisor:
        assert checkout.processes()
        supervisor.send_signal(number)
        assert supervisor.wait(PATIENCE_SECONDS) == 128 + number
        assert not checkout.processes()
        assert not (checkout.local / "services.json").exists()
        assert not (checkout.local / "postgres" / "postmaster.pid").exists()


def test_a_hang_up_that_was_ignored_before_the_start_ends_it_all_the_same(checkout: Checkout) -> None:
    with checkout.servers("-c", IGNORING, "SIGHUP") as supervisor:
        supervisor.send_signal(signal.SIGHUP)
        assert supervisor.wait(PATIENCE_SECONDS) == 128 + signal.SIGHUP
        assert not checkout.processes()


def test_an_exit_code_survives_a_caller_that_does_not_care_about_its_children(checkout: Checkout) -> None:
    command = ("-m", "config.embedded", "--", sys.executable, "-c", "raise SystemExit(7)")
    assert checkout.run("-c", IGNORING, "SIGCHLD", *command).returncode == 7


def test_the_servers_end_with_a_supervisor_that_is_killed_and_start_again(checkout: Checkout) -> None:
    assert checkout.embedded(WRITE).returncode == 0
    with checkout.servers() as supervisor:
        orphans = checkout.processes()
        supervisor.kill()
        _, alive = psutil.wait_procs(orphans, PATIENCE_SECONDS)
    assert not [each for each in alive if each.status() != psutil.STATUS_ZOMBIE]
    assert checkout.embedded(READ).stdout.strip() == "42 yes"


def test_data_is_locked_until_the_last_process_of_its_server_is_gone(checkout: Checkout) -> None:
    with checkout.servers():
        for name in ("postgres.lock", "redis.lock"):
            with (checkout.local / name).open() as file, pytest.raises(BlockingIOError):
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    with (checkout.local / "postgres.lock").open() as file:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)


def test_a_start_that_was_killed_in_the_middle_does_no_harm_to_the_next(checkout: Checkout) -> None:
    with checkout.started("-m", "config.embedded", "--", "true") as supervisor:
        while not (checkout.local / "postgres.new").exists():
            assert supervisor.poll() is None
        supervisor.kill()
    assert checkout.embedded(WRITE).returncode == 0
    assert not (checkout.local / "postgres.new").exists()


def test_a_pid_file_with_a_strangers_number_is_overcome(checkout: Checkout) -> None:
    assert checkout.embedded(WRITE).returncode == 0
    (checkout.local / "postgres" / "postmaster.pid").write_text(f"{os.getpid()}\n{checkout.local}\n")
    assert checkout.embedded(READ).stdout.strip() == "42 yes"


def test_a_server_that_cannot_start_is_named_with_the_end_of_its_log(checkout: Checkout) -> None:
    assert checkout.embedded("pass").returncode == 0
    (checkout.local / "postgres" / "PG_VERSION").write_text("9.6\n")
    result = checkout.embedded("pass")
    assert result.returncode == 1
    assert "Postgres did not start" in result.stderr
    assert "9.6" in result.stderr
    assert not checkout.processes()


def test_temporary_servers_leave_no_files_and_the_kept_data_alone(checkout: Checkout, tmp_path: Path) -> None:
    checkout.environment["TMPDIR"] = str(tmp_path)
    code = "from config.embedded import local_folder; print(local_folder())"
    result = checkout.embedded(code, "--temporary")
    assert result.returncode == 0, result.stderr
    assert Path(result.stdout.strip()).parent == tmp_path
    assert not list(tmp_path.iterdir())


def test_a_server_named_in_the_environment_is_not_started(checkout: Checkout) -> None:
    checkout.environment["REDIS_URL"] = "redis://127.0.0.1:1/0"
    result = checkout.embedded("from config.embedded import service_urls; print(list(service_urls()))")
    assert result.stdout.strip() == "['database_url']"
    assert not (checkout.local / "redis").exists()


def test_settings_say_what_to_do_when_nothing_runs(checkout: Checkout) -> None:
    result = checkout.run("-c", "import config.settings")
    assert result.stderr.splitlines() == [
        (
            "WeChat Console cannot start: DATABASE_URL is not set and the embedded servers do not run: "
            "set it, run `make run`, or `python -m config.embedded -- COMMAND`."
        )
    ]


def test_manage_starts_and_stops_the_servers_by_itself(checkout: Checkout) -> None:
    result = checkout.run("manage.py", "check", "--database", "default")
    assert result.returncode == 0, result.stderr
    assert not checkout.processes()


def test_manage_uses_the_servers_that_are_running(checkout: Checkout) -> None:
    with checkout.servers() as supervisor:
        result = checkout.run("manage.py", "check", "--database", "default")
        assert result.returncode == 0, result.stderr
        assert supervisor.poll() is None


def test_an_installer_under_an_old_python_would_be_one_clear_line(tmp_path: Path) -> None:
    """A stand-in takes the old Python's place: the version is the only thing about it that counts."""
    code = (
        "import runpy, sys; sys.version_info = (3, 9, 2); sys.argv = ['install.py', 'run'];"
        f"runpy.run_path({str(PROJECT / 'config' / 'install.py')!r}, run_name='__main__')"
    )
    result = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, cwd=tmp_path, check=False
    )
    assert result.returncode == 1
    assert result.stderr.startswith("Python 3.11 or newer is needed and this is 3.9: name another one")
