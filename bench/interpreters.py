"""The other versions of Python on which a benchmark can run its web processes."""

import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

LOCK = Path(__file__).parent.parent / "requirements" / "run.txt"
# The distribution's own and the version of the image; BENCH_PYTHONS names others, separated by colons.
USUAL = "/usr/bin/python3:python3.13"
# Debian has the module that makes virtual environments in a package of its own.
VERSION = "import ensurepip, sys; print('{}.{}.{}'.format(*sys.version_info))"


def interpreters(folder: Path) -> Mapping[str, str]:
    """Returns the paths of the installed interpreters by their version, the running one first.

    The build can matter more than the version: distributions use profile-guided optimisation and static
    linking.

    The others get a virtual environment in the folder, with the locked packages.
    """
    found = {"{}.{}.{}".format(*sys.version_info): sys.executable}
    for program in os.environ.get("BENCH_PYTHONS", USUAL).split(":"):
        version = _version(program)
        if version and version not in found:
            print(f"Installing the packages for Python {version}", flush=True)
            found[version] = _environment(program, folder / f"python{version}")
    return found


def _version(program: str) -> str:
    """Returns the version of a Python program; empty if it is missing or does not run."""
    try:
        ran = subprocess.run([program, "-c", VERSION], capture_output=True, text=True, check=True)
    except (OSError, subprocess.CalledProcessError):
        return ""
    return ran.stdout.strip()


def _environment(program: str, folder: Path) -> str:
    subprocess.run([program, "-m", "venv", folder], check=True)
    python = str(folder / "bin" / "python")
    pip = [python, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--require-hashes"]
    subprocess.run([*pip, "--requirement", LOCK], check=True)
    return python
