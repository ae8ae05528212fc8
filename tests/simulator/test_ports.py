import pytest

from simulator import ports


def test_no_port_is_given_twice_nor_to_another_process_nor_to_an_outgoing_connection(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    given: list[int] = []
    for worker in ("gw0", "gw1"):
        monkeypatch.setenv("PYTEST_XDIST_WORKER", worker)
        monkeypatch.setattr(ports, "_left", [])
        given += [ports.free_port() for _port in range(200)]
    assert len(set(given)) == 400
    assert max(given) < 32_768
