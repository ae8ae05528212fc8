"""The tags of an HTML source, distinguished from signs of the text that only look like the beginning of one.

A browser takes ``<`` and a letter for a tag up to the next ``>``, and the beginning of a comment or a script
for one up to the end of the text: what is written behind it would be lost. In ``a<b 3``, ``I </3 you`` and
``<your name>`` people mean signs.

Reference: HTML standard, 13.2.5 (tokenization).
"""

import re
from collections.abc import Iterator
from html import escape

from wechat.articles import allowlist, structure
from wechat.articles.nesting import Nesting

# Elements of HTML and MathML that cleaning knows how to leave out.
OTHER_ELEMENTS = {
    "annotation", "area", "base", "basefont", "bgsound", "blink", "body", "button", "data", "frameset",
    "head", "html", "image", "keygen", "label", "link", "map", "marquee", "math", "menclose", "meta",
    "mfenced", "mfrac", "mi", "mn", "mo", "mover", "mpadded", "mphantom", "mroot", "mrow", "ms", "mspace",
    "msqrt", "mstyle", "msub", "msubsup", "msup", "mtable", "mtd", "mtext", "mtr", "munder", "munderover",
    "nobr", "noembed", "noframes", "output", "param", "picture", "plaintext", "rb", "rtc", "semantics",
    "slot", "source", "spacer", "track", "wbr",
}  # fmt: skip
ELEMENTS = OTHER_ELEMENTS | {name.lower() for name in allowlist.TAGS | structure.TAGS | allowlist.DROPPED}
# Elements whose content is text up to their end tag, whatever signs it has.
RAW = {"iframe", "noembed", "noframes", "noscript", "script", "style", "textarea", "title", "xmp"}
# Elements of a drawing; outside of any, as 飞书 writes them, browsers show the text that is in them.
DRAWN = {name.lower() for name in allowlist.SVG - {"svg", "image"}}
# Without an end tag, these would take all that follows with them.
ENDED = RAW | {"applet", "audio", "canvas", "object", "plaintext", "select", "template", "video", "xml"}

# An attribute as browsers read it, except for names that begin like a number, an operator or a Chinese word.
# Right behind a quotation mark stands the rest of a value that has such marks itself. Possessive quantifiers
# keep the search linear.
FLAGS = re.IGNORECASE | re.ASCII | re.VERBOSE
NAME = re.compile(r"<([a-z][^\s/><]*+)", FLAGS)
TAG = re.compile(r"(</?)([a-z][^\s/><]*+)", FLAGS)
ATTRIBUTE = re.compile(
    r"""[\s/]*+(?:[a-z_:@#*(\[."']|(?<=["'])[^\s/>=<])[^\s/>=<]*+
    (?:\s*+=\s*+(?:"[^"]*+"|'[^']*+'|[^\s>"'<][^\s><]*+|(?=>)))?+""",
    FLAGS,
)
LAST = re.compile(r"[\s/]*+>", FLAGS)
END = re.compile(r"</([a-z][^\s/><]*+)\s*+>", FLAGS)
# What browsers pass over: the declarations of HTML and XML, and the conditions of Word.
PASSED_OVER = re.compile(r"<!doctype[^<>]*+>|<\?xml[^<>]*+>|<!\[(?:if|endif)\b[^<>]*+>", FLAGS)
# A parser compares each attribute with all before it.
MOST_ATTRIBUTES = 300
COMMENT, COMMENT_END = "<!--", "-->"
CDATA, CDATA_END = "<![CDATA[", "]]>"


def with_signs_as_text(source: str) -> str:
    """Returns the HTML with each ``<`` that begins no tag, comment or declaration written as text.

    Elements of drawings that are in no drawing are written as elements of a text. Tags that are nested too
    deep are left out.
    """
    return "".join(_Source(source).parts())


class _Source:
    def __init__(self, text: str) -> None:
        self._text = text
        self._started = {name.lower() for name in re.findall(r"<([a-z][^\s/><]*)", text, FLAGS)}
        # The ends of tags by the place behind their name or an attribute: a value may look like tags as well.
        self._ends: dict[int, int] = {}
        self._drawings = 0
        self._nesting = Nesting()
        # The last places of the end tags of each name, and of the ends of comments and the like.
        self._ended = {name[1].lower(): name.start() for name in END.finditer(text)}
        self._last = {end: text.rfind(end) for end in (COMMENT_END, CDATA_END)}

    def parts(self) -> Iterator[str]:
        at = 0
        while (place := self._text.find("<", at)) >= 0:
            yield self._text[at:place]
            at = self._end_of_markup(place)
            if not at:
                yield "&lt;"
                at = place + 1
            elif self._text.startswith(CDATA, place):
                yield escape(self._text[place + len(CDATA) : at - len(CDATA_END)])
            else:
                yield self._kept(self._text[place:at])
        yield self._text[at:]

    def _kept(self, markup: str) -> str:
        """Returns a tag, of another element where the drawing is missing; other markup unchanged.

        Returns the empty text for a tag that is nested too deep.
        """
        found = TAG.match(markup)
        if found is None:
            return markup
        name, is_end, is_closed = found[2].lower(), found[1] == "</", markup.endswith("/>")
        if name == "svg":
            self._drawings = max(0, self._drawings + (-1 if is_end else not is_closed))
        if name in DRAWN and not self._drawings:
            name, markup = "font", f"{found[1]}font{markup[found.end() :]}"
        stays = self._nesting.ends(name) if is_end else self._nesting.begins(name, is_closed=is_closed)
        return markup if stays else ""

    def _end_of_markup(self, place: int) -> int:
        """Returns where the markup that begins here ends, or 0 for a sign of the text."""
        if self._text.startswith(COMMENT, place):
            # In "<!-->" the end has two characters in common with the beginning.
            return self._after(COMMENT_END, place + len(COMMENT) - 2)
        if self._text.startswith(CDATA, place):
            return self._after(CDATA_END, place + len(CDATA))
        if found := PASSED_OVER.match(self._text, place):
            return found.end()
        if found := END.match(self._text, place):
            name = found[1].lower()
            return found.end() if _is_known(name) or name in self._started else 0
        found = NAME.match(self._text, place)
        end = self._end_of_tag(found.end()) if found else 0
        return self._end_of_element(found[1].lower(), end) if found and end else 0

    def _end_of_tag(self, at: int) -> int:
        """Returns where the tag ends whose name or attribute ends here, or 0 if none does."""
        passed = []
        while at not in self._ends:
            passed.append(at)
            if len(passed) > MOST_ATTRIBUTES:
                self._ends[at] = 0
            elif found := ATTRIBUTE.match(self._text, at):
                at = found.end()
            else:
                last = LAST.match(self._text, at)
                self._ends[at] = last.end() if last else 0
        self._ends.update(dict.fromkeys(passed, self._ends[at]))
        return self._ends[at]

    def _after(self, end: str, first: int) -> int:
        """Returns the place after the next end, or 0 if there is none."""
        return self._text.index(end, first) + len(end) if self._last[end] >= first else 0

    def _end_of_element(self, name: str, start_end: int) -> int:
        """Returns where an element's start tag that ends here, or its raw text, ends; 0 if it is none."""
        is_ended = self._ended.get(name, -1) >= start_end
        if name in RAW and is_ended and not self._nesting.is_foreign:
            end = re.compile(rf"</{name}\s*>", FLAGS).search(self._text, start_end)
            return end.start() if end else 0
        is_closed = self._text.endswith("/>", 0, start_end)
        is_element = is_ended or (name not in ENDED and (_is_known(name) or is_closed))
        return start_end if is_element else 0


def _is_known(name: str) -> bool:
    return name in ELEMENTS or bool(allowlist.CARD.match(f"<{name}"))
