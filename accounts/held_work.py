"""What is on hold, told in words: why, when it goes on, and what to do."""

from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from accounts.errcodes import in_words
from wechat.kernel.models import Hold

Cause = Hold.Cause


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
