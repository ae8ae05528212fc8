"""A drill that fails leaves no program behind that it started."""

import signal
from dataclasses import dataclass
from types import SimpleNamespace
from typing import Any

import pytest

from bench.drill import drills


@dataclass
class Program:
    """A program that fails to start, and to take a signal, where it is broken."""

    broken: bool = False
    is_running: bool = False

    def start(self) -> None:
        self.send(signal.SIGCONT)
        self.is_running = True

    def send(self, number: signal.Signals) -> None:
        if self.broken:
            raise OSError("no such program")

    def stop(self) -> None:
        self.is_running = False


@pytest.mark.parametrize(
    ("drill", "good", "broken"),
    [(drills.three_beats, "second beat", "third beat"), (drills.frozen_worker, "second worker", "worker")],
)
def test_a_program_is_stopped_when_another_one_fails(drill: Any, good: str, broken: str) -> None:
    programs = {good: Program(), broken: Program(broken=True)}
    with pytest.raises(OSError, match="no such program"), drill(SimpleNamespace(programs=programs)):
        pass
    assert not programs[good].is_running
