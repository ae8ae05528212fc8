"""The ways in which texts are put together, with the punctuation of the reader's language."""

from collections.abc import Iterable
from functools import reduce
from typing import Any

from django.utils.translation import gettext as _


def labelled(label: Any, text: Any) -> str:
    """Returns a text after its label."""
    return _("%(label)s: %(text)s") % {"label": label, "text": text}


def listed(names: Iterable[Any]) -> str:
    """Returns names as an enumeration; empty for none."""
    return _reduced(names, _("%(first)s, %(second)s"))


def joined(sentences: Iterable[Any]) -> str:
    """Returns whole sentences after each other; Chinese has no space between them."""
    return _reduced(sentences, _("%(first)s %(second)s"))


def _reduced(texts: Iterable[Any], pattern: str) -> str:
    several = list(map(str, texts)) or [""]
    return reduce(lambda first, second: pattern % {"first": first, "second": second}, several)
