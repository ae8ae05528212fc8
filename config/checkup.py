"""The examinations of the installation itself: its key, its address, PostgreSQL, Redis and its files."""

from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryFile
from urllib.parse import urlsplit

from django.conf import settings
from django.db import connection
from django.utils.translation import gettext_lazy as _
from django_redis import get_redis_connection
from redis.exceptions import RedisError

from accounts.official.doctor import Finding, Level, examines_installation
from wechat.kernel.public_network import is_public

LEAST_SECRET_KEY = 32
# WeChat calls no others.
PORTS = {None, 80, 443}
# Of the web process for callbacks and for the API's messages, and of a worker of four processes.
OTHER_CONNECTIONS = 2 + 5 * 3


@examines_installation
def secret_key() -> Iterator[Finding]:
    """Yields a warning about a ``SECRET_KEY`` that is short enough to be guessed."""
    if len(settings.SECRET_KEY) < LEAST_SECRET_KEY:
        yield Finding(
            Level.WARNING,
            _("SECRET_KEY has %(length)d characters: whoever guesses it can sign in as anybody.")
            % {"length": len(settings.SECRET_KEY)},
            _("Set a random one of at least %(least)d characters; everybody signs in anew.")
            % {"least": LEAST_SECRET_KEY},
        )


@examines_installation
def public_address() -> Iterator[Finding]:
    """Yields what keeps WeChat from calling ``PUBLIC_URL``; the simulator calls any address."""
    if not (urlsplit(settings.WECHAT_API_BASE).hostname or "").endswith(".weixin.qq.com"):
        return
    public = urlsplit(settings.PUBLIC_URL)
    named = {"url": settings.PUBLIC_URL}
    if _is_inside(public.hostname or ""):
        yield Finding(
            Level.FAULT,
            _("WeChat cannot reach PUBLIC_URL, which is %(url)s: this machine or network.") % named,
            _("Set PUBLIC_URL to the address that followers and staff open, and restart."),
        )
    elif public.port not in PORTS:
        yield Finding(
            Level.FAULT,
            _("WeChat does not call the port of PUBLIC_URL, which is %(url)s.") % named,
            _("WeChat calls ports 80 and 443 only: have a proxy listen there, and leave the port out."),
        )
    if public.scheme != "https":
        yield Finding(
            Level.WARNING,
            _("PUBLIC_URL is %(url)s: passwords and sessions of staff travel unencrypted.") % named,
            _("Have a proxy speak TLS, and write PUBLIC_URL with https://."),
        )


@examines_installation
def connections() -> Iterator[Finding]:
    """Yields a warning if PostgreSQL allows fewer connections than a web process and a worker may hold."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT current_setting('max_connections')::int"
            " - current_setting('superuser_reserved_connections')::int"
        )
        (allowed,) = cursor.fetchone()
    needed = settings.DATABASES["default"]["OPTIONS"]["pool"]["max_size"] + OTHER_CONNECTIONS
    if allowed < needed:
        yield Finding(
            Level.WARNING,
            _("PostgreSQL allows %(allowed)d connections; one web process and a worker use up to %(needed)d.")
            % {"allowed": allowed, "needed": needed},
            _("Raise max_connections, or lower DB_POOL_SIZE."),
        )


@examines_installation
def redis_settings() -> Iterator[Finding]:
    """Yields what may lose the callbacks that Redis keeps while PostgreSQL is away."""
    try:
        known = get_redis_connection("default").info()
    except RedisError:
        yield Finding(
            Level.FAULT,
            _("Redis cannot be reached, so background work waits."),
            _("Check REDIS_URL, and that the server runs."),
        )
        return
    if (policy := known.get("maxmemory_policy", "noeviction")) != "noeviction":
        yield Finding(
            Level.FAULT,
            _("Redis may delete callbacks that wait in it: its maxmemory-policy is %(policy)s.")
            % {"policy": policy},
            _("Set maxmemory-policy to noeviction; other data that needs another policy has its own Redis."),
        )
    if not known.get("aof_enabled", 1):
        yield Finding(
            Level.WARNING,
            _("Redis loses what it keeps when it restarts: its append-only file is off."),
            _("Set appendonly to yes."),
        )


@examines_installation
def files() -> Iterator[Finding]:
    """Yields a fault if no file can be stored in ``MEDIA_ROOT``, which may still have to be made."""
    folder = Path(settings.MEDIA_ROOT)
    try:
        with TemporaryFile(dir=next(each for each in (folder, *folder.parents) if each.exists())):
            pass
    except OSError as error:
        yield Finding(
            Level.FAULT,
            _("No file can be stored in MEDIA_ROOT, which is %(folder)s: %(why)s.")
            % {"folder": folder, "why": error.strerror},
            _("Let the user of web and workers write there, or set another MEDIA_ROOT for all of them."),
        )


def _is_inside(host: str) -> bool:
    """Returns whether a host is of this machine or of a private network, by its name alone."""
    try:
        return not is_public(host)
    except ValueError:
        return "." not in host or host.endswith((".local", ".internal", ".localhost"))
