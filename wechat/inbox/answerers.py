"""The names for staff of marks such as ``rule:12``.

A mark says who answered a message, why something was sent, or who created an order. The app that uses a mark
registers its names, and a text for marks whose row was deleted::

    @named("rule", gone=gettext_lazy("a rule that was deleted"))
    def rules(ids): return {rule_id: Answerer(rule.name, address_of_its_page)}

    call("receipt", gettext_lazy("receipt of a payment"))       # a mark without an id
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

from django_stubs_ext import StrOrPromise

from wechat.kernel.registry import Registry


@dataclass(frozen=True, slots=True)
class Answerer:
    name: str
    link: str = ""


# Given the parts after the colon, the ones that still exist.
Naming = Callable[[Sequence[str]], Mapping[str, Answerer]]

_namings: Registry[tuple[Naming, StrOrPromise]] = Registry("naming of answerers")
_called: Registry[StrOrPromise] = Registry("mark")


def named(prefix: str, gone: StrOrPromise = "") -> Callable[[Naming], Naming]:
    def register(naming: Naming) -> Naming:
        _namings.add(prefix, (naming, gone))
        return naming

    return register


def call(mark: str, name: StrOrPromise) -> None:
    """Registers the name of a mark without an id."""
    _called.add(mark, name)


@dataclass(frozen=True, slots=True)
class AnswererNames:
    known: Mapping[str, Answerer]

    def of(self, mark: str) -> Answerer:
        """Returns the name of a mark; a mark that nobody registered is its own name."""
        if mark in self.known:
            return self.known[mark]
        prefix, colon, _identity = mark.partition(":")
        naming = _namings.find(prefix) if colon else None
        return Answerer(str(_called.find(mark) or (naming[1] if naming else "") or mark))


def names(marks: Iterable[str]) -> AnswererNames:
    """Returns the names of these marks, with one query for each kind of mark."""
    by_prefix: dict[str, set[str]] = {}
    for mark in marks:
        prefix, _colon, identity = mark.partition(":")
        by_prefix.setdefault(prefix, set()).add(identity)
    known = {
        f"{prefix}:{identity}": answerer
        for prefix, identities in by_prefix.items()
        if prefix in _namings
        for identity, answerer in _namings.get(prefix)[0](sorted(identities)).items()
    }
    return AnswererNames(known)
