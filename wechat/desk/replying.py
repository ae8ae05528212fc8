"""The replies of staff to a follower."""

from dataclasses import dataclass

from django.contrib.auth.models import User
from django.core.exceptions import ValidationError
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.official.models import OfficialAccount
from accounts.staff import audit
from wechat.console.phrases import labelled
from wechat.contents.checks import check_content
from wechat.contents.variables import expand, of_follower
from wechat.desk import staff, takeovers, threads
from wechat.desk.models import CannedAnswer, Thread
from wechat.materials.models import Asset
from wechat.pushes import windows
from wechat.pushes.models import Push
from wechat.pushes.queueing import queue
from wechat.pushes.summary import because
from wechat.pushes.transitions import send_again
from wechat.sdk.content import Content, Image, Text, from_dict


@dataclass(frozen=True, slots=True)
class StaffReply:
    """A reply as it was typed or chosen.

    ``token`` identifies the form, so that a form posted twice is one message; ``seen`` is the id
    of the newest push by staff on the page of the writer.
    """

    token: str
    text: str = ""
    canned: CannedAnswer | None = None
    picture: Asset | None = None
    seen: int = 0


def reply(account: OfficialAccount, thread: Thread, user: User, draft: StaffReply) -> Push:
    """Queues a reply, and takes over from the rules. Raises ``ValidationError`` with what to do instead."""
    _refuse_several(draft)
    content = _content(account, thread, draft)
    _refuse_collision(thread, user, draft)
    _refuse_without_window(account, thread)
    push = queue(
        account=account,
        openid=thread.openid,
        content=content,
        key=f"desk:{thread.pk}:{draft.token}",
        cause=staff.mark(user),
    )
    threads.answered(thread, user)
    takeovers.take(thread, user)
    return push


def reply_again(account: OfficialAccount, thread: Thread, user: User, push: Push) -> None:
    """Retries a message that surely did not arrive, and takes over from the rules.

    Raises ``ValidationError`` with what to do instead.
    """
    if push.state == Push.State.UNCERTAIN:
        raise ValidationError(_("The follower may have it already: look at the message first."))
    if push.kind == Push.Kind.SERVICE:
        _refuse_without_window(account, thread)
    before = labelled(push.get_state_display(), because(push))
    if not send_again(push):
        raise ValidationError(_("The message was already sent again."))
    note = _("Sent again; before: %(state)s") % {"state": before}
    audit.record_by(user.pk, push, note)
    threads.answered(thread, user)
    takeovers.take(thread, user)


def newest_of_staff(thread: Thread) -> Push | None:
    """Returns the newest push to the follower by any member of staff, or ``None``."""
    return (
        Push.objects.filter(
            account=thread.account_id, openid=thread.openid, cause__startswith=f"{staff.PREFIX}:"
        )
        .order_by("-pk")
        .first()
    )


def _content(account: OfficialAccount, thread: Thread, draft: StaffReply) -> Content:
    if draft.canned is not None:
        values = of_follower(account, thread.openid, timezone.now())
        filled = expand(from_dict(draft.canned.complete), values)
        if filled is None:
            raise ValidationError(_("Nothing is left of this answer: the follower has no remark."))
        content = filled
    elif draft.picture is not None:
        content = Image(draft.picture.media_id)
    else:
        content = Text(draft.text.replace("\r\n", "\n").strip())
    check_content(content, account.name)
    return content


def _refuse_several(draft: StaffReply) -> None:
    if sum(map(bool, (draft.text.strip(), draft.canned, draft.picture))) > 1:
        raise ValidationError(
            _("One message at a time: send the text, the picture and the canned answer one after the other.")
        )


def _refuse_without_window(account: OfficialAccount, thread: Thread) -> None:
    if not windows.left(account, thread.openid, timezone.now()).left:
        raise ValidationError(
            _("WeChat allows no message to this follower now. They must write, or tap a menu, first.")
        )


def _refuse_collision(thread: Thread, user: User, draft: StaffReply) -> None:
    newest = newest_of_staff(thread)
    if newest is not None and newest.pk > draft.seen and newest.cause != staff.mark(user):
        other = User.objects.filter(pk=int(newest.cause.partition(":")[2])).first()
        raise ValidationError(
            _("%(name)s has replied in the meantime. Read it, then send again if it is still needed.")
            % {"name": staff.name(other) if other else _("A colleague")}
        )
