"""The status of a channel's code in words, for the list and the channel's page."""

from dataclasses import dataclass

from django.utils import timezone
from django.utils.translation import gettext as _
from django_stubs_ext import StrOrPromise

from accounts.official.error_sentences import of_row
from wechat.channels.models import Channel, Code

State = Code.State
ALL_PERMANENT_USED = 45029


@dataclass(frozen=True, slots=True)
class CodeStatus:
    """The status of a code.

    ``kind`` is the colour of the word; ``brief`` says until when the code is valid; ``problem`` says what is
    wrong and what to do.
    """

    word: StrOrPromise
    kind: str
    brief: str = ""
    problem: str = ""


def of(channel: Channel) -> CodeStatus:
    code = channel.code
    problem = _problem(code)
    if code.is_over:
        over = _("The code can no longer be scanned. Make it anew and put the new picture in its place.")
        return CodeStatus(_("Expired"), "bad", _until(code), problem or over)
    if code.state == State.FAILED:
        return CodeStatus(code.get_state_display(), "bad", _until(code), problem)
    if code.state == State.WAITING:
        return CodeStatus(code.get_state_display(), "warn" if problem else "plain", _until(code), problem)
    return CodeStatus(_("Ready"), "good", _until(code), problem)


def _until(code: Code) -> str:
    if not code.url:
        return ""
    if code.expires_at is None:
        return _("permanent")
    ends = timezone.localtime(code.expires_at)
    return _("until %(moment)s") % {"moment": f"{ends:%Y-%m-%d %H:%M}"}


def _problem(code: Code) -> str:
    if not code.error:
        return ""
    if code.errcode == ALL_PERMANENT_USED:
        return _("The account has used its 100,000 permanent codes: add a channel with a temporary code.")
    problem = of_row(code)
    if code.state == State.READY:
        return _("WeChat's own picture could not be fetched; the code is drawn here instead.")
    if code.due_at is not None:
        return _("%(problem)s It is tried again.") % {"problem": problem}
    return problem
