"""The names behind ``answered_by``: ``rule:12`` means nothing to the people who wrote that rule.

The app that answers registers how its marks are called::

    @named("rule")
    def rules(ids): return {rule_id: Answerer(rule.name, address_of_its_page)}
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

from wechat.kernel.registry import Registry


@dataclass(frozen=True, slots=True)
class Answerer:
    name: str
    link: str = ""


# Given the parts after the colon, the ones that still exist.
Naming = Callable[[Sequence[str]], Mapping[str, Answerer]]

_namings: Registry[Naming] = Registry("naming of answerers")


def named(prefix: str) -> Callable[[Naming], Naming]:
    def register(naming: Naming) -> Naming:
        _namings.add(prefix, naming)
        return naming

    return register


@dataclass(frozen=True, slots=True)
class Names:
    known: Mapping[str, Answerer]

    def of(self, mark: str) -> Answerer:
        """Returns what it is called; its mark, if it is gone."""
        return self.known.get(mark) or Answerer(mark)


def names(marks: Iterable[str]) -> Names:
    """The names of these marks, with one look-up for each kind of answerer."""
    by_prefix: dict[str, set[str]] = {}
    for mark in marks:
        prefix, _colon, identity = mark.partition(":")
        by_prefix.setdefault(prefix, set()).add(identity)
    known = {
        f"{prefix}:{identity}": answerer
        for prefix, identities in by_prefix.items()
        if prefix in _namings
        for identity, answerer in _namings.get(prefix)(sorted(identities)).items()
    }
    return Names(known)
