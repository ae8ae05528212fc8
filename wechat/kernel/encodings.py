"""The encoding of a text file that somebody uploads: found from its bytes, whatever the upload claims.

Excel saves CSV in the encoding of the system (GB 18030 in Chinese Windows), as UTF-8 with a byte order mark,
or as "Unicode text", which is UTF-16.
"""

import codecs
import io
from dataclasses import dataclass
from typing import IO

from django.utils.translation import gettext_lazy

CHUNK = 1 << 16
MARKS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
UNREADABLE = gettext_lazy("The file is no text that can be read: save it again as text in UTF-8.")
# A text in UTF-8 that lost a byte has many more characters that are right.
RIGHT_FOR_A_WRONG_ONE = 10
# A text of UTF-16 has many more zeros on one side of its pairs than on the other.
ZEROS_OF_ONE_SIDE = 4


class UndecodableText(Exception):
    """The bytes are no text in any encoding that is in use; the message is a sentence for staff."""


@dataclass(frozen=True, slots=True)
class Encoding:
    """``errors`` is ``strict``, or ``replace`` for a text that is damaged here and there."""

    name: str
    errors: str = "strict"


def decode(body: bytes, declared: str = "", *, guess_utf16: bool = True) -> str:
    """Returns the text of a small file, without its byte order mark. Raises ``UndecodableText``.

    UTF-16 without a mark is not guessed where nothing after this would find that a picture is no text.
    """
    found = detect(io.BytesIO(body), declared)
    if not guess_utf16 and found.name.startswith("utf-16-"):
        raise UndecodableText(UNREADABLE)
    return body.decode(found.name, found.errors)


def detect(file: IO[bytes], declared: str = "") -> Encoding:
    """Returns the encoding of all of the file, which is read to its end. Raises ``UndecodableText``.

    ``declared`` is what the file says of itself; it is believed where the bytes are not UTF-8 or UTF-16.
    """
    file.seek(0)
    head = file.read(CHUNK)
    utf8, others = _candidates(head)
    if utf8 and _decodes(file, utf8):
        return Encoding(utf8)
    # Before the other encodings: GB 18030 finds some meaning in nearly any bytes.
    if utf8 and _is_mostly_utf8(file):
        return Encoding(utf8, "replace")
    for name in (declared, *others) if declared and utf8 == "utf-8" else others:
        if _decodes(file, name):
            return Encoding(name)
    raise UndecodableText(UNREADABLE)


def _candidates(head: bytes) -> tuple[str, tuple[str, ...]]:
    """Returns the kind of UTF-8 that it may be, or "", and the other encodings in order."""
    marked = next((name for mark, name in MARKS if head.startswith(mark)), "")
    if marked:
        return ("", ("utf-16",)) if marked == "utf-16" else (marked, ())
    if b"\0" not in head:
        return "utf-8", ("gb18030",)
    # UTF-16 writes letters, commas and line ends in two bytes, of which always the same one is zero; the
    # other one is now and then, as of 一 and 退.
    first, second = head[::2].count(0), head[1::2].count(0)
    if min(first, second) * ZEROS_OF_ONE_SIDE > max(first, second):
        return "", ()
    return "", ("utf-16-be" if first > second else "utf-16-le",)


def _decodes(file: IO[bytes], name: str) -> bool:
    decoder = codecs.getincrementaldecoder(name)()
    file.seek(0)
    try:
        while chunk := file.read(CHUNK):
            decoder.decode(chunk)
        decoder.decode(b"", final=True)
    except UnicodeDecodeError:
        return False
    return True


def _is_mostly_utf8(file: IO[bytes]) -> bool:
    decoder = codecs.getincrementaldecoder("utf-8")("replace")
    right = wrong = 0
    file.seek(0)
    while chunk := file.read(CHUNK):
        text = decoder.decode(chunk)
        replaced = text.count("\ufffd")
        wrong += replaced
        # Two bytes more than characters for each character of Chinese.
        right += (len(text.encode()) - len(text)) // 2 - replaced
    return right > wrong * RIGHT_FOR_A_WRONG_ONE
