"""The types of menu buttons, and the fields that each needs (WeChat reference 5)."""

from collections.abc import Mapping

from django.db import models
from django.utils.translation import gettext_lazy as _


class ButtonKind(models.TextChoices):
    """The kinds of buttons: the platform's types by their own names, a parent, and an unknown type."""

    PARENT = "parent", _("Opens a submenu")
    CLICK = "click", _("Sends a message")
    VIEW = "view", _("Opens a web page")
    MINIPROGRAM = "miniprogram", _("Opens a mini program")
    SCANCODE_PUSH = "scancode_push", _("Scans a code")
    SCANCODE_WAITMSG = "scancode_waitmsg", _("Scans a code and waits for a message")
    PIC_SYSPHOTO = "pic_sysphoto", _("Takes a photo")
    PIC_PHOTO_OR_ALBUM = "pic_photo_or_album", _("Takes a photo or chooses one")
    PIC_WEIXIN = "pic_weixin", _("Chooses pictures from the album")
    LOCATION_SELECT = "location_select", _("Sends a place")
    MEDIA_ID = "media_id", _("Sends a file")
    VIEW_LIMITED = "view_limited", _("Opens an article (old kind)")
    ARTICLE_ID = "article_id", _("Sends an article")
    ARTICLE_VIEW_LIMITED = "article_view_limited", _("Opens an article")
    TEXT = "text", _("Text made on WeChat's page")
    IMG = "img", _("Picture made on WeChat's page")
    PHOTO = "photo", _("Photo made on WeChat's page")
    VIDEO = "video", _("Video made on WeChat's page")
    VOICE = "voice", _("Voice made on WeChat's page")
    NEWS = "news", _("Article made on WeChat's page")
    UNKNOWN = "unknown", _("A type this console does not know")


KEYED = frozenset(
    {
        ButtonKind.CLICK, ButtonKind.SCANCODE_PUSH, ButtonKind.SCANCODE_WAITMSG, ButtonKind.PIC_SYSPHOTO,
        ButtonKind.PIC_PHOTO_OR_ALBUM, ButtonKind.PIC_WEIXIN, ButtonKind.LOCATION_SELECT,
    }
)  # fmt: skip
# A follower who taps one of these expects an answer.
ANSWERED = frozenset({ButtonKind.CLICK, ButtonKind.SCANCODE_WAITMSG})
# Kinds of menus made on the platform's own page, which no call can create.
READ_ONLY = frozenset(
    {
        ButtonKind.TEXT,
        ButtonKind.IMG,
        ButtonKind.PHOTO,
        ButtonKind.VIDEO,
        ButtonKind.VOICE,
        ButtonKind.NEWS,
        ButtonKind.VIEW_LIMITED,
        ButtonKind.UNKNOWN,
    }
)
# The kinds for whose taps the platform sends events.
COUNTED = KEYED | {ButtonKind.VIEW, ButtonKind.MINIPROGRAM}
# The fields that the platform requires besides type and name.
FIELDS: Mapping[str, tuple[str, ...]] = {
    **dict.fromkeys(KEYED, ("key",)),
    ButtonKind.VIEW: ("url",),
    ButtonKind.MINIPROGRAM: ("url", "appid", "pagepath"),
    ButtonKind.MEDIA_ID: ("media_id",),
    ButtonKind.VIEW_LIMITED: ("media_id",),
    ButtonKind.ARTICLE_ID: ("article_id",),
    ButtonKind.ARTICLE_VIEW_LIMITED: ("article_id",),
}
EDITABLE = tuple(kind for kind in ButtonKind if kind not in READ_ONLY and kind != ButtonKind.PARENT)
