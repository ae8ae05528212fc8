"""The cleaning of article HTML, which leaves only what WeChat shows.

All that is typed, pasted, imported or read from the platform passes ``cleaned``: sanitised in the way a
browser reads it, converted to the elements that the platform knows (a line stays a line), and sanitised
again, so that the conversion cannot let anything through.
"""

import base64
import binascii
import re
from collections.abc import Callable
from dataclasses import dataclass
from html import escape

import nh3
from lxml import html

from wechat.articles import allowlist, markdown, structure, styles, tags, tree
from wechat.articles.losses import Loss, Losses
from wechat.sdk import text as characters

# Word repeats its style sheet at each element, so that its loss needs no notice.
WORD = re.compile(r"\bmso\b|urn:schemas-microsoft-com:office", re.IGNORECASE)

# Programs that draw formulas keep them in elements of their own, or in scripts that run nothing.
FORMULA = re.compile(r"<(?:math|mjx-container|script[^<>]*\bmath/)")
# Pictures of Word and WPS; those in comments have another one beside them that browsers show.
VML_PICTURE = re.compile(r"<!--.*?(?:-->|\Z)|(<v:imagedata\b)", re.DOTALL)
SCRIPT = re.compile(r"<script(?![^<>]*\bmath/)")
# An emoji as Word and old pages write it: either half of its surrogate pair by its number.
HALVES = re.compile(
    r"&#(?:(5[56][0-9]{3})|x(d[89ab][0-9a-f]{2}));&#(?:(5[67][0-9]{3})|x(d[c-f][0-9a-f]{2}));", re.IGNORECASE
)


@dataclass(frozen=True, slots=True)
class TextLimits:
    """The limits of an article's text: WeChat reference 12.3."""

    characters: int = 20_000
    bytes: int = 1024 * 1024


LIMITS = TextLimits()


@dataclass(frozen=True, slots=True)
class Cleaned:
    """The HTML as WeChat shows it, and a sentence about what was removed (or the empty text)."""

    html: str
    dropped: str


def cleaned(text: str) -> Cleaned:
    """Returns the HTML with only what WeChat renders, without scripts and links to other sites.

    A text without any element is plain text, whose lines become paragraphs.
    """
    losses = Losses()
    source = tags.with_signs_as_text(HALVES.sub(_joined, text))
    _note_what_is_dropped_whole(source, losses)
    root = tree.parsed(_readable(source))
    structure.convert(root, losses)
    return Cleaned(_sanitised(tree.serialised(root)), losses.in_words())


def clean(text: str) -> str:
    """Returns the HTML only, where what was removed cannot be shown to anybody."""
    return cleaned(text).html


def from_markdown(text: str) -> Cleaned:
    """Returns a Markdown text as article HTML."""
    return cleaned(markdown.html(text))


def from_plain_text(text: str) -> Cleaned:
    """Returns the lines of a text without markup as article HTML."""
    return cleaned(escape(text))


def with_pictures(text: str, address_of: Callable[[str], str | None]) -> str:
    """Returns the text with other addresses for its pictures; ``None`` removes a picture."""
    root = tree.parsed(_sanitised(text))
    for element in list(root.iterdescendants()):
        if element.tag == "img":
            _move_picture(element, "src", address_of)
        elif element.tag == "image":
            _move_picture(element, "href", address_of)
        if style := element.get("style", ""):
            element.set("style", styles.with_pictures(style, address_of))
    return _sanitised(tree.serialised(root))


def picture_bytes(address: str) -> bytes | None:
    """Returns the bytes of a picture in a data URL, as pasting from Word produces.

    Returns ``None`` for any other address.
    """
    found = allowlist.DATA.fullmatch(address.strip())
    if found is None:
        return None
    try:
        return base64.b64decode(found[1], validate=False)
    except binascii.Error:
        return None


def _joined(halves: "re.Match[str]") -> str:
    """Returns the character of two halves, without a half that has no other one."""
    high, high_hex, low, low_hex = halves.groups()
    both = chr(int(high or high_hex, 10 if high else 16)) + chr(int(low or low_hex, 10 if low else 16))
    return characters.clean(both)


def _note_what_is_dropped_whole(text: str, losses: Losses) -> None:
    """Notes as lost what is gone before there is a tree, such as formulas, cards and scripts."""
    small = text.lower()
    if FORMULA.search(small):
        losses.add(Loss.FORMULA)
    for name in allowlist.CARD.findall(small):
        if name not in allowlist.CARDS | allowlist.NO_CARD:
            losses.add(Loss.CARD, name)
    for picture in VML_PICTURE.findall(small):
        if picture:
            losses.add(Loss.PICTURE)
    if SCRIPT.search(small):
        losses.add(Loss.SCRIPT)
    if "<style" in small and not WORD.search(text):
        losses.add(Loss.STYLE_SHEET)


def _readable(text: str) -> str:
    """Returns the HTML as a browser reads it, without active content.

    Elements are not converted yet.
    """
    attributes = {name: allowed | structure.ATTRIBUTES for name, allowed in allowlist.ATTRIBUTES.items()}
    return nh3.clean(
        text,
        tags=allowlist.TAGS | structure.TAGS,
        attributes=attributes,
        clean_content_tags=allowlist.DROPPED,
        url_schemes={"https", "http", "data", "file", "blob", "cid", "tel", "mailto"},
        link_rel=None,
    )


def _sanitised(text: str) -> str:
    """Returns the HTML with only what the lists allow."""
    return nh3.clean(
        text,
        tags=allowlist.TAGS,
        attributes={name: set(allowed) for name, allowed in allowlist.ATTRIBUTES.items()},
        clean_content_tags=allowlist.DROPPED,
        url_schemes={"https", "http", "data"},
        attribute_filter=_attribute,
        link_rel=None,
    ).strip()


def _attribute(tag: str, name: str, value: str) -> str | None:
    if name == "style":
        # The sanitiser's own filter loses functions inside of functions, such as colours of a gradient.
        return styles.safe(value) or None
    if tag == "a" and name == "href" and not allowlist.LINKED.match(value):
        return None
    if name in ("src", "href") and tag in ("img", "image") and not allowlist.is_picture(value):
        return None
    if tag == allowlist.VIDEO and name == "data-src" and not allowlist.PLAYED.match(value):
        return None
    if name == "class":
        return allowlist.VIDEO_CLASS
    if name == "attributeName" and value not in allowlist.ANIMATED:
        return None
    return value


def _move_picture(element: html.HtmlElement, attribute: str, address_of: Callable[[str], str | None]) -> None:
    address = address_of(element.get(attribute, ""))
    if address is None:
        element.drop_tree()
    else:
        element.set(attribute, address)
