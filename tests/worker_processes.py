"""Workers in processes of their own, for tests that kill them."""

import base64
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from urllib.parse import quote

from django.conf import settings
from django.db import connection

from config.embedded import PROJECT


def start(code: str, **variables: str) -> "subprocess.Popen[bytes]":
    """Starts a worker on the test's stores and platform; ``variables`` are added to its environment."""
    return subprocess.Popen([sys.executable, "-c", code], cwd=PROJECT, env=environment() | variables)


@contextmanager
def running(code: str, **variables: str) -> Iterator["subprocess.Popen[bytes]"]:
    """Runs a worker, see ``start``, and kills it at the end if it is still alive."""
    process = start(code, **variables)
    try:
        yield process
    finally:
        process.kill()
        process.wait()


def environment() -> dict[str, str]:
    """Returns our environment variables, with the stores, keys and platform of the test."""
    keys = settings.FIELD_ENCRYPTION_KEYS.items()
    database = connection.settings_dict
    host = database["HOST"]
    where = f"?host={quote(host)}" if host.startswith("/") else ""
    place = "" if where else f"{host}:{database['PORT']}"
    user = f"{database['USER']}:{quote(database['PASSWORD'] or '')}"
    return os.environ | {
        "DJANGO_SETTINGS_MODULE": "config.settings",
        "DATABASE_URL": f"postgresql://{user}@{place}/{database['NAME']}{where}",
        "REDIS_URL": settings.REDIS_URL,
        "SECRET_KEY": settings.SECRET_KEY,
        "FIELD_ENCRYPTION_KEYS": ",".join(f"{name}:{base64.b64encode(key).decode()}" for name, key in keys),
        "WECHAT_API_BASE": settings.WECHAT_API_BASE,
    }
