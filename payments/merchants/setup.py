"""The start of a merchant's background work as soon as it has keys; apps register what to start."""

from collections.abc import Callable

from payments.merchants.models import Merchant
from wechat.kernel.registry import Registry

BEGINNINGS: Registry[Callable[[Merchant], None]] = Registry("beginning of a merchant")


def begin(merchant: Merchant) -> None:
    """Starts everything that is registered, for one merchant; safe to repeat."""
    for each in BEGINNINGS:
        each(merchant)
