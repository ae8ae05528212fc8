"""The registry of where media files are used; a used file cannot be deleted."""

from collections.abc import Callable

from wechat.kernel.registry import Registry
from wechat.materials.models import Asset

Uses = Callable[[Asset], list[str]]

_asked: Registry[Uses] = Registry("user of files")


def register(uses: Uses) -> Uses:
    """Registers ``uses``, which names the places that use a file, as the staff know them."""
    return _asked.register(uses)


def uses(asset: Asset) -> list[str]:
    return [place for ask in _asked for place in ask(asset)]
