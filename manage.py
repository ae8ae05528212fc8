#!/usr/bin/env python
"""Django's command line; starts the embedded servers for its own duration when none are running.

Beside ``make run`` it works with that one's servers, web process and simulator.
"""

import os
import sys

from django.core.management import execute_from_command_line
from django.db import OperationalError

from config.embedded import is_configured, is_missing, service_urls


def main() -> int:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
    if is_missing():
        # Not installed where the servers run elsewhere.
        from config.embedded.__main__ import main as run_embedded

        return run_embedded(["--", sys.executable, *sys.argv])
    if not is_configured("DATABASE_URL"):
        for name, value in service_urls().get("command_settings", {}).items():
            os.environ.setdefault(name, value)
    try:
        execute_from_command_line(sys.argv)
    except OperationalError:
        # Only now: it reads the settings.
        from config.command_errors import unreachable_database

        if "--traceback" in sys.argv or not (problem := unreachable_database()):
            raise
        sys.stderr.write(f"{problem}\n")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
