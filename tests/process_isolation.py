"""A separate Redis database and media folder for each parallel test process.

Loaded as a pytest plugin before the settings, so that ``flushdb`` and tokens of a process do not affect the
others, nor files whose names have the ids of rows.
"""

import os
from urllib.parse import urlsplit, urlunsplit

from config import embedded

worker = os.environ.get("PYTEST_XDIST_WORKER", "")
if worker:
    parts = urlsplit(os.environ.get("REDIS_URL") or embedded.redis_url())
    os.environ["REDIS_URL"] = urlunsplit(parts._replace(path=f"/{1 + int(worker.removeprefix('gw')) % 15}"))
    os.environ["MEDIA_ROOT"] = str(embedded.local_folder() / "media" / worker)
