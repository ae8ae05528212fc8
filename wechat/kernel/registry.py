"""The registry: the way in which an app adds something to an app below it.

Docs: docs/adding.md, "Where an app can join in".
"""

from collections.abc import Iterator
from typing import Generic, TypeVar

T = TypeVar("T")


def dotted(function: object) -> str:
    """Returns the name of a function, with its module."""
    return f"{function.__module__}.{getattr(function, '__qualname__', function)}"


class Registry(Generic[T]):
    """The objects that were registered by name, in the order of their registration."""

    def __init__(self, what: str) -> None:
        self.what = what
        self._known: dict[str, T] = {}

    def add(self, name: str, thing: T) -> T:
        """Registers an object and returns it. Raises ``ValueError`` if the name is taken."""
        if name in self._known:
            raise ValueError(f"{self.what} {name} is registered already")
        self._known[name] = thing
        return thing

    def register(self, function: T) -> T:
        """Registers a function under its dotted name; works as a decorator."""
        return self.add(dotted(function), function)

    def get(self, name: str) -> T:
        """Returns what was registered. Raises ``LookupError`` for a name that nobody registered."""
        try:
            return self._known[name]
        except KeyError:
            raise LookupError(f"no {self.what} is called {name}") from None

    def find(self, name: str) -> T | None:
        """Returns what was registered, or ``None``."""
        return self._known.get(name)

    def names(self) -> list[str]:
        """Returns all names."""
        return list(self._known)

    def by_name(self) -> dict[str, T]:
        """Returns everything that was registered, by its name."""
        return dict(self._known)

    def __contains__(self, name: str) -> bool:
        return name in self._known

    def __iter__(self) -> Iterator[T]:
        return iter(list(self._known.values()))

    def __len__(self) -> int:
        return len(self._known)
