"""The codes of the platform's statistics in words (WeChat reference 15)."""

from collections.abc import Mapping

from django.utils.translation import gettext_lazy as _
from django_stubs_ext import StrOrPromise

# The ways in which followers came.
USER_SOURCES: Mapping[int, StrOrPromise] = {
    0: _("other ways"),
    1: _("search"),
    17: _("name card"),
    30: _("QR code"),
    43: _("menu of an article"),
    51: _("after a payment"),
    57: _("name in an article"),
    75: _("advertisement in an article"),
    78: _("advertisement in moments"),
    100: _("advertisement"),
    149: _("mini program"),
    161: _("reprinted article"),
    200: _("Channels (视频号)"),
    201: _("live stream"),
}
# The types of messages by their names in callbacks. Short videos are counted as videos.
KINDS: Mapping[int, str] = {1: "text", 2: "image", 3: "voice", 4: "video", 6: "link"}
