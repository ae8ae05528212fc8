"""The encoding of a text file that somebody uploads: found from its bytes, whatever the upload claims.

Excel saves CSV in the encoding of the system (GB 18030 in Chinese Windows, Big5 in Taiwan and Hong Kong), as
UTF-8 with a byte order mark, or as "Unicode text", which is UTF-16.
"""

import codecs
import io
import re
from dataclasses import dataclass
from functools import cache
from typing import IO

from django.utils.translation import gettext_lazy

from wechat.sdk.text import clean

CHUNK = 1 << 16
MARKS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
UTF16_MARKS = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)
UNREADABLE = gettext_lazy("The file is no text that can be read: save it again as text in UTF-8.")
# A text in UTF-8 that lost a byte has many more characters that are right.
RIGHT_FOR_A_WRONG_ONE = 10
# A text of UTF-16 has many more zeros on one side of its pairs than on the other.
ZEROS_OF_ONE_SIDE = 4
# What parts a text into lines and cells; in UTF-16 there is a zero beside each of them.
PARTS = re.compile(rb"[\n\r,\t;]")
PARTS_OF_UTF16 = re.compile(rb"[\n\r,\t;]\0|\0[\n\r,\t;]")
MOST_STRAY_ZEROS = 8
GB18030, BIG5 = "gb18030", "big5hkscs"
# Of a text that is read in the right one of the two, less than one character in so many is rare.
COMMON_FOR_A_RARE_ONE = 4
# What programs write into each page, whatever its bytes are: a Chinese text is recognised all the same.
OFTEN_WRONG = frozenset({GB18030, BIG5, "cp1252"})


class UndecodableText(Exception):
    """The error for bytes that are no text in any common encoding; its message is a sentence for staff."""


@dataclass(frozen=True, slots=True)
class Encoding:
    """An encoding; ``errors`` is ``strict``, or ``replace`` for a text that is damaged here and there.

    It is ``surrogatepass`` for an emoji in two halves, which ``wechat.sdk.text.clean`` puts together.
    """

    name: str
    errors: str = "strict"


def decode(body: bytes, declared: str = "", *, guess_utf16: bool = True) -> str:
    """Returns the clean text of a small file, without its byte order mark. Raises ``UndecodableText``.

    UTF-16 without a mark is not guessed where nothing after this would find that a picture is no text.
    """
    found = detect(io.BytesIO(body), declared)
    if not guess_utf16 and found.name.startswith("utf-16-"):
        raise UndecodableText(UNREADABLE)
    return clean(body.decode(found.name, found.errors))


def detect(file: IO[bytes], declared: str = "") -> Encoding:
    """Returns the encoding of all of the file, which is read to its end. Raises ``UndecodableText``.

    ``declared`` is what the file says of itself; it is believed where the bytes are not UTF-8 or UTF-16, nor
    evidently Chinese.
    """
    file.seek(0)
    head = file.read(CHUNK)
    utf8, others = _candidates(head)
    if utf8:
        for errors in ("strict", "surrogatepass"):
            if _decodes(file, utf8, errors):
                return Encoding(utf8, errors)
        # Before the other encodings: GB 18030 finds some meaning in nearly any bytes.
        if _is_mostly(file, utf8, RIGHT_FOR_A_WRONG_ONE):
            return Encoding(utf8, "replace")
    if utf8 == "utf-8":
        others = (_believed(head, declared) or _likelier_chinese(head), *others)
    for name in others:
        if _decodes(file, name):
            return Encoding(name)
    # Nothing else fits, so that even a short text is what it is for the most part.
    damaged = utf8 or ("utf-16" if head.startswith(UTF16_MARKS) else "")
    if damaged and _is_mostly(file, damaged, right_for_a_wrong_one=1):
        return Encoding(damaged, "replace")
    if utf8 == "utf-8" and b"\0" not in head and _is_common(head, GB18030):
        return Encoding(GB18030, "replace")
    raise UndecodableText(UNREADABLE)


def _candidates(head: bytes) -> tuple[str, tuple[str, ...]]:
    """Returns the kind of UTF-8 that it may be, or "", and the other encodings in order."""
    marked = next((name for mark, name in MARKS if head.startswith(mark)), "")
    if marked:
        return ("", ("utf-16",)) if marked == "utf-16" else (marked, ())
    if b"\0" not in head or _has_stray_zeros(head):
        return "utf-8", (GB18030,)
    # UTF-16 writes letters, commas and line ends in two bytes, of which always the same one is zero; the
    # other one is now and then, as of 一 and 退.
    first, second = head[::2].count(0), head[1::2].count(0)
    if min(first, second) * ZEROS_OF_ONE_SIDE > max(first, second):
        return "", ()
    return "", ("utf-16-be" if first > second else "utf-16-le",)


def _has_stray_zeros(head: bytes) -> bool:
    """Returns whether a few zeros got into a text of another encoding than UTF-16."""
    parts, in_utf16 = len(PARTS.findall(head)), len(PARTS_OF_UTF16.findall(head))
    return in_utf16 * 2 < parts and head.count(0) * MOST_STRAY_ZEROS < len(head)


def _believed(head: bytes, declared: str) -> str:
    """Returns the declared encoding, or "" if the text is common Chinese in another one, and not in it."""
    is_doubtful = declared in OFTEN_WRONG and not _is_common(head, declared)
    return "" if is_doubtful and _is_common(head, _likelier_chinese(head)) else declared


def _is_common(head: bytes, name: str) -> bool:
    common, rare = _common_and_rare(head, name)
    return common > rare * COMMON_FOR_A_RARE_ONE


def _likelier_chinese(head: bytes) -> str:
    """Returns the encoding in which fewer characters are rare: either of the two reads nearly any bytes."""
    _common, rare_in_big5 = _common_and_rare(head, BIG5)
    _common, rare_in_gb18030 = _common_and_rare(head, GB18030)
    return BIG5 if rare_in_big5 * COMMON_FOR_A_RARE_ONE < rare_in_gb18030 else GB18030


def _common_and_rare(head: bytes, name: str) -> tuple[int, int]:
    """Returns how many characters that are none of ASCII are common in Chinese, and how many are not."""
    found = [each for each in head.decode(name, "replace") if each > "\x7f"]
    common = sum(each in _common_characters() for each in found)
    return common, len(found) - common


@cache
def _common_characters() -> frozenset[str]:
    """Returns all of GB 2312 and the first level of Big5, without their foreign letters and drawings."""
    of_gb2312 = (bytes([row, cell]) for row in (0xA1, 0xA3, *range(0xB0, 0xF8)) for cell in range(0xA1, 0xFF))
    of_big5 = (bytes([row, cell]) for row in (0xA1, *range(0xA4, 0xC7)) for cell in range(0x40, 0xFF))
    return frozenset(
        "".join(each.decode("gb2312", "ignore") for each in of_gb2312)
        + "".join(each.decode("big5", "ignore") for each in of_big5)
    )


def _decodes(file: IO[bytes], name: str, errors: str = "strict") -> bool:
    decoder = codecs.getincrementaldecoder(name)(errors)
    file.seek(0)
    try:
        while chunk := file.read(CHUNK):
            decoder.decode(chunk)
        decoder.decode(b"", final=True)
    except UnicodeDecodeError:
        return False
    return True


def _is_mostly(file: IO[bytes], name: str, right_for_a_wrong_one: int) -> bool:
    decoder = codecs.getincrementaldecoder(name)("replace")
    right = wrong = 0
    file.seek(0)
    while chunk := file.read(CHUNK):
        text = decoder.decode(chunk)
        replaced = text.count("\ufffd")
        wrong += replaced
        # Two bytes more than characters for each character of Chinese.
        right += (len(text.encode(errors="replace")) - len(text)) // 2 - replaced
    return right > wrong * right_for_a_wrong_one
