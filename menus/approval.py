"""The approval of publishing a menu or taking it off, as far as the account's limits require one."""

import datetime
from hashlib import sha256

from django.contrib.auth.models import User
from django.urls import reverse
from django.utils.dateparse import parse_datetime
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.approvals import actions, asking
from accounts.approvals.actions import Action, Refused
from accounts.approvals.models import Approval
from accounts.followers.models import Follower
from accounts.staff.rights import Area
from menus import publications, tree
from menus.describing import audience
from menus.differences import differences
from menus.facts import problems_of
from menus.live import order_with
from menus.models import Menu, Version


def ask(
    menu: Menu,
    version: Version | None,
    *,
    by: User | None,
    through: str = "",
    at: datetime.datetime | None = None,
    until: datetime.datetime | None = None,
) -> Approval | None:
    """Requests an approval and returns it, or returns ``None`` if the menu may be published at once.

    Raises ``NotPublishable``: no approval is requested for what WeChat would refuse.
    """
    errors = [each for each in problems_of(version) if each.is_error] if version else []
    if errors:
        raise publications.NotPublishable(errors)
    live = menu.versions.filter(state=Version.State.PUBLISHED).first()
    before = tree.read(live) if live else ()
    after = tree.read(version) if version else ()
    wanted = asking.Request(
        account_id=menu.account_id,
        about=menu,
        title=str(menu) if version else _("Take “%(menu)s” off WeChat") % {"menu": menu},
        size=reach(menu, version or live),
        before=_told(live, [button.name for button in before]),
        after=_told(version, [*map(str, differences(before, after))] or [button.name for button in after]),
        details={
            "version": version.pk if version else None,
            "at": at.isoformat() if at else "",
            "until": until.isoformat() if until else "",
        },
        until=at,
    )
    return asking.ask(PUBLICATION, wanted, by, through=through)


def needs_another(menu: Menu, version: Version | None, by: User) -> bool:
    """Returns whether somebody else has to agree before the version goes live, or comes off."""
    return not asking.may_alone(PUBLICATION, menu.account_id, reach(menu, version), by)


def _told(version: Version | None, lines: list[str]) -> list[str]:
    who = audience(version) if version else ""
    return [_("For: %(followers)s") % {"followers": who}, *lines] if who else lines


def reach(menu: Menu, version: Version | None) -> int:
    """Returns the number of followers with the tag of the version (``None``: of the menu), or of all."""
    followers = Follower.objects.filter(account=menu.account_id, subscribed=True)
    tag = (version.shown_to if version else menu.audience).get("tag")
    return (followers.filter(tags=tag) if tag else followers).count()


def _carry_out(approval: Approval, by: User) -> None:
    menu = Menu.objects.get(pk=approval.object_id)
    number = approval.details["version"]
    version = Version.objects.get(pk=number) if number else None
    at, until = (parse_datetime(approval.details[name] or "") for name in ("at", "until"))
    try:
        if version is not None and at is not None:
            publications.schedule(
                menu, version, at=at, until=until, by=approval.asked_by, through=approval.asked_through
            )
        else:
            publications.publish(menu, version, by=approval.asked_by, through=approval.asked_through)
    except publications.NotPublishable as refused:
        raise Refused(" ".join(problem.text for problem in refused.problems)) from None
    except publications.Busy:
        raise Refused(
            _("Another menu of this account is being published. Wait a moment, then try again.")
        ) from None


def _fingerprint(approval: Approval) -> str:
    """Returns a hash of the precedence of menus; all else that is approved is in an unchanging version."""
    menus = order_with(Menu.objects.get(pk=approval.object_id))
    return sha256(",".join(str(each.pk) for each in menus).encode()).hexdigest()


PUBLICATION = actions.register(
    Action(
        "menu_publication",
        gettext_lazy("Publish a menu"),
        Area.SENDING,
        carry_out=_carry_out,
        link=lambda approval: reverse("admin:menus_versions", args=[approval.object_id]),
        fingerprint=_fingerprint,
        has_api=True,
    )
)
