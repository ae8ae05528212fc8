"""The cleanup of servers that an earlier supervisor left running because it was killed."""

from pathlib import Path

import psutil

PATIENCE_SECONDS = 15


def stop_leftovers(data: Path) -> None:
    """Stops every process whose working directory is this data folder.

    Both servers use their data folder as the working directory. A process id from a file would not be safe:
    it may belong to another program by now.
    """
    found = [process for process in psutil.process_iter(["cwd"]) if process.info["cwd"] == str(data)]
    for process in found:
        process.terminate()
    _, stubborn = psutil.wait_procs(found, timeout=PATIENCE_SECONDS)
    for process in stubborn:
        process.kill()
    psutil.wait_procs(stubborn, timeout=PATIENCE_SECONDS)
