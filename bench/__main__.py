"""`python -m bench NAME …` runs the named benchmarks, each as its own process; without a name, those
that take minutes rather than quarters of an hour, and writes ``docs/benchmarks.md`` of what they said."""

import os
import platform
import subprocess
import sys
from pathlib import Path

QUICK = ["rules", "simulator_calls", "callbacks", "push_api", "payments", "sends", "admin_pages", "growth"]
NO_BENCHMARKS = {"__init__", "__main__", "web", "plots", "pushes"}
# What they print is Markdown already.
TABLES = {"growth"}
PAGE = Path(__file__).parents[1] / "docs" / "benchmarks.md"
HEAD = """# Benchmarks

Written by `make bench` on {machine}, with load generator, Postgres and Redis on the same machine: what counts
are the ratios and how costs grow. Figures in parentheses were not measured but drawn on from the two sizes
before.
"""


def main(names: list[str]) -> int:
    known = {path.stem for path in Path(__file__).parent.glob("*.py")} - NO_BENCHMARKS
    if unknown := set(names) - known:
        sys.stderr.write(
            f"No benchmark {', '.join(sorted(unknown))}; there are {', '.join(sorted(known))}.\n"
        )
        return 2
    outputs = {name: _run(name) for name in names or QUICK}
    if not names:
        PAGE.write_text(_page({name: text for name, (_code, text) in outputs.items()}))
    return max((code for code, _text in outputs.values()), default=0)


def _run(name: str) -> tuple[int, str]:
    """Returns the exit code of a benchmark, and what it printed, which is shown meanwhile."""
    print(f"\n== {name}", flush=True)
    lines = []
    with subprocess.Popen(
        [sys.executable, "-m", f"bench.{name}"], stdout=subprocess.PIPE, text=True, bufsize=1
    ) as process:
        assert process.stdout is not None
        for line in process.stdout:
            print(line, end="", flush=True)
            lines.append(line)
    return process.returncode, "".join(lines)


def _page(outputs: dict[str, str]) -> str:
    machine = f"{os.cpu_count()} processors ({platform.machine()}), Python {platform.python_version()}"
    parts = [HEAD.format(machine=machine)]
    for name, text in outputs.items():
        body = text.strip() if name in TABLES else f"```\n{text.strip()}\n```"
        parts.append(f"\n## `python -m bench.{name}`\n\n{body}\n")
    return "".join(parts)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
