"""The models of article drafts, from the first edit to the published page.

Reference: WeChat reference 12.3 Drafts, 12.4 Publishing.
"""

from typing import Any

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.core.validators import MaxValueValidator
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _
from simple_history.models import HistoricalRecords

from accounts.official.models import OfficialAccount
from wechat.kernel.work import WorkRow
from wechat.materials.models import Asset

TITLE, AUTHOR, DIGEST = 32, 16, 128
MOST_ARTICLES, MOST_PICTURES = 8, 20


class Draft(WorkRow):
    """One to eight articles that are published together.

    ``revision`` counts the changes here, and ``saved_revision`` is the revision that the platform has.
    ``work`` is what a worker is to do, from ``due_at`` on.
    """

    class State(models.TextChoices):
        EDITED = "edited", _("Only here")
        SAVED = "saved", _("In WeChat's drafts")
        PUBLISHING = "publishing", _("Being published")
        PUBLISHED = "published", _("Published")
        REFUSED = "refused", _("Not published")
        WITHDRAWN = "withdrawn", _("Taken back")

    class Work(models.TextChoices):
        NONE = "", _("Nothing")
        SAVE = "save", _("Save to WeChat")
        PUBLISH = "publish", _("Publish")
        FOLLOW = "follow", _("Ask what became of it")
        WITHDRAW = "withdraw", _("Take back")
        PREVIEW = "preview", _("Send a preview")

    account = models.ForeignKey(
        OfficialAccount, models.CASCADE, related_name="drafts", verbose_name=_("account")
    )
    state = models.CharField(
        _("state"), max_length=12, choices=State.choices, default=State.EDITED, editable=False
    )
    revision = models.PositiveIntegerField(default=1, editable=False)
    saved_revision = models.PositiveIntegerField(default=0, editable=False)
    media_id = models.TextField(blank=True, editable=False)
    # The number of articles in the platform's draft: if it changes, a new draft is created there.
    saved_articles = models.PositiveSmallIntegerField(default=0, editable=False)
    # The platform's modification time of its draft, as last read: a newer one means that it was edited there.
    platform_time = models.PositiveBigIntegerField(default=0, editable=False)
    changed_there = models.BooleanField(_("edited at WeChat as well"), default=False, editable=False)

    work = models.CharField(max_length=8, choices=Work.choices, default=Work.NONE, blank=True, editable=False)
    # The scheduled time of publication; ``due_at`` cannot tell it, as it becomes the end of a worker's lease.
    publish_at = models.DateTimeField(_("planned for"), null=True, blank=True, editable=False)
    preview_to = models.CharField(max_length=40, blank=True, editable=False)

    # When the platform was first asked to publish it: earlier publications cannot be this draft.
    submitted_at = models.DateTimeField(null=True, blank=True, editable=False)
    publish_id = models.TextField(blank=True, editable=False)
    publish_status = models.PositiveSmallIntegerField(null=True, blank=True, editable=False)
    article_id = models.TextField(_("article ID"), blank=True, editable=False)
    urls = ArrayField(models.TextField(), verbose_name=_("addresses"), default=list, editable=False)
    published_at = models.DateTimeField(_("published"), null=True, blank=True, editable=False)
    created_at = models.DateTimeField(_("created"), auto_now_add=True)
    edited_at = models.DateTimeField(_("edited"), auto_now=True)

    class Meta:
        verbose_name = _("article")
        verbose_name_plural = _("articles")
        ordering = ["-id"]
        constraints = [
            models.CheckConstraint(
                condition=Q(work="", due_at__isnull=True) | (~Q(work="") & Q(due_at__isnull=False)),
                name="draft_due_while_work",
            ),
            models.CheckConstraint(
                condition=~Q(state="published") | ~Q(article_id=""), name="draft_published_has_article_id"
            ),
            models.UniqueConstraint(
                fields=["account", "media_id"], name="draft_once", condition=~Q(media_id="")
            ),
            models.CheckConstraint(
                condition=~Q(state="publishing") | Q(submitted_at__isnull=False),
                name="draft_publishing_since",
            ),
            models.UniqueConstraint(
                fields=["account", "article_id"], name="draft_of_one_article", condition=~Q(article_id="")
            ),
            models.UniqueConstraint(
                fields=["account", "publish_id"], name="draft_published_once", condition=~Q(publish_id="")
            ),
        ]
        indexes = [
            models.Index(fields=["account", "-id"], name="draft_newest"),
            *WorkRow.Meta.indexes,
        ]

    def __str__(self) -> str:
        first = next(iter(self.articles.all()), None)
        return first.title if first else str(_("without articles"))

    def on_failure(self, error: object) -> dict[str, Any]:
        """Returns the fields to change after a failure.

        After a refused publication the draft is still among the platform's drafts.
        """
        was_submitted = self.state == self.State.PUBLISHING and self.media_id
        state = self.State.SAVED if was_submitted else self.state
        return {"work": self.Work.NONE, "state": state}

    @property
    def is_changed(self) -> bool:
        """Returns whether the platform's draft lacks changes made here."""
        return self.revision > self.saved_revision

    @property
    def may_be_edited(self) -> bool:
        return self.state in (self.State.EDITED, self.State.SAVED, self.State.REFUSED) and not self.work


class Article(models.Model):
    """One article of a draft; lengths are the platform's."""

    class Kind(models.TextChoices):
        NEWS = "news", _("Article (图文)")
        NEWSPIC = "newspic", _("Pictures (图片消息)")

    draft = models.ForeignKey(Draft, models.CASCADE, related_name="articles", verbose_name=_("article"))
    position = models.PositiveSmallIntegerField(_("position"), default=0)
    kind = models.CharField(_("kind"), max_length=8, choices=Kind.choices, default=Kind.NEWS)
    title = models.CharField(_("title"), max_length=TITLE, help_text=_("At most 32 characters."))
    author = models.CharField(_("author"), max_length=AUTHOR, blank=True)
    digest = models.CharField(
        _("summary"), max_length=DIGEST, blank=True, help_text=_("Empty: the first 54 characters.")
    )
    content = models.TextField(_("body text"), blank=True)
    source_url = models.URLField(
        _("“read more” address"), max_length=1000, blank=True, help_text=_("Where 阅读原文 leads.")
    )
    cover = models.ForeignKey(
        Asset, models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("cover picture")
    )
    # The part of a cover to show if its shape differs, in percent from the left and from the top.
    focus_x = models.PositiveSmallIntegerField(
        _("cover: from the left"), default=50, validators=[MaxValueValidator(100)]
    )
    focus_y = models.PositiveSmallIntegerField(
        _("cover: from the top"), default=50, validators=[MaxValueValidator(100)]
    )
    pictures = ArrayField(models.BigIntegerField(), verbose_name=_("pictures"), default=list, blank=True)
    comments = models.BooleanField(_("comments"), default=False)
    followers_only = models.BooleanField(_("only followers comment"), default=False)
    # The media id of a cover that was read from the platform and is not in the library.
    platform_cover = models.TextField(blank=True, editable=False)
    platform_pictures = ArrayField(models.TextField(), default=list, blank=True, editable=False)

    history = HistoricalRecords()

    class Meta:
        verbose_name = _("article")
        verbose_name_plural = _("articles")
        ordering = ["position", "id"]

    def __str__(self) -> str:
        return self.title


class ArticlePicture(models.Model):
    """A library picture uploaded for articles; the platform gives it another address for them."""

    asset = models.OneToOneField(Asset, models.CASCADE, related_name="article_picture")
    url = models.TextField()

    class Meta:
        verbose_name = _("picture of articles")

    def __str__(self) -> str:
        return self.url


class Autosave(models.Model):
    """An unsaved text, stored while somebody writes it.

    A draft has one row, whoever writes. The page of a new draft has a token instead. ``version`` counts the
    autosaves, so that two windows do not overwrite each other. ``articles`` are those of the page, in order.
    """

    account = models.ForeignKey(OfficialAccount, models.CASCADE, related_name="+")
    draft = models.OneToOneField(Draft, models.CASCADE, null=True, related_name="autosave")
    token = models.UUIDField(null=True, unique=True)
    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="+")
    version = models.PositiveIntegerField(default=0)
    articles: "models.JSONField[list[dict[str, str]], list[dict[str, str]]]" = models.JSONField()
    saved_at = models.DateTimeField(auto_now=True)

    class Meta:
        verbose_name = _("unsaved article")
        constraints = [
            models.CheckConstraint(
                condition=Q(draft__isnull=True) ^ Q(token__isnull=True), name="autosave_of_draft_or_page"
            )
        ]
        indexes = [models.Index(fields=["saved_at"], name="autosave_oldest")]

    def __str__(self) -> str:
        return next((article["title"] for article in self.articles if article["title"]), "")


class ArticleReading(WorkRow):
    """A reading of an account's drafts and publications from the platform: how far it has come."""

    account = models.OneToOneField(OfficialAccount, models.CASCADE, related_name="article_reading")
    # Publications follow once the drafts are read; ``offset`` counts what was read of these, or those.
    drafts_read = models.BooleanField(default=False)
    offset = models.PositiveIntegerField(default=0)
    read_at = models.DateTimeField(null=True, blank=True)
    found = models.PositiveIntegerField(default=0)

    class Meta(WorkRow.Meta):
        verbose_name = _("reading of drafts")

    def __str__(self) -> str:
        return str(self.account)
