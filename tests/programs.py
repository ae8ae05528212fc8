"""Programs of the machine that tests need.

Without one there is nothing to try; with ``EVERY_TOOL`` that is a fault: no pipeline leaves tests out.
"""

import os
import shutil

CHROMIUM = ("chromium", "chromium-browser", "google-chrome")
# Servers are not on everybody's path.
PATH = os.pathsep.join((os.environ.get("PATH", os.defpath), "/usr/sbin"))


def installed(*names: str) -> str:
    """Returns where the first of these programs is, or the empty text."""
    found = next(filter(None, (shutil.which(name, path=PATH) for name in names)), "")
    assert found or not os.environ.get("EVERY_TOOL"), f"{names[0]} is not installed"
    return found
