"""The quota of an account's permanent library, read from the platform before it is used up.

Reference: WeChat reference 12.2 (100,000 pictures and articles, 1,000 of each other kind).
"""

import datetime
from collections.abc import Mapping
from dataclasses import dataclass

from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy

from accounts.official.clients import client_for
from accounts.official.models import OfficialAccount
from wechat.kernel import work
from wechat.materials.models import Asset, MaterialQuota
from wechat.sdk.calls import media

PLACES: Mapping[str, int] = {"image": 100_000, "voice": 1_000, "video": 1_000}
# The share from which staff are told that the library is nearly full.
NEARLY_FULL = 0.9
FRESH_FOR = datetime.timedelta(hours=1)
READINGS = work.Kind(
    "materials.count",
    lambda: MaterialQuota.objects.select_related("account"),
    label=gettext_lazy("Counting the places of the library"),
    lease=datetime.timedelta(minutes=1),
    queue=work.BULK,
)


@dataclass(frozen=True, slots=True)
class LibraryPlaces:
    """The places of one kind in the library: ``taken`` as last read, of ``most``."""

    kind: str
    taken: int
    most: int

    @property
    def left(self) -> int:
        return max(self.most - self.taken, 0)

    @property
    def is_nearly_full(self) -> bool:
        return self.taken >= self.most * NEARLY_FULL


def places(quota: MaterialQuota) -> list[LibraryPlaces]:
    """Returns the places of each kind; pictures share theirs with articles."""
    taken = {"image": quota.image + quota.news, "voice": quota.voice, "video": quota.video}
    return [LibraryPlaces(kind, taken[kind], most) for kind, most in PLACES.items()]


def left(account: OfficialAccount, kind: str) -> int | None:
    """Returns the places left for a kind, without those of pending uploads, or ``None`` if unknown."""
    quota = MaterialQuota.objects.filter(account=account, read_at__isnull=False).first()
    found = next((each for each in places(quota) if each.kind == kind), None) if quota else None
    if found is None:
        return None
    waiting = Asset.objects.filter(account=account, kind=kind, permanent=True, state=Asset.State.PENDING)
    return max(found.left - waiting.filter(media_id="").count(), 0)


def last_reading(account: OfficialAccount) -> MaterialQuota:
    """Returns the quota as last read, and makes a reading due if that is old. The caller wakes a worker."""
    quota, _made = MaterialQuota.objects.get_or_create(account=account)
    old = Q(read_at=None) | Q(read_at__lt=timezone.now() - FRESH_FOR)
    if MaterialQuota.objects.filter(old, pk=quota.pk, due_at=None).update(due_at=timezone.now(), attempts=0):
        quota.refresh_from_db()
    return quota


def schedule_reading(account: OfficialAccount) -> None:
    """Makes a reading of the quota due, after something was uploaded or deleted."""
    MaterialQuota.objects.update_or_create(
        account=account, defaults={"due_at": timezone.now(), "attempts": 0}
    )


@READINGS.each
def _read(quota: MaterialQuota) -> None:
    counts = media.counts(client_for(quota.account))
    quota.done(**counts, read_at=timezone.now())
