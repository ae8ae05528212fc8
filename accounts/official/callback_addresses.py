"""The list of WeChat's callback addresses: with ``CALLBACK_ALLOW_LIST``, other addresses are refused.

The platform has one list, so the answer to any account counts for all. An outage on our side must not shut
WeChat out: without a list, or with one older than ``VALID_FOR``, all addresses are let in, as without the
setting, and the signature alone decides; ``wechat_callback_addresses_age_seconds`` warns in time. A refused
address makes the list be read again soon, because WeChat may have a new address.

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

# As the platform asks for; whoever is refused has it read sooner.
EVERY = datetime.timedelta(days=1)
# Of a list that is older nobody can say whether WeChat still pushes from those addresses.
VALID_FOR = datetime.timedelta(days=3)
# Strangers may have the list read again, but not more often than this.
AT_MOST_EVERY = datetime.timedelta(minutes=5)
ASK_SECONDS = 60.0

# What whoever is refused is told; the set-up check knows it by that.
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
    """The addresses and networks of the newest list, valid ``until`` (Unix seconds; 0 without a list)."""

    addresses: frozenset[str]
    networks: Sequence[Network]
    until: float


def admits(address: str) -> bool:
    """Returns whether callbacks from an address are let in, from memory, so that an event loop may ask."""
    known = _known.get()
    if address in known.addresses or time.time() > known.until:
        return True
    try:
        found = ipaddress.ip_address(address)
    except ValueError:  # a Unix socket: the server does not know where it comes from
        return False
    return any(found in network for network in known.networks)


def read_at() -> datetime.datetime | None:
    """Returns when the list was last read."""
    newest = CallbackAddresses.objects.filter(account__enabled=True, read_at__isnull=False)
    return newest.order_by("-read_at").values_list("read_at", flat=True).first()


def ask_again() -> None:
    """Has the list read again soon, after a refusal. To be called in a thread beside the event loop."""
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
    """Starts the reading for each account that has none yet; returns how many."""
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
    # Most are single addresses, which are found at once; the others are gone through.
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
