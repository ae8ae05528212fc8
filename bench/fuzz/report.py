"""The report of a run: doors on the terminal, and a page of the documentation."""

import sys
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field

from config.embedded import PROJECT

PAGE = PROJECT / "docs" / "fuzzing.md"
CPU_SECONDS, MEMORY_MB = 2.0, 512
SHOWN = 20
INTRODUCTION = """\
# Hostile input

Made by the last run of `make fuzz`, with seed {seed}: so many inputs to each door of one web process, one
after the other. An input has failed if it was answered with 5xx or not at all, took more than
{cpu:.0f} s of CPU, or lifted the process's memory over {memory} MB. "platform" is a 502 or 503 that says that
the platform did not do what it was asked for.

| door | inputs | answered | most CPU for one | memory after it | failed |
|---|---|---|---|---|---|
"""


@dataclass
class Verdict:
    """The results of the inputs of one door."""

    answered: Counter[str] = field(default_factory=Counter)
    slowest: float = 0.0
    peak_mb: float = 0.0
    failures: list[str] = field(default_factory=list)

    @property
    def counted(self) -> str:
        return ", ".join(f"{count:,} {kind}" for kind, count in sorted(self.answered.items()))


def print_verdict(door: str, verdict: Verdict) -> None:
    cost = f"at most {verdict.slowest:.2f} s of CPU, {verdict.peak_mb:.0f} MB"
    print(f"{door:13} {verdict.answered.total():>6,} inputs: {verdict.counted}; {cost}")
    for failure in verdict.failures[:SHOWN]:
        print(f"  {failure}")
    if len(verdict.failures) > SHOWN:
        print(f"  and {len(verdict.failures) - SHOWN} more")
    sys.stdout.flush()


def write(verdicts: Mapping[str, Verdict], seed: str) -> None:
    """Rewrites the page of results."""
    lines = [
        f"| {door} | {verdict.answered.total():,} | {verdict.counted} | {verdict.slowest:.2f} s | "
        f"{verdict.peak_mb:.0f} MB | {len(verdict.failures)} |"
        for door, verdict in verdicts.items()
    ]
    head = INTRODUCTION.format(seed=seed, cpu=CPU_SECONDS, memory=MEMORY_MB)
    PAGE.write_text(head + "\n".join(lines) + "\n")
