"""The import of an article's text from a file: Word, Markdown, plain text, or saved HTML."""

import re
from typing import Any

from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _

from wechat.articles import allowlist, cleaning, markdown, word
from wechat.articles.cleaning import Cleaned
from wechat.kernel import encodings

LARGEST = 2 * 1024 * 1024
# Markdown says much in little: a character takes a twentieth of a millisecond, and rows of a table that has
# many columns are filled up to them. WeChat takes less than half of these characters, pictures not counted.
LONGEST_MARKDOWN = 50_000
MOST_MARKDOWN_CELLS = 20_000
SUFFIXES = (".docx", ".md", ".markdown", ".html", ".htm", ".txt")
WORD = ".docx"
PLAIN = ".txt"
MARKDOWN = (".md", ".markdown")
# GB 18030 holds GB 2312 and GBK, and browsers read Latin 1 as Windows does, whatever the page calls itself.
ENCODINGS = {
    "gb2312": "gb18030", "gbk": "gb18030", "gb18030": "gb18030", "big5": "big5hkscs", "shift_jis": "cp932",
    "euc-jp": "euc_jp", "euc-kr": "cp949", "windows-1252": "cp1252", "iso-8859-1": "cp1252",
}  # fmt: skip
DECLARED = re.compile(rb"""<meta[^>]+charset\s*=\s*["']?([-\w]+)""", re.IGNORECASE)
HEAD = 4096
# The beginnings of rich text (.rtf) and of a web archive (.mht), whatever the file is called: both are text.
OTHER_PROGRAM = re.compile(
    r"\s*\{\\rtf|(?:[\w-]+:.*\n(?:[ \t].*\n)*+){0,20}?Content-Type:\s*multipart/related", re.IGNORECASE
)


def read(file: Any) -> Cleaned:
    """Returns the text of an uploaded file as article HTML.

    Raises ``ValidationError`` with what to do instead.
    """
    name = str(file.name).lower()
    if name.endswith(WORD):
        return _from_word(file)
    if not name.endswith(SUFFIXES):
        raise _of_another_program()
    if file.size > LARGEST:
        raise ValidationError(
            _("The file is larger than 2 MB: does it hold pictures? Put them into the library.")
        )
    text = _decoded(file.read())
    if OTHER_PROGRAM.match(text):
        raise _of_another_program()
    if name.endswith(PLAIN):
        return cleaning.from_plain_text(text)
    return _from_markdown(text) if name.endswith(MARKDOWN) else cleaning.cleaned(text)


def _of_another_program() -> ValidationError:
    return ValidationError(
        _("Choose a Word (.docx), Markdown, HTML or text file. Any other document, such as .doc, .wps, .rtf, "
          ".odt or .mht: open it in its program, and save it as .docx.")
    )  # fmt: skip


def _from_markdown(text: str) -> Cleaned:
    written = allowlist.DATA.sub("", text)
    lines = written.splitlines()
    if len(written) > LONGEST_MARKDOWN:
        raise ValidationError(
            _("The text has more than %(most)s characters: divide it.") % {"most": f"{LONGEST_MARKDOWN:,}"}
        )
    if len(lines) * max((line.count("|") for line in lines), default=0) > MOST_MARKDOWN_CELLS:
        raise ValidationError(_("The table of this text is too large: put it in as a picture, or divide it."))
    try:
        return cleaning.from_markdown(text)
    except markdown.NestedTooDeep:
        raise ValidationError(
            _("The lists and quotations of this text are nested too deep: write them side by side.")
        ) from None


def _from_word(file: Any) -> Cleaned:
    if file.size > word.LARGEST:
        raise ValidationError(_("The Word file is larger than 20 MB: make its pictures smaller."))
    try:
        return cleaning.cleaned(word.html(file.read()))
    except word.TooLong:
        raise ValidationError(_("The Word file is longer than any article of WeChat: divide it.")) from None
    except word.UnreadableWord:
        raise ValidationError(
            _(
                "This is no Word file that can be read: take its password off, if it has one, "
                "and save it as .docx again."
            )
        ) from None


def _decoded(body: bytes) -> str:
    found = DECLARED.search(body[:HEAD])
    declared = ENCODINGS.get(found[1].decode("ascii").lower(), "") if found else ""
    try:
        return encodings.decode(body, declared, guess_utf16=False)
    except encodings.UndecodableText as error:
        raise ValidationError(str(error)) from None
