"""What the platform's error codes mean for the staff, and what to do about them.

Reference: WeChat reference 16 Error codes.
"""

from collections.abc import Mapping

from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from wechat.kernel.work import WorkRow
from wechat.sdk.error_codes import ERROR_CODES
from wechat.sdk.errors import ApiError, WeChatError

WORDS: Mapping[int, str | Promise] = {
    -1: gettext_lazy("WeChat is busy."),
    40001: gettext_lazy("The AppSecret is wrong; enter it again in the account's settings."),
    40003: gettext_lazy("This OpenID is not of this account, or is no longer a follower."),
    40005: gettext_lazy("WeChat does not take this file format."),
    40006: gettext_lazy("The file is too large for WeChat."),
    40007: gettext_lazy("WeChat no longer has this file; upload it again."),
    40009: gettext_lazy("The picture is too large for WeChat."),
    40010: gettext_lazy("The voice recording is too large for WeChat."),
    40011: gettext_lazy("The video is too large for WeChat."),
    40012: gettext_lazy("The cover picture is too large for WeChat."),
    40013: gettext_lazy("The AppID is wrong; correct it in the account's settings."),
    43100: gettext_lazy("The industries were changed this month already; WeChat allows it once a month."),
    40125: gettext_lazy("The AppSecret is wrong; enter it again in the account's settings."),
    40164: gettext_lazy(
        "The server's address is not on the account's IP whitelist; add it there (IP白名单)."
    ),
    40200: gettext_lazy("Only a verified account (微信认证) may do this."),
    44004: gettext_lazy("The text is empty."),
    45001: gettext_lazy("The file is too large for WeChat."),
    45002: gettext_lazy("The text is too long for WeChat; make it shorter."),
    45007: gettext_lazy("The recording is longer than 60 seconds."),
    45008: gettext_lazy("A message holds exactly one article."),
    45009: gettext_lazy("The account's calls of today are used up."),
    40092: gettext_lazy("The remark is too long for WeChat: less than 30 bytes, about 9 Chinese characters."),
    43004: gettext_lazy("This person does not follow the account."),
    43019: gettext_lazy("This follower is on the blacklist."),
    45011: gettext_lazy("WeChat allows so many calls a minute; it goes on in a minute."),
    45015: gettext_lazy("The follower did nothing lately that allows a message, or no longer follows."),
    45047: gettext_lazy("The messages allowed after the follower's last action are used up."),
    45056: gettext_lazy("The account has 100 tags already, the most WeChat allows; delete one first."),
    45057: gettext_lazy("More than 100,000 followers have this tag; take it off them first."),
    45058: gettext_lazy("This tag is WeChat's own and cannot be changed."),
    45059: gettext_lazy("The follower has 20 tags already, the most WeChat allows."),
    45157: gettext_lazy("WeChat does not take this name for a tag, or has one of this name already."),
    45158: gettext_lazy("The tag's name is longer than 30 characters."),
    45159: gettext_lazy("WeChat does not know this tag; read the followers from WeChat again."),
    48001: gettext_lazy("The account lacks this ability; it may need verification (微信认证)."),
    48002: gettext_lazy("The follower has switched off messages of this account."),
    49003: gettext_lazy("This person does not follow the account."),
    48005: gettext_lazy("It is still in use on WeChat's side, in a reply or a menu."),
    40036: gettext_lazy("WeChat's library has no template of this number."),
    40037: gettext_lazy("The account has no such template; it may have been deleted."),
    40246: gettext_lazy("A field is not one of those that the library's template offers."),
    40247: gettext_lazy("Old industry templates can no longer be added; choose one of a category."),
    43101: gettext_lazy("The follower has not agreed to this notice."),
    43116: gettext_lazy("WeChat has limited this template."),
    45026: gettext_lazy("The account has as many templates as it may have (25)."),
    47003: gettext_lazy("A value breaks the rule of its field."),
    10060001: gettext_lazy("WeChat does not know this payment, at least not yet."),
    10060002: gettext_lazy("WeChat knows the whole order to be shipped already."),
    10060003: gettext_lazy("WeChat has taken the one correction that it takes."),
    10060004: gettext_lazy("WeChat does not take it in the state that the payment is in."),
    10060014: gettext_lazy("WeChat does not take one of the values."),
    10060025: gettext_lazy("WeChat does not take this short name of a carrier."),
    10060026: gettext_lazy("The parcel's number is too long for WeChat."),
    10060031: gettext_lazy("WeChat says that somebody else has paid this."),
    200012: gettext_lazy("The account has as many notices as it may have (25)."),
    200014: gettext_lazy("WeChat's library has no notice of this number."),
    200020: gettext_lazy("Choose two to five of the fields that the notice offers."),
    200021: gettext_lazy("What it is for may have at most 15 characters."),
}


def in_words(errcode: int) -> str:
    """One sentence in the reader's language; unusual codes with the platform's own meaning."""
    if errcode in WORDS:
        return f"{WORDS[errcode]} ({errcode})"
    meaning = ERROR_CODES[errcode][1] if errcode in ERROR_CODES else _("an unknown error")
    return _("WeChat refused it: %(meaning)s (%(code)s)") % {"meaning": meaning, "code": errcode}


# The error of a tag that somebody deleted on the platform, which is no answer to a call.
DELETED_THERE = "deleted"


def of_error(error: WeChatError) -> str:
    """Returns why a call failed, in the reader's language."""
    return in_words(error.errcode) if isinstance(error, ApiError) else _("WeChat could not be reached.")


def of_row(row: WorkRow) -> str:
    """Returns why a row's work waits or failed, in the reader's language; empty where it does neither."""
    if row.errcode is not None:
        return in_words(row.errcode)
    if row.error == DELETED_THERE:
        return _("Deleted on WeChat. Try again to create it there, or delete it here too.")
    return _("WeChat could not be reached.") if row.error else ""
