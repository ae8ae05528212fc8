"""The models of a campaign's recipients and of an account's test group."""

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from accounts.followers.handles import handle_name
from accounts.official.models import OfficialAccount
from wechat.campaigns.models.campaigns import Campaign
from wechat.pushes.models import Push
from wechat.pushes.states import OPEN


class Recipient(models.Model):
    """One follower of a campaign: left out, held out, or sent to.

    waiting → queued | skipped. The outcome of a queued recipient is the state of its push, stored only there.
    """

    class State(models.TextChoices):
        EXCLUDED = "excluded", _("Left out")
        CONTROL = "control", _("Control group")
        WAITING = "waiting", _("Not queued yet")
        QUEUED = "queued", _("Being sent")
        SKIPPED = "skipped", _("Not sent")

    class Outcome(models.TextChoices):
        """The outcome of a recipient as shown: its own state or, once it has a push, the push's state."""

        EXCLUDED = "excluded", _("Left out")
        CONTROL = "control", _("Control group")
        WAITING = "waiting", _("Not queued yet")
        QUEUED = "queued", _("Being sent")
        SENT = Push.State.SENT.value, _("Sent")
        DELIVERED = Push.State.DELIVERED.value, _("Delivered")
        FAILED = Push.State.FAILED.value, _("Failed")
        UNCERTAIN = Push.State.UNCERTAIN.value, _("Uncertain")
        SKIPPED = Push.State.SKIPPED.value, _("Not sent")

    class Reason(models.TextChoices):
        """The reason why a recipient was left out; one with a push has the push's reason instead."""

        STRANGER = "stranger", _("This account knows no such OpenID.")
        UNFOLLOWED = "unfollowed", _("No longer follows the account.")
        BLACKLISTED = "blacklisted", _("Is on the blacklist.")
        RECENTLY = "recently", _("Was sent another message in the last days.")
        NO_WORD = "no_word", _("The table has no value for a word of the text.")
        BAD_WORD = "bad_word", _("The values break a rule of the template.")
        NO_WAY = "no_way", _("Has done nothing lately that allows a customer-service message.")
        NOT_AGREED = "not_agreed", _("Has not agreed to another message of this template.")

    # No constraint: checking a million references would take a third of the time, and rows are committed only
    # together with an update of their campaign (``campaigns.snapshot``).
    campaign = models.ForeignKey(
        Campaign, models.CASCADE, related_name="recipients", db_index=False, db_constraint=False
    )
    openid = models.CharField(_("OpenID"), max_length=64)
    kind = models.CharField(_("by which way"), max_length=10, choices=Push.Kind.choices, blank=True)
    letter = models.CharField(_("variant"), max_length=1, blank=True)
    state = models.CharField(_("state"), max_length=10, choices=State.choices)
    reason = models.CharField(_("reason"), max_length=16, blank=True)
    push = models.ForeignKey(
        Push, models.RESTRICT, null=True, editable=False, db_index=False, related_name="+"
    )
    tapped_at = models.DateTimeField(_("tapped"), null=True)

    class Meta:
        verbose_name = _("recipient")
        verbose_name_plural = _("recipients")
        constraints = [
            models.UniqueConstraint(fields=["campaign", "openid"], name="recipient_once"),
            models.CheckConstraint(
                condition=(Q(state__in=["excluded", "skipped"]) & ~Q(reason=""))
                | (Q(state__in=["control", "waiting", "queued"]) & Q(reason="")),
                name="recipient_state_known",
            ),
            models.CheckConstraint(
                condition=Q(state="queued", push__isnull=False) | (~Q(state="queued") & Q(push__isnull=True)),
                name="recipient_queued_has_push",
            ),
            models.UniqueConstraint(
                fields=["push"], name="recipient_push_once", condition=Q(push__isnull=False)
            ),
        ]
        indexes = [
            # For the list, the queue and the tally, which needs no other columns.
            models.Index(
                fields=["campaign", "state", "reason", "-id"], include=["kind", "letter"],
                name="recipient_by_state",
            ),
            models.Index(fields=["campaign", "-id"], name="recipient_newest"),
            models.Index(
                fields=["campaign"], name="recipient_tapped", condition=Q(tapped_at__isnull=False)
            ),
        ]  # fmt: skip

    def __str__(self) -> str:
        return handle_name(self.openid)

    @property
    def outcome(self) -> "Recipient.Outcome":
        if self.push is None:
            return self.Outcome(self.state)
        return OUTCOME_OF_PUSH[Push.State(self.push.state)]

    @property
    def why(self) -> str:
        """Returns the reason why the recipient was left out, or why the push was not sent."""
        return self.push.reason if self.push is not None else self.reason


OUTCOME_OF_PUSH = {
    state: Recipient.Outcome.QUEUED if state in OPEN else Recipient.Outcome(state.value)
    for state in Push.State
}


class Seed(models.Model):
    """A follower of the test group, who gets every campaign's test messages."""

    account = models.ForeignKey(OfficialAccount, models.CASCADE, verbose_name=_("account"))
    openid = models.CharField(_("OpenID"), max_length=64)

    class Meta:
        verbose_name = _("test recipient")
        verbose_name_plural = _("test recipients")
        constraints = [models.UniqueConstraint(fields=["account", "openid"], name="seed_once")]

    def __str__(self) -> str:
        return handle_name(self.openid)
