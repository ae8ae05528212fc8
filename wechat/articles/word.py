"""The conversion of a Word file (.docx) to HTML, to be cleaned like any other text.

Headings, emphasis, lists, tables, links, pictures, empty lines, alignment and first-line indentation are
converted; colours and sizes are kept only by copying and pasting.
"""

import base64
import io
import re
import zipfile
import zlib
from typing import Any
from xml.parsers.expat import ExpatError

import mammoth
from lxml.etree import XMLSyntaxError
from mammoth.docx.files import InvalidFileReferenceError

from wechat.articles import numbering, structure, word_looks, word_parts

# The largest file with its pictures, compressed and uncompressed.
LARGEST = 20 * 1024 * 1024
UNPACKED = 100 * 1024 * 1024
# The largest XML, in bytes and in tags: each tag takes the converter 50 microseconds, and a file of a few
# kilobytes may have millions. An article has some ten thousand.
MOST_XML = 20 * 1024 * 1024
MOST_TAGS = 150_000
# The errors of damaged, encrypted and endlessly nested files, and of those of other programs.
DAMAGED = (
    zipfile.BadZipFile, zlib.error, ExpatError, XMLSyntaxError, AttributeError, EOFError, LookupError,
    NotImplementedError, OSError, RuntimeError, TypeError, ValueError,
)  # fmt: skip
CHART = re.compile(rb"<(?:c:chart|cx:chart|dgm:relIds)[\s/>]")
INNER = re.compile(rb"<w:altChunk[\s/>]")
TEXT = re.compile("(?<=>)[^<>]+")
FORMULA = "http://schemas.openxmlformats.org/officeDocument/2006/math"


class UnreadableWord(Exception):
    """The bytes are no Word file that can be read."""


class TooLong(UnreadableWord):
    """The text would take minutes to convert, and is longer than any article."""


def html(body: bytes) -> str:
    """Returns the document's text as HTML. Raises ``UnreadableWord``, ``TooLong`` for a very long text."""
    try:
        _check(body)
        prepared, looks = word_looks.written_as_styles(numbering.written_out(word_parts.with_all_texts(body)))
        found = mammoth.convert_to_html(
            io.BytesIO(prepared), style_map=f"u => u\n{looks.style_map()}", convert_image=_picture
        )
    except DAMAGED as error:
        raise UnreadableWord from error
    text = TEXT.sub(lambda part: structure.with_blanks(part[0]), looks.in_styles(found.value))
    # The rest is nothing for the converter; cleaning drops it too, and says so.
    lacks_formulas = any(FORMULA in message.message for message in found.messages)
    return f"{text}{'<math></math>' * lacks_formulas}{_drawn_or_put_in_by_word(body)}"


@mammoth.images.img_element  # type: ignore[untyped-decorator]  # the converter is untyped
def _picture(picture: Any) -> dict[str, str]:
    """Returns the address of a picture: its data, or none if the file only refers to it."""
    try:
        with picture.open() as file:
            content = base64.b64encode(file.read()).decode()
    except (KeyError, InvalidFileReferenceError):
        return {"src": ""}
    return {"src": f"data:{picture.content_type};base64,{content}"}


def _drawn_or_put_in_by_word(body: bytes) -> str:
    """Returns an empty picture for each chart and SmartArt, and an empty frame for each document inside."""
    with zipfile.ZipFile(io.BytesIO(body)) as parts:
        name = word_parts.document_name(parts)
        document = parts.read(name) if name else b""
    return "<img>" * len(CHART.findall(document)) + "<iframe></iframe>" * len(INNER.findall(document))


def _check(body: bytes) -> None:
    """Checks that the file is not too large uncompressed, and that no part declares entities.

    Raises ``UnreadableWord``.
    """
    with zipfile.ZipFile(io.BytesIO(body)) as parts:
        if sum(each.file_size for each in parts.infolist()) > UNPACKED:
            raise UnreadableWord
        written = [each for each in parts.infolist() if each.filename.endswith((".xml", ".rels"))]
        if sum(each.file_size for each in written) > MOST_XML:
            raise TooLong
        tags = 0
        for each in written:
            part = parts.read(each)
            tags += part.count(b"<")
            if b"<!DOCTYPE" in part:
                raise UnreadableWord
        if tags > MOST_TAGS:
            raise TooLong
