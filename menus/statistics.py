"""The statistics of taps: by button, by version and by day, with the purchases that followed."""

import datetime
import itertools
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

from django.db.models import Sum
from django.utils import timezone

from accounts.official.models import OfficialAccount
from menus.models import Menu, Tap, TapDay, Version
from wechat.kernel.registry import Registry
from wechat.sdk.beijing import midnight

# A purchase within this time after a tap is attributed to it.
CONVERTS_WITHIN = datetime.timedelta(hours=24)
BATCH = 500


@dataclass(frozen=True, slots=True)
class Figures:
    """The numbers of a button; ``followers`` are distinct within a version, and summed over versions."""

    taps: int = 0
    followers: int = 0
    orders: int = 0
    fen: int = 0

    def __add__(self, other: "Figures") -> "Figures":
        return Figures(
            self.taps + other.taps,
            self.followers + other.followers,
            self.orders + other.orders,
            self.fen + other.fen,
        )


@dataclass(frozen=True, slots=True)
class Purchase:
    """A payment of a follower, after refunds; the amount is in fen."""

    openid: str
    paid_at: datetime.datetime
    fen: int


Orders = Callable[[OfficialAccount, datetime.datetime], Iterable[Purchase]]

_sources: Registry[Orders] = Registry("source of orders after a tap")


def register(orders: Orders) -> Orders:
    """Registers a function that returns the payments of an account's followers since a moment."""
    return _sources.register(orders)


def knows_orders() -> bool:
    return bool(_sources)


def by_button(menu: Menu, since: datetime.date, version: Version | None = None) -> dict[str, Figures]:
    """Returns the figures of each button by its uid, of one version or of all."""
    rows = TapDay.objects.filter(version__menu=menu, day__gte=since)
    if version is not None:
        rows = rows.filter(version=version)
    summed = rows.values("uid").annotate(taps_sum=Sum("taps"), followers_sum=Sum("followers"))
    found = {row["uid"]: Figures(row["taps_sum"], row["followers_sum"]) for row in summed}
    for uid, figures in _converted(menu, since, version).items():
        found[uid] = found.get(uid, Figures()) + figures
    return found


def by_day(
    menu: Menu, since: datetime.date, version: Version | None = None
) -> list[tuple[datetime.date, int]]:
    """Returns the taps of every day until today, including days without taps."""
    rows = TapDay.objects.filter(version__menu=menu, day__gte=since)
    if version is not None:
        rows = rows.filter(version=version)
    taps = dict(rows.values_list("day").annotate(sum=Sum("taps")))
    today = timezone.localdate()
    days = [since + datetime.timedelta(days=number) for number in range((today - since).days + 1)]
    return [(day, taps.get(day, 0)) for day in days]


def _converted(menu: Menu, since: datetime.date, version: Version | None) -> dict[str, Figures]:
    """Returns orders and amounts by the uid of the button tapped last within a day before the payment."""
    moment = midnight(since)
    orders = itertools.chain.from_iterable(source(menu.account, moment) for source in _sources)
    found: dict[str, Figures] = defaultdict(Figures)
    # In batches: the orders of a year are too many for memory.
    while some := list(itertools.islice(orders, BATCH)):
        taps = _taps_of(menu, version, some)
        for order in some:
            uid = _tapped_before(order, taps.get(order.openid, ()))
            if uid:
                found[uid] += Figures(orders=1, fen=order.fen)
    return found


def _taps_of(
    menu: Menu, version: Version | None, orders: Sequence[Purchase]
) -> Mapping[str, Sequence[tuple[datetime.datetime, str]]]:
    taps = Tap.objects.filter(
        account=menu.account,
        openid__in={order.openid for order in orders},
        at__gte=min(order.paid_at for order in orders) - CONVERTS_WITHIN,
        version__menu=menu,
    )
    if version is not None:
        taps = taps.filter(version=version)
    found: dict[str, list[tuple[datetime.datetime, str]]] = defaultdict(list)
    for openid, at, uid in taps.order_by("at").values_list("openid", "at", "uid"):
        found[openid].append((at, uid))
    return found


def _tapped_before(order: Purchase, taps: Sequence[tuple[datetime.datetime, str]]) -> str:
    begin = order.paid_at - CONVERTS_WITHIN
    return next((uid for at, uid in reversed(taps) if begin <= at <= order.paid_at), "")
