"""The abstract model of rows with a content that staff write."""

from typing import Any

from django.db import models
from django.db.models.fields.json import KT
from django.utils.text import Truncator
from django.utils.translation import gettext_lazy as _

from wechat.contents.variables import labelled
from wechat.materials.models import Asset
from wechat.sdk.text_links import visible_text

SHOWN_WORDS = 40


class Kind(models.TextChoices):
    """The kinds of content that staff can choose."""

    TEXT = "text", _("Text")
    IMAGE = "image", _("Picture")
    NEWS = "news", _("Article card (link with picture)")
    VOICE = "voice", _("Voice")
    VIDEO = "video", _("Video")
    MUSIC = "music", _("Music")
    MSGMENU = "msgmenu", _("Choices to tap")
    MINIPROGRAMPAGE = "miniprogrampage", _("Mini-program card")
    MPNEWSARTICLE = "mpnewsarticle", _("Published article")
    WXCARD = "wxcard", _("Coupon")
    TRANSFER = "transfer_customer_service", _("Transfer to customer service")


class HasContent(models.Model):
    """A row with one content.

    ``content`` is the result of ``wechat.sdk.stored_content.to_dict``, without the files.
    """

    content = models.JSONField(_("content"))
    # The files of the content; their media ids are filled in when the content is used.
    asset = models.ForeignKey(
        Asset, models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("file")
    )
    cover = models.ForeignKey(
        Asset, models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("cover picture")
    )

    class Meta:
        abstract = True

    def __str__(self) -> str:
        """Returns the shortened content in one line, for lists."""
        return Truncator(self.words).chars(SHOWN_WORDS)

    @property
    def words(self) -> str:
        """Returns the whole text of the content in one line, without markup, variables by name.

        Other kinds than text say first what they are; what nobody has written yet says nothing.
        """
        article = (self.content.get("articles") or [{}])[0]
        stored = {**article, **self.content}
        words = stored.get("content") or stored.get("title") or stored.get("head") or ""
        if not words and self.asset:
            words = self.asset.name
        shown = " ".join(labelled(visible_text(words)).split())
        if self.kind in ("", Kind.TEXT):
            return shown
        kind = Kind(self.kind).label if self.kind in Kind else self.kind
        return f"[{kind}] {shown}".strip()

    @property
    def kind(self) -> str:
        return str(self.content.get("type", ""))

    @property
    def complete(self) -> dict[str, Any]:
        """Returns the content with the media ids of its files, which are empty until they are uploaded."""
        files = {"media_id": self.asset, "thumb_media_id": self.cover}
        return {**self.content, **{name: file.media_id for name, file in files.items() if file}}


def pages_of(rows: "models.QuerySet[Any]") -> "models.QuerySet[Any, tuple[str, str]]":
    """Returns the query of AppID and path of the mini-program pages that cards among these contents open."""
    cards = rows.filter(content__type=Kind.MINIPROGRAMPAGE).order_by()
    return cards.values_list(KT("content__appid"), KT("content__pagepath"))
