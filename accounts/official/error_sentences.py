"""The errors of calls to the platform as sentences for staff, with the next step.

Reference: WeChat reference 16 Error codes.
"""

import re

from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from accounts.official.error_words import WORDS
from wechat.kernel.work import WorkRow
from wechat.kernel.work.rows import is_surprise
from wechat.sdk.errors import ApiError, WeChatError

# The error of a tag that was deleted on the platform, which no call returns.
DELETED_THERE = "deleted"
# The texts of calls without a usable answer, which begin with the API: rows keep no more of such an error.
UNANSWERED = re.compile(r"(/[\w/.-]+|the file) (failed|answered|could not|broke off)\b")
# A status of 5xx says that nobody was there to answer; any other answer came from somebody.
UNREADABLE = re.compile(r"(/[\w/.-]+|the file) answered (?!(HTTP )?5\d\d\b)")


def in_words(errcode: int) -> str:
    """Returns a sentence about an error code with the next step, in the active language."""
    unknown = _("WeChat refused it for a reason that is not known here; if it stays, ask WeChat.")
    # Translated because brackets differ between languages.
    return _("%(why)s (%(errcode)s)") % {"why": WORDS.get(errcode, unknown), "errcode": errcode}


def of_error(error: WeChatError) -> str:
    """Returns the reason for a failed call, in the active language."""
    return sentence(error.errcode if isinstance(error, ApiError) else None, str(error))


def of_row(row: WorkRow) -> str:
    """Returns the reason why a row's work waits or failed, in the active language, or the empty text."""
    return sentence(row.errcode, row.error) if row.error or row.errcode is not None else ""


def sentence(errcode: int | None, text: str) -> str:
    """Returns the reason for a failure and what to do, in the active language.

    ``text`` is that of the error, as rows keep it.
    """
    if errcode is not None:
        return in_words(errcode)
    if text == DELETED_THERE:
        return _("Deleted on WeChat. Try again to create it there, or delete it here too.")
    if is_unreadable(text):
        return unreadable()
    if UNANSWERED.match(text):
        return _("WeChat could not be reached. It can be tried again in a minute.")
    if is_surprise(text) or not text:
        return _("Something unexpected happened here. Try again; if it stays, tell whoever runs the server.")
    # A sentence of our own, which a worker has kept in English.
    return _(text)


def rendered(error: object, errcode: int | None = None) -> SafeString:
    """Returns the reason for a failure as HTML, or the empty text.

    The original text, for whoever runs the server, is folded away behind it.
    """
    text = str(error or "")
    words = sentence(errcode, text) if text or errcode is not None else ""
    if errcode is None and not is_surprise(text) and not UNANSWERED.match(text):
        return format_html("{}", words)
    return format_html("<details><summary>{}</summary><code>{}</code></details>", words, text)


def is_unreadable(text: str) -> bool:
    """Returns whether this is the text of an error about an answer that cannot be read."""
    return UNREADABLE.match(text) is not None


def unreadable() -> str:
    """Returns the sentence for an answer that cannot be read, in the active language."""
    return _(
        "An answer came that cannot be read: WeChat has a fault, or something between (a proxy, a firewall, "
        "a sign-in page of the network) answered in its place. It can be tried again in a minute; if it "
        "stays, have whoever runs the server look at the network."
    )
