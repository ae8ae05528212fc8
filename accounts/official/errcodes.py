"""The translation of the platform's error codes into sentences for staff, with the next step.

Reference: WeChat reference 16 Error codes.
"""

from django.utils.translation import gettext as _

from accounts.official.error_words import WORDS
from wechat.kernel.work import WorkRow, interruptions
from wechat.sdk.errors import ApiError, WeChatError


def in_words(errcode: int) -> str:
    """Returns a sentence about an error code, with the next step, in the reader's language."""
    unknown = _("WeChat refused it for a reason that is not known here; if it stays, ask WeChat.")
    # The brackets are those of the language.
    return _("%(why)s (%(errcode)s)") % {"why": WORDS.get(errcode, unknown), "errcode": errcode}


# The error of a tag that somebody deleted on the platform, which is no answer to a call.
DELETED_THERE = "deleted"


def of_error(error: WeChatError) -> str:
    """Returns why a call failed, in the reader's language."""
    return in_words(error.errcode) if isinstance(error, ApiError) else _("WeChat could not be reached.")


def of_row(row: WorkRow) -> str:
    """Returns why a row's work waits or failed, in the reader's language; empty if it does neither."""
    if row.errcode is not None:
        return in_words(row.errcode)
    if row.error == DELETED_THERE:
        return _("Deleted on WeChat. Try again to create it there, or delete it here too.")
    if row.error == interruptions.ENDED:
        return interruptions.in_words(row.error)
    return _("WeChat could not be reached.") if row.error else ""
