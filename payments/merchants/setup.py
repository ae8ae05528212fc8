"""What begins for a merchant as soon as its keys are there: whoever has work for it registers it."""

from collections.abc import Callable

from payments.merchants.models import Merchant
from wechat.kernel.registry import Registry

BEGINNINGS: Registry[Callable[[Merchant], None]] = Registry("beginning of a merchant")


def begin(merchant: Merchant) -> None:
    """Begins everything that is registered for a merchant; called again, it changes nothing."""
    for each in BEGINNINGS:
        each(merchant)
