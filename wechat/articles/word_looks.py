"""The look of Word's paragraphs that an article keeps: alignment, first-line indentation, and empty lines.

The converter knows none of them from a style, and no indentation in characters. Each look that the document
has is therefore written into it as the style of its paragraphs.

Reference: ECMA-376 part 1, 17.3.1.12 (indentation), 17.3.1.13 (alignment), 17.7.2 (style hierarchy).
"""

import io
import re
import zipfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from lxml import etree

from wechat.articles.word_parts import (
    STYLES,
    W,
    document_name,
    parsed,
    properties_without,
    value_of,
    with_document,
)

# The alignments by their names in Word and in CSS.
ALIGNED = {"center": "center", "right": "right", "end": "right", "both": "justify"}
# Chinese Word justifies all its paragraphs, and so does WeChat.
USUAL = "both"
FIRST_LINE = (f"{W}firstLine", f"{W}firstLineChars")
HANGING = (f"{W}hanging", f"{W}hangingChars")
HEADING = re.compile(r"heading ?([1-6])", re.IGNORECASE)
# In half-points, where the document says nothing.
USUAL_SIZE = 20
# In ems.
LARGEST_INDENT = 10
# The styles that one is based on, one on the other. Word itself takes ten.
LONGEST_CHAIN = 20
# What may stand in a paragraph that shows nothing.
SILENT = {f"{W}pPr", f"{W}bookmarkStart", f"{W}bookmarkEnd", f"{W}proofErr"}
SILENT_IN_RUN = {f"{W}rPr", f"{W}lastRenderedPageBreak"}


@dataclass(frozen=True, slots=True)
class Look:
    """The element of a paragraph, such as ``h1``, and its inline style."""

    tag: str
    style: str


@dataclass(slots=True)
class Looks:
    """The looks of a document; each is the style ``look-`` and its place, whose name is also a class."""

    found: dict[Look, int] = field(default_factory=dict)

    def name(self, look: Look) -> str:
        return f"look-{self.found.setdefault(look, len(self.found))}"

    def style_map(self) -> str:
        """Returns the rules of the converter."""
        return "\n".join(f"p.{self.name(look)} => {look.tag}.{self.name(look)}:fresh" for look in self.found)

    def in_styles(self, html: str) -> str:
        """Returns the converted text with inline styles for the classes."""
        for look in self.found:
            html = html.replace(
                f'<{look.tag} class="{self.name(look)}">', f'<{look.tag} style="{look.style}">'
            )
        return html


def written_as_styles(body: bytes) -> tuple[bytes, Looks]:
    """Returns the Word file with the look of each paragraph as its style, and these looks.

    Raises ``lxml.etree.XMLSyntaxError`` and the errors of ``zipfile``.
    """
    looks = Looks()
    with zipfile.ZipFile(io.BytesIO(body)) as parts:
        if not (name := document_name(parts)):
            return body, looks
        document = parsed(parts.read(name))
        styles = _Styles(parsed(parts.read(STYLES)) if STYLES in parts.namelist() else None)
        _break_empty_lines(document)
        for paragraph in document.iter(f"{W}p"):
            if look := styles.look(paragraph):
                _set_style(paragraph, looks.name(look))
        return with_document(parts, document), looks


class _Styles:
    def __init__(self, part: etree._Element | None) -> None:
        every = [] if part is None else part.findall(f"{W}style")
        self._styles = {each.get(f"{W}styleId", ""): each for each in every}
        self._usual = next((name for name, each in self._styles.items() if _is_usual(each)), "")
        size = "" if part is None else value_of(part, f"{W}docDefaults/{W}rPrDefault/{W}rPr/{W}sz")
        self._size = size or str(USUAL_SIZE)

    def look(self, paragraph: etree._Element) -> Look | None:
        """Returns the look of a paragraph, or ``None`` if it has no own one, or is of a list."""
        chain = list(self._chain(value_of(paragraph, f"{W}pPr/{W}pStyle") or self._usual))
        if _is_listed(paragraph, chain):
            return None
        style = {
            "text-align": ALIGNED.get(_alignment(paragraph, chain), ""),
            "text-indent": self._indent(paragraph, chain),
        }
        written = ";".join(f"{name}:{value}" for name, value in style.items() if value)
        return Look(_tag(chain), written) if written else None

    def _chain(self, name: str) -> Iterator[etree._Element]:
        """Yields a style and those that it is based on; in a circle, several times."""
        for _level in range(LONGEST_CHAIN):
            if name not in self._styles:
                return
            yield self._styles[name]
            name = value_of(self._styles[name], f"{W}basedOn")

    def _indent(self, paragraph: etree._Element, chain: list[etree._Element]) -> str:
        found: dict[str, str] = {}
        for each in (*reversed(chain), paragraph):
            indent = each.find(f"{W}pPr/{W}ind")
            if indent is not None:
                _override(found, {str(name): str(value) for name, value in indent.attrib.items()})
        if any(map(_number, (found.get(name, "") for name in HANGING))):
            return ""
        twips, hundredths = (_number(found.get(name, "")) for name in FIRST_LINE)
        size = _number(_size(paragraph, chain) or self._size) or USUAL_SIZE
        # A point has two half-points and 20 twips.
        ems = hundredths / 100 if hundredths else twips / (size * 10)
        halves = round(min(ems, LARGEST_INDENT) * 2)
        return f"{halves / 2:g}em" if halves > 0 else ""


def _is_usual(style: etree._Element) -> bool:
    return style.get(f"{W}type") == "paragraph" and style.get(f"{W}default") in ("1", "true", "on")


def _is_listed(paragraph: etree._Element, chain: list[etree._Element]) -> bool:
    for each in (paragraph, *chain):
        if each.find(f"{W}pPr/{W}numPr") is not None:
            return value_of(each, f"{W}pPr/{W}numPr/{W}numId") != "0"
    return False


def _tag(chain: list[etree._Element]) -> str:
    heading = HEADING.fullmatch(value_of(chain[0], f"{W}name")) if chain else None
    return f"h{heading[1]}" if heading else "p"


def _alignment(paragraph: etree._Element, chain: list[etree._Element]) -> str:
    path = f"{W}pPr/{W}jc"
    of_style = next((found for each in chain if (found := value_of(each, path))), "")
    return value_of(paragraph, path) or ("" if of_style == USUAL else of_style)


def _size(paragraph: etree._Element, chain: list[etree._Element]) -> str:
    """Returns the size of the first words in half-points, or the empty text."""
    path = f"{W}rPr/{W}sz"
    run = paragraph.find(f"{W}r")
    return next(
        (found for each in ([] if run is None else [run]) + chain if (found := value_of(each, path))), ""
    )


def _override(found: dict[str, str], own: Mapping[str, str]) -> None:
    """Adds the indentation of a paragraph to that of its style; a first line goes either in or out."""
    for one, other in ((FIRST_LINE, HANGING), (HANGING, FIRST_LINE)):
        if any(name in own for name in one):
            for name in other:
                found.pop(name, None)
    found.update(own)


def _number(text: str) -> int:
    return int(text) if text.isdecimal() and len(text) < 6 else 0


def _set_style(paragraph: etree._Element, name: str) -> None:
    properties = properties_without(paragraph, "pStyle")
    properties.insert(0, etree.Element(f"{W}pStyle", {f"{W}val": name}))


def _break_empty_lines(document: etree._Element) -> None:
    """Writes a break into each empty paragraph between others, which the converter would leave out.

    Those before and behind the text are removed.
    """
    shown = [each for each in document.iterfind(f"{W}body/*") if each.tag != f"{W}sectPr"]
    filled = [place for place, each in enumerate(shown) if not _is_empty(each)]
    first, last = min(filled, default=0), max(filled, default=0)
    for place, each in enumerate(shown):
        if not _is_empty(each):
            continue
        each[:] = [etree.Element(f"{W}r")] if first < place < last else []
        for run in each:
            etree.SubElement(run, f"{W}br")


def _is_empty(element: etree._Element) -> bool:
    return element.tag == f"{W}p" and all(
        part.tag in SILENT or (part.tag == f"{W}r" and all(each.tag in SILENT_IN_RUN for each in part))
        for part in element
    )
