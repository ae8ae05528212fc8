"""The installed programs that tests need.

Tests of a missing program are skipped; with ``EVERY_TOOL`` they fail, so that the pipeline skips none.
"""

import os
import shutil

CHROMIUM = ("chromium", "chromium-browser", "google-chrome")
# Servers are often not on the user's path.
PATH = os.pathsep.join((os.environ.get("PATH", os.defpath), "/usr/sbin"))


def installed(*names: str) -> str:
    """Returns the path of the first installed one of these programs, or the empty text."""
    found = next(filter(None, (shutil.which(name, path=PATH) for name in names)), "")
    assert found or not os.environ.get("EVERY_TOOL"), f"{names[0]} is not installed"
    return found
