"""What somebody types wrongly at the start: one line says what, and nothing is started."""

import pytest

from simulator.ports import free_port
from tests.stack.checkout import Checkout


@pytest.mark.parametrize(
    ("variables", "line"),
    [
        ({"WEB_WORKERS": "many"}, "WEB_WORKERS is 'many': use a number from 1"),
        ({"HOST": "my server"}, "HOST is 'my server': use an address of this machine"),
    ],
)
def test_a_mistake_in_a_variable_of_the_stack_is_named(
    checkout: Checkout, variables: dict[str, str], line: str
) -> None:
    ports = {"PORT": str(free_port()), "SIMULATOR_PORT": str(free_port())}
    result = checkout.run("-m", "config.stack", **(ports | variables))
    assert result.returncode == 1
    assert line in result.stdout
    assert not checkout.processes()


def test_web_and_simulator_need_a_port_each(checkout: Checkout) -> None:
    port = str(free_port())
    result = checkout.run("-m", "config.stack", PORT=port, SIMULATOR_PORT=port)
    assert result.returncode == 1
    assert f"PORT and SIMULATOR_PORT are both {port}: use two numbers" in result.stdout


def test_a_data_folder_that_cannot_be_made_is_named(checkout: Checkout) -> None:
    result = checkout.run("manage.py", "check", WECHAT_CONSOLE_LOCAL="/proc/nowhere")
    assert result.returncode == 1
    assert "The data folder /proc/nowhere cannot be made" in result.stderr
    assert "Traceback" not in result.stderr


def test_a_database_that_cannot_be_reached_is_told_in_a_line_with_the_reason(checkout: Checkout) -> None:
    address = f"postgres://console:a-password@127.0.0.1:{free_port()}/console"
    variables = {
        "DATABASE_URL": address,
        "REDIS_URL": "redis://127.0.0.1:1",
        "SECRET_KEY": "s" * 60,
        "FIELD_ENCRYPTION_KEYS": f"a:{'a' * 43}=",
    }
    result = checkout.run("manage.py", "doctor", **variables)
    assert result.returncode == 1
    last = result.stderr.splitlines()[-1]
    assert last.startswith("PostgreSQL cannot be reached: ")
    assert "Connection refused" in last
    assert "Check DATABASE_URL" in last
    assert "Traceback" not in result.stderr
    assert "a-password" not in result.stderr
