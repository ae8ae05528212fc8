"""Creates ``.venv`` and installs a lock file into it: ``python -I config/install.py run|dev``.

Runs on the machine's own Python before anything is installed, so it imports the standard library only. It
avoids new syntax, so that a Python that is too old can still run it and print that it is too old.
"""

import fcntl
import shutil
import subprocess
import sys
from pathlib import Path

PROJECT = Path(__file__).resolve().parent.parent
VENV = PROJECT / ".venv"
PYTHON = str(VENV / "bin" / "python")
# Every lock with the ones it contains.
CONTENTS = {"run": ["run"], "dev": ["dev", "run"]}


def main(name: str) -> None:
    if sys.version_info < (3, 11):
        sys.exit(
            "Python 3.11 or newer is needed and this is {}.{}: name another one, "
            "as in `make run PYTHON=python3.12`".format(*sys.version_info[:2])
        )
    with lock_file("run").open() as turn:
        # ``make run`` and ``make test`` may both be started in a fresh clone.
        fcntl.flock(turn, fcntl.LOCK_EX)
        if not is_current(name):
            install(name)


def is_current(name: str) -> bool:
    """Returns whether the current lock file is installed in ``.venv``, whose Python still runs."""
    stamp = VENV / f"{name}.txt"
    return (
        stamp.exists() and stamp.read_bytes() == lock_file(name).read_bytes() and succeeds(PYTHON, "-c", "")
    )


def install(name: str) -> None:
    print("Installing packages into .venv: once, and again when they change", flush=True)
    if not succeeds(PYTHON, "-m", "pip", "--version"):
        make_environment()
    for each in CONTENTS:
        (VENV / f"{each}.txt").unlink(missing_ok=True)
    pip = [PYTHON, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--require-hashes"]
    if subprocess.call([*pip, "--requirement", str(lock_file(name))]) != 0:
        sys.exit("The packages could not be installed: see the lines above, then try again")
    for each in CONTENTS[name]:
        shutil.copyfile(lock_file(each), VENV / f"{each}.txt")


def make_environment() -> None:
    if not succeeds(sys.executable, "-c", "import ensurepip, venv"):
        sys.exit(
            "This Python cannot make virtual environments: install them first, "
            "on Debian and Ubuntu with `apt-get install python3-venv`"
        )
    if subprocess.call([sys.executable, "-m", "venv", "--clear", str(VENV)]) != 0:
        sys.exit("The virtual environment .venv could not be made: see the lines above")


def lock_file(name: str) -> Path:
    return PROJECT / "requirements" / f"{name}.txt"


def succeeds(*command: str) -> bool:
    try:
        return subprocess.call(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) == 0
    except OSError:
        return False


if __name__ == "__main__":
    main(sys.argv[1])
