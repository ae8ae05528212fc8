"""What the platform's error codes mean for the staff, and what to do about them.

Reference: WeChat reference 16 Error codes.
"""

from collections.abc import Mapping

from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from wechat.sdk.error_codes import ERROR_CODES

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
    45015: gettext_lazy("The follower did nothing lately that allows a message, or no longer follows."),
    45047: gettext_lazy("The messages allowed after the follower's last action are used up."),
    48001: gettext_lazy("The account lacks this ability; it may need verification (微信认证)."),
    48002: gettext_lazy("The follower has switched off messages of this account."),
    48005: gettext_lazy("It is still in use on WeChat's side, in a reply or a menu."),
}


def in_words(errcode: int) -> str:
    """One sentence in the reader's language; unusual codes with the platform's own meaning."""
    if errcode in WORDS:
        return f"{WORDS[errcode]} ({errcode})"
    meaning = ERROR_CODES[errcode][1] if errcode in ERROR_CODES else _("an unknown error")
    return _("WeChat refused it: %(meaning)s (%(code)s)") % {"meaning": meaning, "code": errcode}
