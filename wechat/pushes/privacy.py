"""The pushes on a follower's own page, what may be sent now, and the erasure of both."""

import datetime
from collections.abc import Iterator

from django.db.models.functions import Coalesce
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from accounts.followers import erasing, timeline
from accounts.followers.erasing import Holding
from accounts.followers.models import Follower
from accounts.followers.timeline import Moment, Panel, PanelLine
from accounts.staff.rights import Area
from wechat.pushes import pictures, subscription_quota, transitions, windows
from wechat.pushes.models import ConversationPicture, NoticeGrant, NoticeRefusal, Push
from wechat.pushes.summary import COLOURS, words


@timeline.adds_moments(Area.MESSAGES)
def pushed(follower: Follower, before: datetime.datetime | None, limit: int) -> Iterator[Moment]:
    rows = Push.objects.filter(account=follower.account_id, openid=follower.openid)
    rows = rows.annotate(at=Coalesce("sent_at", "created_at"))
    if before is not None:
        rows = rows.filter(at__lt=before)
    for push in rows.order_by("-at", "-pk")[:limit]:
        colour, link = COLOURS[Push.State(push.state)], reverse("admin:pushes_push_change", args=[push.pk])
        yield Moment(push.at, push.get_state_display(), words(push.content), link, colour)


@timeline.adds_panel(order=10, area=Area.MESSAGES)
def may_be_sent(follower: Follower) -> Panel:
    """Returns a panel of what may be sent to the follower now, by the send windows and the agreements."""
    if follower.blacklisted:
        return Panel(_("What may be sent now"), note=_("Nothing: the follower is on the blacklist."))
    talk = _talk(windows.left(follower.account, follower.openid, timezone.now()))
    agreed = subscription_quota.held(follower.account, follower.openid)
    notices = [
        PanelLine(_("Notices “%(template)s”") % {"template": each.template}, str(each)) for each in agreed
    ]
    note = "" if talk else _("No customer-service message: the follower did nothing lately that allows one.")
    return Panel(_("What may be sent now"), [*talk, *notices], note=note)


def _talk(allowed: windows.Allowance) -> list[PanelLine]:
    return [PanelLine(_("Customer-service messages"), str(allowed))] if allowed.left else []


@erasing.holds
def pushes(follower: Follower) -> Holding | None:
    """Returns the contents of the messages to the follower as a holding to erase.

    The fact and the time of sending are kept, because they were counted.
    """
    rows = Push.objects.filter(account=follower.account_id, openid=follower.openid)
    if not (count := rows.count()):
        return None
    what = ngettext(
        "the words of %d message to them; if it was not sent yet, it is not",
        "the words of %d messages to them; those that were not sent yet are not",
        count,
    )
    return Holding(what % count, lambda: transitions.erase(rows))


@erasing.holds
def sent_pictures(follower: Follower) -> Holding | None:
    rows = ConversationPicture.objects.filter(account=follower.account_id, openid=follower.openid)
    if not (count := rows.count()):
        return None
    what = ngettext("%d picture that staff sent them", "%d pictures that staff sent them", count)
    return Holding(what % count, lambda: pictures.delete(rows))


@erasing.holds
def agreements(follower: Follower) -> Holding | None:
    person = {"account": follower.account_id, "openid": follower.openid}
    granted, refused = NoticeGrant.objects.filter(**person), NoticeRefusal.objects.filter(**person)
    if not granted.exists() and not refused.exists():
        return None

    def erase() -> None:
        granted.delete()
        refused.delete()

    return Holding(_("what they agreed and refused to be sent"), erase)
