"""The registry of names for scenes of QR codes and keys of buttons, so that nobody has to type them.

Whoever makes them says so in its ``handlers.py``::

    @codes.scenes.register
    def channels(account_id, scenes): yield "ch_8k2…", "Fair 2026, stand A"
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from unfold.widgets import UnfoldAdminTextInputWidget

# Given an account and some codes, or none for all that are worth offering: codes with their names.
Source = Callable[[int, Sequence[str]], Iterable[tuple[str, str]]]


class Codes:
    """One kind of them, from whoever makes some."""

    def __init__(self) -> None:
        self._sources: list[Source] = []

    def register(self, source: Source) -> Source:
        self._sources.append(source)
        return source

    def offered(self, account_id: int | None, keep: str = "") -> list[tuple[str, str]]:
        """Codes with their names; ``keep`` is chosen already and stays, even if it was made elsewhere."""
        if account_id is None:
            return []
        found = [known for source in self._sources for known in source(account_id, ())]
        if keep and all(keep != code for code, _name in found):
            found.insert(0, (keep, self.name_of(account_id, keep)))
        return found

    def name_of(self, account_id: int, code: str) -> str:
        """Returns what a code is called; the code itself where nobody knows it."""
        return self.names_of(account_id, [code]).get(code, code)

    def names_of(self, account_id: int, codes: Sequence[str]) -> Mapping[str, str]:
        """Returns what each of these codes is called, asking each source once; without those nobody knows."""
        if not codes:
            return {}
        return {
            code: name
            for source in reversed(self._sources)
            for code, name in source(account_id, codes)
            if code in codes
        }


scenes = Codes()
menu_keys = Codes()
# By AppID.
mini_programs = Codes()


class Suggesting(UnfoldAdminTextInputWidget):  # type: ignore[misc]  # the skin is untyped
    """A field that offers known codes by their names, and takes others, made elsewhere, as well."""

    offered: Sequence[tuple[str, str]] = ()

    def render(self, name: str, value: Any, attrs: Any = None, renderer: Any = None) -> SafeString:
        known = f"known-{name}"
        field = super().render(name, value, {**(attrs or {}), "list": known, "autocomplete": "off"}, renderer)
        options = format_html_join("", '<option value="{}">{}</option>', self.offered)
        return format_html('{}<datalist id="{}">{}</datalist>', field, known, options)
