"""The losses of cleaning, in words for the person who wrote or pasted the text."""

from collections import Counter
from collections.abc import Iterable
from enum import StrEnum

from django.utils.translation import gettext as _

# The number of names listed in the sentence.
NAMED = 5


class Loss(StrEnum):
    LINK = "link"
    FORMAT = "format"
    PLAYER = "player"
    PICTURE = "picture"
    DRAWING = "drawing"
    FIELD = "field"
    CARD = "card"
    FORMULA = "formula"
    SCRIPT = "script"
    STYLE_SHEET = "style_sheet"


class Losses:
    """The counts of removed parts by kind, with names for some kinds."""

    def __init__(self) -> None:
        self._counts: Counter[Loss] = Counter()
        self._names: dict[Loss, dict[str, None]] = {}

    def add(self, kind: Loss, name: str = "") -> None:
        self._counts[kind] += 1
        if name:
            self._names.setdefault(kind, {})[name] = None

    def in_words(self) -> str:
        """Returns one sentence, or the empty text if nothing was removed."""
        if not self._counts:
            return ""
        parts = [self._part(kind) for kind in Loss if self._counts[kind]]
        return _("Left out, because WeChat does not show it: %(parts)s.") % {"parts": _("; ").join(parts)}

    def _part(self, kind: Loss) -> str:
        return _words(kind) % {"count": self._counts[kind], "names": _listed(self._names.get(kind, {}))}


def _words(kind: Loss) -> str:
    return {
        Loss.LINK: _("links to other sites, whose words stay: %(count)d (%(names)s)"),
        Loss.FORMAT: _("formats: %(names)s"),
        Loss.PLAYER: _("videos, sounds and embedded pages: %(count)d"),
        Loss.PICTURE: _("pictures that have no address on the web, insert them from the library: %(count)d"),
        Loss.DRAWING: _("parts of drawings: %(names)s"),
        Loss.FIELD: _("form fields: %(count)d"),
        Loss.CARD: _("cards that can only be put in at WeChat: %(names)s"),
        Loss.FORMULA: _("formulas, put them in as pictures"),
        Loss.SCRIPT: _("scripts"),
        Loss.STYLE_SHEET: _("style sheets, only formats at the text itself stay"),
    }[kind]


def _listed(names: Iterable[str]) -> str:
    every = list(names)
    return _(", ").join(every[:NAMED]) + (" …" if len(every) > NAMED else "")
