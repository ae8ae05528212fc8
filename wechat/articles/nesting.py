"""The limits of an HTML's tags, without which a parser takes a time that grows with the square of its size.

As in browsers, what is nested deeper stands side by side: tags are left out, and their text stays.
"""

from collections import Counter

from wechat.articles import allowlist

# Each is far more than anybody writes, and a text of so many tags is longer than WeChat takes.
DEEPEST = 256
MOST_FORMATS = 32
# Counted with the formats that are opened anew in an element.
MOST_TAGS = 50_000
# Elements that a parser opens anew in each further block until their end tag.
FORMATS = {
    "a", "b", "big", "code", "em", "font", "i", "nobr", "s", "small", "strike", "strong", "tt", "u",
}  # fmt: skip
# Elements without content, those with text only, and those that the next of their kind ends.
FLAT = {
    "area", "base", "basefont", "bgsound", "br", "caption", "col", "colgroup", "dd", "dt", "embed", "hr",
    "image", "img", "input", "keygen", "li", "link", "meta", "optgroup", "option", "p",
    "param", "plaintext", "rb", "rp", "rt", "rtc", "script", "source", "style", "tbody", "td", "textarea",
    "tfoot", "th", "thead", "title", "tr", "track", "wbr", "xmp",
}  # fmt: skip
# In these, a start tag may be an end tag as well: ``<path/>``.
DRAWINGS = {name.lower() for name in allowlist.SVG} - {"foreignobject"}
FOREIGN = {"svg", "math"}
# No end tag in them ends an element around them.
CLOSED = {"applet", "foreignobject", "marquee", "object", "table", "template"}


class Nesting:
    """The elements that are open at a place of an HTML source."""

    def __init__(self) -> None:
        self._open: list[str] = []
        self._formats: Counter[str] = Counter()
        self._left_out: Counter[str] = Counter()
        self._spent = 0

    @property
    def is_foreign(self) -> bool:
        """Returns whether it is inside of a drawing or a formula."""
        return any(name in FOREIGN for name in self._open)

    def begins(self, name: str, *, is_closed: bool) -> bool:
        """Takes a start tag, which may end with ``/>``; returns whether it stays."""
        is_format = name in FORMATS
        self._spent += 1 if is_format else 1 + self._formats.total()
        is_flat = name in FLAT or (is_closed and self._may_close(name))
        if self._spent > MOST_TAGS or (not is_flat and self._is_deepest(is_format)):
            self._left_out[name] += 1
            return False
        if is_format:
            self._formats[name] += 1
        elif not is_flat:
            self._open.append(name)
        return True

    def ends(self, name: str) -> bool:
        """Takes an end tag; returns whether it stays."""
        self._spent += 1
        if self._left_out[name]:
            self._left_out[name] -= 1
            return False
        if self._formats[name]:
            self._formats[name] -= 1
        for place in reversed(range(len(self._open))):
            if self._open[place] == name:
                del self._open[place:]
                break
            if self._open[place] in CLOSED and name != "table":
                break
        return self._spent <= MOST_TAGS

    def _is_deepest(self, is_format: bool) -> bool:
        return self._formats.total() >= MOST_FORMATS if is_format else len(self._open) >= DEEPEST

    def _may_close(self, name: str) -> bool:
        return name == "svg" or (bool(self._open) and self._open[-1] in DRAWINGS)
