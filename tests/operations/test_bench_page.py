"""The page that all benchmarks together write, without waiting for any of them."""

from collections.abc import Sequence
from pathlib import Path

import pytest

from bench import __main__ as bench
from bench.__main__ import QUICK, Outcome
from bench.database import make_tables


def test_every_benchmark_of_the_page_is_there() -> None:
    assert set(QUICK) <= {path.stem for path in Path(bench.__file__).parent.glob("*.py")}


def test_a_name_that_no_benchmark_has_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    assert bench.main(["callbacks", "nonsense"]) == 2
    assert "No benchmark nonsense; there are" in capsys.readouterr().err


def test_options_of_a_benchmark_need_its_name(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        bench.main(["figures", "growth", "--orders", "5000000"])
    assert "--orders 5000000: options of one benchmark" in capsys.readouterr().err


def test_a_benchmark_gets_the_options_behind_its_name(monkeypatch: pytest.MonkeyPatch) -> None:
    given: dict[str, Sequence[str]] = {}

    def run(name: str, arguments: Sequence[str]) -> Outcome:
        given[name] = arguments
        return Outcome(0, "", 0.0)

    monkeypatch.setattr(bench, "_run", run)
    assert bench.main(["figures", "--orders", "5000000"]) == 0
    assert given == {"figures": ["--orders", "5000000"]}


@pytest.mark.django_db
def test_a_benchmark_touches_no_database_that_has_tables() -> None:
    with pytest.raises(SystemExit, match="This database is in use"):
        make_tables()


def test_the_page_has_the_machine_what_was_said_and_what_failed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    outcomes = {
        "growth": Outcome(0, "| rules | 10 |\n", 61.4),
        "callbacks": Outcome(1, "the server did not start\n", 2.0),
    }
    monkeypatch.setattr(bench, "QUICK", {"growth": (), "callbacks": ()})
    monkeypatch.setattr(bench, "_run", lambda name, arguments: outcomes[name])
    assert bench.main(["--trial", str(tmp_path)]) == 1
    page = (tmp_path / "benchmarks.md").read_text()
    assert " processors (" in page
    assert "## `make bench ARGS=growth`\n\n| rules | 10 |\n" in page
    assert "```\nthe server did not start\n```\n\nIt failed with code 1.\n" in page
    assert "It took 61 s." in page
