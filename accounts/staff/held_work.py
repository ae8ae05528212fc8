"""What is on hold, told in words: why, when it goes on, and what to do."""

from collections.abc import Iterable

from django.db.models import QuerySet
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from accounts.official.errcodes import in_words
from accounts.official.models import OfficialAccount
from accounts.staff.rights import Area
from wechat.kernel.models import Hold
from wechat.kernel.work import KINDS, Kind, holds

Cause = Hold.Cause
# Whoever may change one of these areas may have work on hold go on.
CHANGED_BY = (Area.FOLLOWERS, Area.CONTENT, Area.SENDING)


def of(account: OfficialAccount, *works: str) -> list[str]:
    """Returns why these kinds of work of the account wait, in sentences for staff; each reason once."""
    return list(dict.fromkeys(reason(hold) for hold in _holds(account, works).order_by("-until")))


def go_on(account: OfficialAccount, works: Iterable[str]) -> bool:
    """Have these kinds of work of the account go on at once; returns whether any was on hold."""
    found = list(_holds(account, works))
    holds.lift_all(found)
    return bool(found)


def _holds(account: OfficialAccount, works: Iterable[str]) -> QuerySet[Hold]:
    """Of other kinds the same number may name a merchant or a receiver."""
    ours = [name for name in works if _is_of_accounts(name)]
    return Hold.objects.filter(work__in=ours, subject=account.pk, until__isnull=False)


def _is_of_accounts(name: str) -> bool:
    kind = KINDS.find(name)
    return isinstance(kind, Kind) and kind.subject.split("__")[-1] == "account_id"


def reason(hold: Hold) -> str:
    """Returns a sentence or two for staff; nothing is lost, whatever the cause."""
    match hold.cause:
        case Cause.QUOTA:
            return _("WeChat's limit of the day is used up. It goes on by itself at %(until)s.") % when(hold)
        case Cause.RATE:
            return _("WeChat's limit a minute is reached. It goes on by itself at %(until)s.") % when(hold)
        case Cause.ACCOUNT:
            return _(
                "WeChat refuses this for the whole account: %(why)s Nobody is lost: it is tried again at "
                "%(until)s, and goes on by itself once the cause is gone."
            ) % {"why": _why(hold), **when(hold)}
    return _("It could not be reached. It is tried again at %(until)s, and goes on by itself.") % when(hold)


def _why(hold: Hold) -> str:
    return in_words(hold.errcode) if hold.errcode is not None else hold.error


def when(hold: Hold) -> dict[str, str]:
    """Returns the time at which it goes on or is tried again, as ``until``."""
    until = timezone.localtime(hold.until)
    is_today = until.date() == timezone.localdate()
    return {"until": date_format(until, "H:i:s" if is_today else "m-d H:i")}
