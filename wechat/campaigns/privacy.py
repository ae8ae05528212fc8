"""The erasure of a person from campaigns; the counts of sends stay."""

from django.db.models import F, Func, Q, QuerySet, Value
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from accounts.followers import erasing
from accounts.followers.erasing import Holding
from accounts.followers.models import Follower
from wechat.campaigns.models import AudienceRow, Enrolment, MassRecipient, MassSend, Recipient, Seed
from wechat.pushes.models import Push


@erasing.holds
def plans(follower: Follower) -> Holding | None:
    """Returns the follower's places in campaigns and sequences as something to erase.

    After that no campaign, sequence or table sends them anything more, and no test.
    """
    of_follower = {"account": follower.account_id, "openid": follower.openid}
    of_campaigns = {"campaign__account": follower.account_id, "openid": follower.openid}
    rows = AudienceRow.objects.filter(**of_campaigns)
    waiting = Recipient.objects.filter(**of_campaigns, state=Recipient.State.WAITING)
    held: list[QuerySet[Enrolment] | QuerySet[Seed] | QuerySet[AudienceRow]] = [
        Enrolment.objects.filter(**of_follower),
        Seed.objects.filter(**of_follower),
        rows,
    ]
    if not waiting.exists() and not any(each.exists() for each in held):
        return None

    def erase() -> None:
        waiting.update(state=Recipient.State.SKIPPED, reason=Push.Reason.ERASED)
        for each in held:
            each.delete()

    return Holding(_("their place in sequences, campaigns' tables and among the test recipients"), erase)


@erasing.holds
def received(follower: Follower) -> Holding | None:
    rows = Recipient.objects.filter(campaign__account=follower.account_id, openid=follower.openid)
    if not (count := rows.count()):
        return None
    kept = ngettext(
        "that %d campaign was meant for them: nobody is sent the same twice",
        "that %d campaigns were meant for them: nobody is sent the same twice",
        count,
    )
    return Holding(kept % count)


@erasing.holds
def mass_sends(follower: Follower) -> Holding | None:
    """Returns the follower's places in the lists of mass sends as something to erase.

    Nobody is sent anything twice for it: a call is sent again only to those who are in its list still, or
    under its ``clientmsgid``.
    """
    sends = MassSend.objects.filter(account=follower.account_id)
    got = MassRecipient.objects.filter(account=follower.account_id, openid=follower.openid)
    lists = sends.filter(openids__contains=[follower.openid])
    if not (count := sends.filter(Q(pk__in=got.values("call__send")) | Q(pk__in=lists)).count()):
        return None

    def erase() -> None:
        got.delete()
        without = Func(F("openids"), Value(follower.openid), function="array_remove")
        lists.update(openids=without)

    named = ngettext(
        "their name in the list of %d mass send", "their name in the lists of %d mass sends", count
    )
    return Holding(named % count, erase)
