import os
import pty
import select
import signal
import socket
import sys

import psutil
import pytest

from config.embedded import PROJECT
from simulator.ports import free_port
from tests.stack.checkout import PATIENCE_SECONDS, Checkout, read_until

READY = "Ctrl-C stops everything"


@pytest.fixture
def ports() -> dict[str, str]:
    """Returns two free ports, for web and simulator."""
    return {"PORT": str(free_port()), "SIMULATOR_PORT": str(free_port())}


def test_a_second_stack_says_so_and_an_ended_process_is_named(
    checkout: Checkout, ports: dict[str, str]
) -> None:
    with checkout.started("-m", "config.stack", **ports) as first:
        read_until(first, READY)
        second = checkout.run("-m", "config.stack", **ports)
        assert second.returncode == 1
        assert f"This project is running already (process {first.pid})" in second.stdout
        _program(checkout, "worker").kill()
        assert "worker ended with signal 9: everything is stopped" in read_until(
            first, "everything is stopped"
        )
        assert first.wait(PATIENCE_SECONDS) == 1
        assert not checkout.processes()


def test_nothing_runs_on_after_the_supervisor_was_killed_and_it_starts_again(
    checkout: Checkout, ports: dict[str, str]
) -> None:
    with checkout.started("-m", "config.stack", **ports) as killed:
        read_until(killed, READY)
        killed.kill()
    with checkout.started("-m", "config.stack", **ports) as again:
        read_until(again, READY)
        again.send_signal(signal.SIGTERM)
        again.communicate(timeout=PATIENCE_SECONDS)
        assert again.returncode == 0
        assert not checkout.processes()


def test_a_command_beside_it_talks_to_its_web_process_and_its_simulator(
    checkout: Checkout, ports: dict[str, str]
) -> None:
    with checkout.started("-m", "config.stack", **ports) as stack:
        read_until(stack, READY)
        checked = checkout.run("manage.py", "doctor", "demo", "--language", "en")
        assert checked.returncode == 0, checked.stdout
        named = checkout.run("manage.py", "configure_account", "demo", "--name", "demo")
        assert f"http://127.0.0.1:{ports['PORT']}/wechat/demo/callback" in named.stdout


@pytest.mark.parametrize("variable", ["PORT", "SIMULATOR_PORT"])
def test_a_taken_port_is_named_with_what_to_set(
    checkout: Checkout, ports: dict[str, str], variable: str
) -> None:
    with socket.create_server(("127.0.0.1", int(ports[variable]))):
        result = checkout.run("-m", "config.stack", **ports)
    assert result.returncode == 1
    assert f"Port {ports[variable]} is taken" in result.stdout
    assert f"make run {variable}=" in result.stdout
    assert not checkout.processes()


def test_a_closed_terminal_ends_everything_although_make_waits_for_it(
    checkout: Checkout, ports: dict[str, str]
) -> None:
    pid, terminal = pty.fork()
    if pid == 0:
        # Not told about the hang-up, like a program that ``make`` runs as the terminal's first process.
        signal.signal(signal.SIGHUP, signal.SIG_IGN)
        os.chdir(PROJECT)
        os.execve(sys.executable, [sys.executable, "-m", "config.stack"], checkout.environment | ports)
    _read_terminal_until(terminal, READY)
    os.close(terminal)
    _, status = os.waitpid(pid, 0)
    assert os.waitstatus_to_exitcode(status) == 0
    assert not checkout.processes()


def _program(checkout: Checkout, name: str) -> psutil.Process:
    """The main process of that name: the one that leads its session."""
    return next(
        each for each in checkout.processes() if name in each.cmdline() and os.getsid(each.pid) == each.pid
    )


def _read_terminal_until(terminal: int, text: str) -> None:
    output = b""
    while text.encode() not in output:
        assert select.select([terminal], [], [], PATIENCE_SECONDS)[0], output
        output += os.read(terminal, 65536)
