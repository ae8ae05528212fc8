#!/usr/bin/env python
"""Django's command line; starts the embedded servers for its own duration when none are running."""

import os
import sys

from django.core.management import execute_from_command_line

from config.embedded import is_missing


def main() -> int:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
    if is_missing():
        # Not installed where the servers run elsewhere.
        from config.embedded.__main__ import main as run_embedded

        return run_embedded(["--", sys.executable, *sys.argv])
    execute_from_command_line(sys.argv)
    return 0


if __name__ == "__main__":
    sys.exit(main())
