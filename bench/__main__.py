"""The runner of benchmarks: ``make bench ARGS=NAME`` runs the named ones, each as its own process.

Without a name it runs those that take minutes (not quarters of an hour), and writes ``docs/benchmarks.md``
with their results. With ``--write`` only the sections of the named ones are replaced in that page. Options of
a benchmark follow its name: ``make bench ARGS='figures --orders 5000000'``.

Each benchmark has its own empty Postgres and Redis, so that it does not affect the next one. With ``--trial``
they do as little as possible, to test that all of them run; the page and its plots are then written to the
given folder.
"""

import argparse
import os
import platform
import re
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from bench.plots import DOCS, DOCS_VARIABLE

# In the order of the page, each with the options of a trial run.
QUICK: dict[str, tuple[str, ...]] = {
    "rules": (),
    "simulator_calls": ("--followers", "2000", "--calls", "200", "--orders", "20"),
    "callbacks": ("--rounds", "1", "--seconds", "1"),
    "connections": ("--held", "2000", "--seconds", "1"),
    "push_api": ("--rounds", "1", "--seconds", "1"),
    "memory": ("--seconds", "5"),
    "payments": ("--rows", "2000"),
    "sends": ("--messages", "50", "--answers", "1"),
    "figures": ("--orders", "1000", "--messages", "1000"),
    "admin_pages": ("--rows", "10000"),
    "growth": ("--most", "1000"),
}
NO_BENCHMARKS = {"__init__", "__main__", "own_redis", "web", "plots", "pushes", "database", "interpreters"}
PAGE, HEADING = "benchmarks.md", "## `make bench ARGS={}`"
# The benchmarks whose output is already Markdown.
TABLES = {"growth"}
OWN_SERVERS = (sys.executable, "-m", "config.embedded", "--temporary", "--durable")
HEAD = """# Benchmarks

Written by `make bench` on {machine}, with load generator, Postgres and Redis on the same machine: what counts
are the ratios and how costs grow. Figures in parentheses were not measured but drawn on from the two sizes
before.
"""


@dataclass(frozen=True, slots=True)
class Outcome:
    code: int
    text: str
    seconds: float


def main(arguments: Sequence[str]) -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("names", nargs="*", metavar="NAME")
    parser.add_argument("--trial", type=Path, metavar="FOLDER")
    parser.add_argument("--write", action="store_true", help="put what the named ones say into the page")
    options, own = parser.parse_known_args(arguments)
    if own and len(options.names) != 1:
        parser.error(f"{' '.join(own)}: options of one benchmark go with the name of that one")
    known = {path.stem for path in Path(__file__).parent.glob("*.py")} - NO_BENCHMARKS
    if unknown := set(options.names) - known:
        sys.stderr.write(
            f"No benchmark {', '.join(sorted(unknown))}; there are {', '.join(sorted(known))}.\n"
        )
        return 2
    outcomes = _run_named(options.names, own, write=options.write) or _run_all(options.trial)
    failed = [name for name, outcome in outcomes.items() if outcome.code]
    if failed:
        sys.stderr.write(f"\nFailed: {', '.join(failed)}.\n")
    return max(outcome.code for outcome in outcomes.values())


def _run_named(names: Sequence[str], own: Sequence[str], *, write: bool) -> Mapping[str, Outcome]:
    outcomes = {name: _run(name, own) for name in names}
    if write:
        page = DOCS / PAGE
        known = _parts(page.read_text()) if page.exists() else {}
        page.write_text(_page({**known, **_written(outcomes)}))
    return outcomes


def _run_all(trial: Path | None) -> Mapping[str, Outcome]:
    docs = (trial or DOCS).resolve()
    docs.mkdir(parents=True, exist_ok=True)
    os.environ[DOCS_VARIABLE] = str(docs)
    outcomes = {name: _run(name, arguments if trial else ()) for name, arguments in QUICK.items()}
    (docs / PAGE).write_text(_page(_written(outcomes)))
    return outcomes


def _run(name: str, arguments: Sequence[str] = ()) -> Outcome:
    """Runs a benchmark and prints its output. Returns its exit code, its output and its duration."""
    print(f"\n== {name}", flush=True)
    began, lines = time.perf_counter(), []
    command = [*OWN_SERVERS, "--", sys.executable, "-m", f"bench.{name}", *arguments]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, bufsize=1) as process:
        assert process.stdout is not None
        for line in process.stdout:
            print(line, end="", flush=True)
            lines.append(line)
    return Outcome(process.returncode, "".join(lines), time.perf_counter() - began)


def _page(parts: Mapping[str, str]) -> str:
    machine = f"{os.cpu_count()} processors ({platform.machine()}), Python {platform.python_version()}"
    headed = (f"\n{HEADING.format(name)}\n\n{text}\n" for name, text in parts.items())
    return HEAD.format(machine=machine) + "".join(headed)


def _parts(page: str) -> dict[str, str]:
    """Returns the text below each heading of the page, by the benchmark's name."""
    _head, *found = re.split(f"^{HEADING.format('(.+)')}$", page, flags=re.MULTILINE)
    return {name: text.strip() for name, text in zip(found[::2], found[1::2], strict=True)}


def _written(outcomes: Mapping[str, Outcome]) -> dict[str, str]:
    """Returns the page's sections of the benchmarks, by their names."""
    parts = {}
    for name, outcome in outcomes.items():
        text = outcome.text.strip()
        body = text if name in TABLES else f"```\n{text}\n```"
        failed = f"\n\nIt failed with code {outcome.code}." if outcome.code else ""
        parts[name] = f"{body}{failed}\n\nIt took {outcome.seconds:.0f} s."
    return parts


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
