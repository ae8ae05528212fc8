"""The callback addresses of WeChat, as it lists them; with ``CALLBACK_ALLOW_LIST`` no others are accepted.

The platform has one list, so the answer to any account counts for all. The list never locks WeChat out
because of a fault of ours: without a list, or once the newest is older than ``VALID_FOR``, all addresses are
accepted, as without the setting, and the signature alone decides; the metric
``wechat_callback_addresses_age_seconds`` warns in time. An unknown address is refused, and has the list read
again soon, because it may be a new one of WeChat.

Reference: WeChat reference 4.6 getcallbackip.
"""

import datetime
import ipaddress
import logging
import time
from collections.abc import Sequence
from dataclasses import dataclass

from django.conf import settings
from django.db import Error, connection
from django.db.models import QuerySet
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts.official.clients import client_for
from accounts.official.models import CallbackAddresses, OfficialAccount
from wechat.kernel import work
from wechat.kernel.addresses import Network
from wechat.kernel.versioned_cache import Cached
from wechat.sdk.calls.base import callback_ips

log = logging.getLogger(__name__)

# The interval that the platform asks for; a refused address has the list read sooner.
EVERY = datetime.timedelta(days=1)
# WeChat may no longer use the addresses of an older list.
VALID_FOR = datetime.timedelta(days=3)
# The shortest interval of readings because of refused addresses, which strangers can cause.
AT_MOST_EVERY = datetime.timedelta(minutes=5)
ASK_SECONDS = 60.0

# The body of the answer to a refused address, by which the set-up check recognizes it.
REFUSED = "Not an address of WeChat."

READINGS = work.Kind(
    "official.read_callback_addresses",
    lambda: _rows().select_related("account"),
    label=_("Reading the addresses of WeChat"),
    lease=datetime.timedelta(minutes=1),
    queue=work.INTERACTIVE,
    gives_up=False,
)
WATCHES = work.TurnKind(
    "official.watch_callback_addresses",
    lambda: _unwatched().exists(),
    label=_("Beginning to read the addresses of WeChat"),
    queue=work.INTERACTIVE,
)


@dataclass(frozen=True, slots=True)
class AllowList:
    """The addresses and networks that were listed last, valid ``until`` (seconds since 1970).

    ``until`` is 0 if there is no list.
    """

    addresses: frozenset[str]
    networks: Sequence[Network]
    until: float


def is_allowed(address: str) -> bool:
    """Returns whether callbacks from an address are accepted; uses only memory, as for an event loop."""
    known = _known.get()
    if address in known.addresses or time.time() > known.until:
        return True
    try:
        found = ipaddress.ip_address(address)
    except ValueError:  # a Unix socket: the server does not know where it comes from
        return False
    return any(found in network for network in known.networks)


def read_at() -> datetime.datetime | None:
    """Returns when the list was last read, or ``None``."""
    newest = CallbackAddresses.objects.filter(account__enabled=True, read_at__isnull=False)
    return newest.order_by("-read_at").values_list("read_at", flat=True).first()


def schedule_reading() -> None:
    """Schedules a reading of the list, after an unknown address was refused. For a thread beside the loop."""
    global _asked_at
    if time.monotonic() - _asked_at < ASK_SECONDS:
        return
    _asked_at = time.monotonic()
    now = timezone.now()
    try:
        if _rows().filter(due_at__gt=now, read_at__lt=now - AT_MOST_EVERY).update(due_at=now):
            work.wake(READINGS.name)
    except Error as error:
        log.warning("callback_addresses_not_asked_for", extra={"error": type(error).__name__})
    finally:
        connection.close()


@READINGS.each
def _read(row: CallbackAddresses) -> None:
    answered = callback_ips(client_for(row.account))
    addresses = [address for address in answered if _network(address) is not None]
    if not addresses:
        raise work.NotYet(EVERY)
    row.done(addresses=addresses, read_at=timezone.now(), due_at=timezone.now() + EVERY)


@WATCHES.does
def _watch_new(_turn: work.Turn) -> int:
    """Creates the row of each account that has none, old or new; returns the number of rows."""
    rows = [CallbackAddresses(account=account, due_at=timezone.now()) for account in _unwatched()]
    made = CallbackAddresses.objects.bulk_create(rows, ignore_conflicts=True)
    work.wake(READINGS.name)
    return len(made)


def _rows() -> QuerySet[CallbackAddresses]:
    rows = CallbackAddresses.objects.filter(account__enabled=True)
    return rows if settings.CALLBACK_ALLOW_LIST else rows.none()


def _unwatched() -> QuerySet[OfficialAccount]:
    accounts = OfficialAccount.objects.filter(enabled=True, callback_addresses=None).exclude(appsecret="")
    return accounts if settings.CALLBACK_ALLOW_LIST else accounts.none()


def _build() -> AllowList:
    since = timezone.now() - VALID_FOR
    rows = list(CallbackAddresses.objects.filter(account__enabled=True, read_at__gt=since))
    listed = {address for row in rows for address in row.addresses}
    networks = [network for network in map(_network, sorted(listed)) if network is not None]
    # Most are single addresses, for a lookup in a set; the others are searched one by one.
    addresses = frozenset(str(each.network_address) for each in networks if each.num_addresses == 1)
    ranges = [each for each in networks if each.num_addresses > 1]
    newest = max((row.read_at.timestamp() for row in rows if row.read_at), default=0.0)
    return AllowList(addresses, ranges, newest + VALID_FOR.total_seconds() if networks else 0.0)


def _network(address: str) -> Network | None:
    try:
        return ipaddress.ip_network(address, strict=False)
    except ValueError:
        return None


_known = Cached("callback_addresses", _build)
_asked_at = float("-inf")
