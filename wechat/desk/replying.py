"""The replies of staff to a follower."""

from dataclasses import dataclass

from django.contrib.auth.models import User
from django.core.exceptions import ValidationError
from django.db import transaction
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
from wechat.pushes import pictures, windows
from wechat.pushes.models import ConversationPicture, Push
from wechat.pushes.queueing import queue
from wechat.pushes.summary import because
from wechat.pushes.transitions import send_again
from wechat.sdk.content import Content, Image, Text
from wechat.sdk.stored_content import from_dict, to_dict


@dataclass(frozen=True, slots=True)
class StaffReply:
    """A reply as it was typed or chosen.

    ``token`` identifies the form, so that a form posted twice is one message; ``picture`` is one of the
    library, ``own`` one of the writer's device; ``seen`` is the id of the newest push by staff on the page of
    the writer.
    """

    token: str
    text: str = ""
    canned: CannedAnswer | None = None
    picture: Asset | None = None
    own: ConversationPicture | None = None
    seen: int = 0


def reply(account: OfficialAccount, thread: Thread, user: User, draft: StaffReply) -> Push:
    """Queues a reply, and takes over from the rules. Raises ``ValidationError`` with what to do instead."""
    _refuse_several(draft)
    content, key = _content(account, thread, draft), f"desk:{thread.pk}:{draft.token}"
    with transaction.atomic():
        # Of two who reply at once, the second finds the message of the first.
        Thread.objects.select_for_update().get(pk=thread.pk)
        if sent := Push.objects.filter(account=account, key=key).first():
            return _sent_before(sent, content, draft)
        _refuse_collision(thread, user, draft)
        _refuse_without_window(account, thread)
        push = queue(account=account, openid=thread.openid, content=content, key=key, cause=staff.mark(user))
        if draft.own is not None and not pictures.attach(draft.own, push):
            raise ValidationError(_("This picture was sent already. Choose it again to send it once more."))
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
    elif draft.own is not None:
        return Image("")
    else:
        content = Text(draft.text.replace("\r\n", "\n").strip())
    check_content(content, account.name)
    return content


def _refuse_several(draft: StaffReply) -> None:
    if sum(map(bool, (draft.text.strip(), draft.canned, draft.picture, draft.own))) > 1:
        raise ValidationError(
            _("One message at a time: send the text, the picture and the canned answer one after the other.")
        )


def _sent_before(sent: Push, content: Content, draft: StaffReply) -> Push:
    """Returns the message that this form has sent before, when the answer was lost on the way.

    Raises ``ValidationError`` if something else stands in the form by now.
    """
    is_same = sent.content == to_dict(content)
    if draft.own is not None:
        is_same = is_same and pictures.is_of(draft.own, sent)
    if not is_same:
        raise ValidationError(
            _("Your message before was sent after all. Read it, then send this one if it is still needed.")
        )
    return sent


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
