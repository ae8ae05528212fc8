"""The models of the audit log, whose entries are never changed or deleted."""

from collections.abc import Iterator
from typing import Any

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts.official.models import OfficialAccount
from wechat.console.phrases import labelled

NOTHING = "–"


class AuditEntry(models.Model):
    """A record of who did what to which row, when and from where, with the values before and after.

    A trigger refuses every change but the seal (``number`` and ``hash``, see ``accounts.staff.audit_chain``).
    Rows about people are named by their key only, and their values are withheld.
    """

    class Action(models.TextChoices):
        ADDED = "added", _("added")
        CHANGED = "changed", _("changed")
        DELETED = "deleted", _("deleted")

    at = models.DateTimeField(_("time"), default=timezone.now)
    # The entry outlives the rows it refers to: no constraint, and no action on their deletion.
    account = models.ForeignKey(
        OfficialAccount, models.DO_NOTHING, null=True, db_constraint=False, db_index=False, related_name="+",
        verbose_name=_("account"),
    )  # fmt: skip
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.DO_NOTHING, null=True, db_constraint=False, db_index=False,
        related_name="+", verbose_name=_("member of staff"),
    )  # fmt: skip
    actor = models.CharField(_("who"), max_length=310)
    address = models.CharField(_("from where"), max_length=45, blank=True)
    action = models.CharField(
        _("kind of action"), max_length=8, choices=Action.choices, default=Action.CHANGED
    )
    kind = models.CharField(_("kind of object"), max_length=100)
    object_id = models.CharField(_("number of the object"), max_length=64)
    label = models.CharField(_("object"), max_length=200, blank=True)
    note = models.TextField(_("what was done"), blank=True)
    before = models.JSONField(_("value before"), default=dict)
    after = models.JSONField(_("value after"), default=dict)
    number = models.BigIntegerField(_("number in the chain"), null=True, editable=False)
    hash = models.CharField(_("seal"), max_length=64, blank=True, editable=False)

    class Meta:
        verbose_name = _("audit entry")
        verbose_name_plural = _("audit entries")
        constraints = [
            models.UniqueConstraint(
                fields=["account", "number"], nulls_distinct=False, condition=Q(number__isnull=False),
                name="audit_number_once",
            ),
            models.CheckConstraint(
                condition=Q(number=None, hash="") | (Q(number__isnull=False) & ~Q(hash="")),
                name="audit_sealed_whole",
            ),
        ]  # fmt: skip
        indexes = [
            models.Index(fields=["account", "-id"], name="audit_newest"),
            models.Index(fields=["account", "user", "-id"], name="audit_by_user"),
            models.Index(fields=["kind", "object_id", "-id"], name="audit_of_object"),
            models.Index(fields=["account", "at"], name="audit_by_time"),
            models.Index(fields=["account", "id"], condition=Q(number=None), name="audit_unsealed"),
        ]

    def __str__(self) -> str:
        return labelled(self.actor, self.words)

    @property
    def changes(self) -> "list[tuple[str, str, str]]":
        """Returns the changed values as triples: name, value before, value after."""
        names = dict.fromkeys([*self.before, *self.after])
        return [(name, self._value(self.before, name), self._value(self.after, name)) for name in names]

    @property
    def words(self) -> str:
        """Returns the action and its changes in one line."""
        return " ".join(filter(None, self._parts()))

    def _parts(self) -> Iterator[str]:
        yield self.note or (str(self.get_action_display()) if not self.changes else "")
        for name, was, now in self.changes:
            yield labelled(name, f"{was} → {now}")

    @staticmethod
    def _value(values: Any, name: str) -> str:
        found = values.get(name, NOTHING)
        # Of a person only the fact that there was a value is recorded.
        return str(_("withheld")) if found is None else str(found)


class AuditChain(models.Model):
    """The head of an account's chain of sealed entries, locked only by the sealing."""

    account = models.ForeignKey(
        OfficialAccount, models.DO_NOTHING, null=True, db_constraint=False, db_index=False, related_name="+",
        verbose_name=_("account"),
    )  # fmt: skip
    number = models.BigIntegerField(_("number in the chain"), default=0)
    hash = models.CharField(_("seal"), max_length=64, blank=True)

    class Meta:
        verbose_name = _("audit chain")
        verbose_name_plural = _("audit chains")
        constraints = [
            # The entries without an account have one chain as well.
            models.UniqueConstraint(fields=["account"], nulls_distinct=False, name="audit_chain_once")
        ]

    def __str__(self) -> str:
        return f"{self.account_id}: {self.number}"
