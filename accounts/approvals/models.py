"""The models of approvals, and of the limits up to which roles need none."""

from typing import Any

from django.conf import settings
from django.core.validators import MinValueValidator
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from accounts.official.models import OfficialAccount
from accounts.staff.models import StaffRight
from wechat.kernel.work import WorkRow

# Business systems have limits like a role.
API = "api"
ROLES = [*StaffRight.Role.choices, (API, _("Business systems, through the API"))]


class ApprovalLimit(models.Model):
    """The size up to which a role needs no approval for an action; ``None`` means any size."""

    account = models.ForeignKey(
        OfficialAccount, models.CASCADE, related_name="approval_limits", verbose_name=_("account")
    )
    action = models.CharField(_("kind of step"), max_length=40)
    role = models.CharField(_("role"), max_length=16, choices=ROLES)
    alone_up_to = models.BigIntegerField(
        _("alone up to"), null=True, blank=True, validators=[MinValueValidator(0)]
    )

    class Meta:
        verbose_name = _("approval limit")
        verbose_name_plural = _("approval limits")
        constraints = [
            models.UniqueConstraint(fields=["account", "action", "role"], name="approval_limit_once"),
            models.CheckConstraint(
                condition=Q(alone_up_to=None) | Q(alone_up_to__gte=0), name="approval_limit_not_negative"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.action} · {self.get_role_display()}"


class Approval(WorkRow):
    """An action that waits for somebody else to agree, or was decided: what, how much, before and after.

    ``due_at`` is when it expires. ``fingerprint`` is that of the row when it was asked for: only what was
    seen can be approved. ``alone`` records that nobody else could have agreed.
    """

    class State(models.TextChoices):
        WAITING = "waiting", _("waits for approval")
        APPROVED = "approved", _("granted")
        REJECTED = "rejected", _("rejected")
        TAKEN_BACK = "taken_back", _("taken back")
        EXPIRED = "expired", _("expired")

    account = models.ForeignKey(
        OfficialAccount, models.CASCADE, related_name="approvals", verbose_name=_("account"), db_index=False
    )
    action = models.CharField(_("kind of step"), max_length=40)
    kind = models.CharField(max_length=100, editable=False)
    object_id = models.CharField(max_length=64, editable=False)
    title = models.CharField(_("what it is"), max_length=200)
    size = models.BigIntegerField(_("how much"), default=0)
    before: "models.JSONField[list[str], list[str]]" = models.JSONField(_("state before"), default=list)
    after: "models.JSONField[list[str], list[str]]" = models.JSONField(_("state after"), default=list)
    details: "models.JSONField[dict[str, Any], dict[str, Any]]" = models.JSONField(
        default=dict, editable=False
    )
    fingerprint = models.CharField(max_length=64, blank=True, editable=False)
    asked_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+", verbose_name=_("requested by")
    )
    asked_through = models.CharField(max_length=80, blank=True, editable=False)
    asked_at = models.DateTimeField(_("requested"), auto_now_add=True)
    expires_at = models.DateTimeField(_("valid until"))
    state = models.CharField(_("state"), max_length=10, choices=State.choices, default=State.WAITING)
    decided_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+", verbose_name=_("decided by")
    )
    decided_at = models.DateTimeField(_("decided"), null=True)
    alone = models.BooleanField(_("nobody else could agree"), default=False)

    class Meta:
        verbose_name = _("approval")
        verbose_name_plural = _("approvals")
        constraints = [
            models.UniqueConstraint(
                fields=["kind", "object_id", "action"],
                condition=Q(state="waiting") & ~Q(object_id=""),
                name="approval_waits_once",
            ),
            models.CheckConstraint(
                condition=Q(state="waiting", due_at__isnull=False)
                | (~Q(state="waiting") & Q(due_at__isnull=True)),
                name="approval_due_while_it_waits",
            ),
        ]
        indexes = [
            *WorkRow.Meta.indexes,
            models.Index(fields=["account", "state", "-id"], name="approval_by_state"),
        ]

    def __str__(self) -> str:
        return self.title
