"""Servers of ours that an earlier, killed supervisor could not stop."""

from pathlib import Path

import psutil

PATIENCE_SECONDS = 15


def stop_leftovers(data: Path) -> None:
    """Stops every process that works inside this data folder.

    Both servers make their data folder the working directory, which identifies them surely: a pid read
    from a file may belong to a stranger by now.
    """
    found = [process for process in psutil.process_iter(["cwd"]) if process.info["cwd"] == str(data)]
    for process in found:
        process.terminate()
    _, stubborn = psutil.wait_procs(found, timeout=PATIENCE_SECONDS)
    for process in stubborn:
        process.kill()
    psutil.wait_procs(stubborn, timeout=PATIENCE_SECONDS)
