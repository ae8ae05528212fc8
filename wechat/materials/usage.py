"""The registry of the uses of media files: a file in use cannot be deleted."""

from collections.abc import Callable

from wechat.kernel.registry import Registry
from wechat.materials.models import Asset

Uses = Callable[[Asset], list[str]]

_asked: Registry[Uses] = Registry("user of files")


def register(uses: Uses) -> Uses:
    """Registers a function that returns the places that use a file, in words for staff."""
    return _asked.register(uses)


def uses(asset: Asset) -> list[str]:
    return [place for ask in _asked for place in ask(asset)]
