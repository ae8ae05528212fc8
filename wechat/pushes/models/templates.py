from typing import Any

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from accounts.official.models import OfficialAccount
from wechat.kernel.work import WorkRow
from wechat.pushes.models.push import Push
from wechat.pushes.values import TemplateField, fields_of


class Template(models.Model):
    """A template of an account at the platform, with the label and note of staff.

    A sync changes only the platform's fields. A template that was deleted there stays, marked as missing.
    """

    class Kind(models.TextChoices):
        TEMPLATE = Push.Kind.TEMPLATE.value, _("Template message")
        NOTICE = Push.Kind.NOTICE.value, _("Subscription notice")
        SUBSCRIBE = Push.Kind.SUBSCRIBE.value, _("Mini-program subscription message")

    account = models.ForeignKey(OfficialAccount, models.CASCADE, verbose_name=_("account"))
    kind = models.CharField(_("kind"), max_length=10, choices=Kind.choices)
    platform_id = models.TextField(_("template ID"))
    title = models.CharField(_("title"), max_length=120)
    content = models.TextField(_("wording"))
    example = models.TextField(_("example"), blank=True)
    industry = models.CharField(_("industry"), max_length=120, blank=True)
    # For notices: the platform's 3 is long-term, 2 is one-time.
    is_long_term = models.BooleanField(_("long-term"), default=False)
    # The allowed values of fields with a list: {"enum3": ["室内", "室外"]}.
    choices = models.JSONField(_("listed values"), default=dict, blank=True)
    missing_since = models.DateTimeField(_("missing at WeChat since"), null=True, blank=True)

    label = models.CharField(_("our name for it"), max_length=60, blank=True)
    note = models.TextField(_("our note"), blank=True)
    # The usual values by field name, for the form: {"thing4": "天河店"}.
    defaults = models.JSONField(_("usual values"), default=dict, blank=True)

    class Meta:
        verbose_name = _("template")
        verbose_name_plural = _("templates")
        constraints = [
            models.UniqueConstraint(fields=["account", "platform_id"], name="template_once"),
            models.CheckConstraint(
                condition=Q(kind__in=["template", "notice", "subscribe"]), name="template_kind_known"
            ),
        ]

    def __str__(self) -> str:
        return self.label or self.title

    @property
    def fields(self) -> list[TemplateField]:
        return fields_of(self.content, self.choices)


class LibraryJob(WorkRow):
    """A background job on an account's templates at the platform: read them, add one, delete one."""

    class Verb(models.TextChoices):
        SYNC = "sync", _("Read the templates")
        ADD = "add", _("Add a template")
        DELETE = "delete", _("Delete a template")

    class State(models.TextChoices):
        WAITING = "waiting", _("Waiting")
        DONE = "done", _("Done")
        FAILED = "failed", _("Failed")

    account = models.ForeignKey(OfficialAccount, models.CASCADE, verbose_name=_("account"))
    verb = models.CharField(_("what"), max_length=8, choices=Verb.choices)
    # To add: kind, short_id and keywords, or tid, kids and scene. To delete: kind, platform_id.
    details = models.JSONField(default=dict)
    # The ids of the templates when an addition was begun; ``None`` before, and after a refusal.
    known = models.JSONField(null=True, blank=True, editable=False)
    state = models.CharField(_("state"), max_length=8, choices=State.choices, default=State.WAITING)
    created_at = models.DateTimeField(_("created"), auto_now_add=True)

    class Meta:
        verbose_name = _("work on templates")
        verbose_name_plural = _("work on templates")
        constraints = [
            models.CheckConstraint(
                condition=Q(state="waiting", due_at__isnull=False)
                | (Q(state__in=["done", "failed"]) & Q(due_at__isnull=True)),
                name="library_job_due_while_waiting",
            ),
            # At most one reading waits: a second request for it adds nothing.
            models.UniqueConstraint(
                fields=["account"],
                condition=Q(verb="sync", state="waiting"),
                name="library_job_one_sync_waits",
            ),
        ]
        indexes = [
            *WorkRow.Meta.indexes,
            models.Index(fields=["account", "-id"], name="library_job_newest"),
        ]

    def __str__(self) -> str:
        return self.get_verb_display()

    def on_failure(self, error: object) -> dict[str, Any]:
        return {"state": self.State.FAILED}
