"""A database of its own in Redis for each process that runs tests side by side.

Loaded as a pytest plugin, before the settings are read: one process's ``flushdb`` and tokens are nothing to
the others.
"""

import os
from urllib.parse import urlsplit, urlunsplit

from config import embedded

worker = os.environ.get("PYTEST_XDIST_WORKER", "")
if worker:
    parts = urlsplit(os.environ.get("REDIS_URL") or embedded.redis_url())
    os.environ["REDIS_URL"] = urlunsplit(parts._replace(path=f"/{1 + int(worker.removeprefix('gw')) % 15}"))
