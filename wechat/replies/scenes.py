"""The scenes of QR codes that rules may be about: whoever makes codes says so, and nobody types one.

The app that makes them registers what there is::

    @register
    def channels(account_id, scene): yield "ch_8k2…", "Fair 2026, stand A"
"""

from collections.abc import Callable, Iterable

# Given an account and a scene, or the empty text for all that are worth offering: scenes with their names.
Source = Callable[[int, str], Iterable[tuple[str, str]]]

_sources: list[Source] = []


def register(source: Source) -> Source:
    _sources.append(source)
    return source


def offered(account_id: int) -> list[tuple[str, str]]:
    return [known for source in _sources for known in source(account_id, "")]


def name_of(account_id: int, scene: str) -> str:
    """What a scene is called; the scene itself where nobody knows it."""
    return next((name for source in _sources for _scene, name in source(account_id, scene)), scene)
