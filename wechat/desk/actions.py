"""The actions of the desk's buttons.

Every action is a plain form, which works without scripts as well. What was typed in a refused form is shown
again, and a picture that was uploaded with it is held for the next one.
"""

import datetime
import secrets
from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import urlencode

from django.contrib import messages
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import transaction
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_POST

from accounts.followers.follower_page import FollowerForm
from accounts.official.models import OfficialAccount
from accounts.staff import audit
from accounts.staff.gate import object_page, reader
from accounts.staff.rights import Area, Rights
from wechat.console import edit_conflicts
from wechat.console.phrases import joined, labelled
from wechat.desk import boxes, replying, staff, takeovers, threads
from wechat.desk.models import CannedAnswer, Note, Thread
from wechat.kernel.row_ids import row_id
from wechat.materials.models import Asset
from wechat.pushes import pictures
from wechat.pushes.models import ConversationPicture, Push

# The session key for the fields of a refused form, until its page is shown again.
REFUSED_INPUT = "desk_typed"
FIELDS = ("text", "canned", "picture")
PAUSES: Mapping[str, tuple[str | Promise, datetime.timedelta]] = {
    "hour": (gettext_lazy("1 hour"), datetime.timedelta(hours=1)),
    "evening": (gettext_lazy("4 hours"), datetime.timedelta(hours=4)),
    "tomorrow": (gettext_lazy("1 day"), datetime.timedelta(days=1)),
    "week": (gettext_lazy("1 week"), datetime.timedelta(days=7)),
}


@require_POST
@object_page(lambda: Thread.objects.select_related("account"), Area.MESSAGES)
def act(request: HttpRequest, thread: Thread) -> HttpResponse:
    """Performs the action of a button; answers a script with JSON, a plain form with a redirect."""
    _limit_to_posted_message(request, thread)
    name = request.POST.get("do", "")
    if name not in ACTIONS and name not in PICTURE_ACTIONS:
        raise Http404
    wrong, shown, picture = "", "", None
    try:
        picture = _posted_picture(request, thread)
        if name in PICTURE_ACTIONS:
            PICTURE_ACTIONS[name](request, thread, picture)
        else:
            ACTIONS[name](request, thread)
    except ValidationError as error:
        wrong = joined(error.messages)
        shown = error.shown if isinstance(error, ProfileRefused) else ""
    held = picture.pk if picture is not None and picture.push_id is None else None
    if request.headers.get("X-Requested-With") == "fetch":
        answer = {"error": wrong, "token": secrets.token_urlsafe(12), "shown": shown, "held": held}
        return JsonResponse(answer, status=422 if wrong else 200)
    if wrong:
        messages.error(request, wrong)
    kept = FIELDS if wrong or name in LEAVING_THE_REST else ()
    if kept or held:
        values = {name: request.POST.get(name, "") for name in kept}
        request.session[REFUSED_INPUT] = {"thread": thread.pk, "held": held, **values}
    return redirect(_address(thread, request.POST.get("box", "")))


def _posted_picture(request: HttpRequest, thread: Thread) -> ConversationPicture | None:
    """Returns the picture of the form, uploaded with it or held since the last one.

    Raises ``ValidationError`` for a file that WeChat would refuse.
    """
    if (file := request.FILES.get("upload")) is not None:
        return pictures.keep(thread.account, thread.openid, file)
    return held_picture(thread, request.POST.get("held"))


def held_picture(thread: Thread, pk: Any) -> ConversationPicture | None:
    """Returns the picture with this number if it belongs to the conversation."""
    of_thread = ConversationPicture.objects.filter(account=thread.account_id, openid=thread.openid)
    return of_thread.filter(pk=row_id(str(pk)) or 0).first()


def _limit_to_posted_message(request: HttpRequest, thread: Thread) -> None:
    """Sets ``newest_id`` to the newest message on the posted page: later messages have not been seen."""
    thread.newest_id = min(thread.newest_id, row_id(request.POST.get("newest", "")) or 0)


def refused_input(request: HttpRequest, thread: Thread | None) -> dict[str, Any]:
    """Returns the posted fields that were refused for this conversation a moment ago, if any."""
    typed: dict[str, Any] = request.session.pop(REFUSED_INPUT, {})
    return typed if thread is not None and typed.get("thread") == thread.pk else {}


def _address(thread: Thread, box: str = "") -> str:
    return f"{reverse('admin:desk')}?{urlencode({'box': boxes.box_named(box), 'who': thread.openid})}"


def _reply(request: HttpRequest, thread: Thread, picture: ConversationPicture | None) -> None:
    given, account = request.POST, thread.account
    draft = replying.StaffReply(
        **_form_of(request),
        text=given.get("text", ""),
        canned=_chosen(CannedAnswer, account, given.get("canned", "")),
        picture=_chosen(Asset, account, given.get("picture", "")),
        own=picture,
    )
    replying.reply(account, thread, reader(request), draft)


def _send_picture(request: HttpRequest, thread: Thread, picture: ConversationPicture | None) -> None:
    """Sends the writer's own picture alone; what is typed beside it stays."""
    if picture is None:
        raise ValidationError(_("Choose a picture first."))
    draft = replying.StaffReply(**_form_of(request), own=picture)
    replying.reply(thread.account, thread, reader(request), draft)


def _form_of(request: HttpRequest) -> dict[str, Any]:
    given = request.POST
    return {"token": given.get("token", "")[:40], "seen": row_id(given.get("seen", "")) or 0}


def _take_off(request: HttpRequest, thread: Thread, picture: ConversationPicture | None) -> None:
    if picture is not None and picture.push_id is None:
        pictures.delete([picture])


def _again(request: HttpRequest, thread: Thread) -> None:
    push = _chosen(Push, thread.account, request.POST.get("push", ""))
    if push is None or push.openid != thread.openid:
        raise Http404
    replying.reply_again(thread.account, thread, reader(request), push)


def _note(request: HttpRequest, thread: Thread) -> None:
    text = request.POST.get("text", "").strip()
    if not text:
        raise ValidationError(_("Write the note first."))
    token = _form_of(request)["token"] or secrets.token_urlsafe(12)
    kept = {"author": reader(request), "text": text[:2000]}
    note, made = Note.objects.get_or_create(thread=thread, token=token, defaults=kept)
    if not made and note.text != kept["text"]:
        raise ValidationError(
            _("Your note before was kept after all. Read it, then keep this one if it is still needed.")
        )


def _assign(request: HttpRequest, thread: Thread) -> None:
    chosen = request.POST.get("to", "")
    to = next((each for each in staff.colleagues(thread.account) if str(each.pk) == chosen), None)
    threads.assign(thread, to)


def _put_off(request: HttpRequest, thread: Thread) -> None:
    pause = PAUSES.get(request.POST.get("pause", ""))
    if pause is None:
        raise ValidationError(_("Choose how long."))
    if not threads.put_off(thread, timezone.now() + pause[1]):
        raise ValidationError(_("The follower has written in the meantime. Read it, then put it off."))


class ProfileRefused(ValidationError):
    """The error for a profile that is not saved; its form, which stays open, posts ``shown`` next."""

    def __init__(self, form: FollowerForm) -> None:
        super().__init__(
            [
                labelled(form.fields[name].label, error) if name in form.fields else error
                for name, errors in form.errors.items()
                for error in errors
            ]
        )
        self.shown = edit_conflicts.posted_next(form)


@transaction.atomic
def _profile(request: HttpRequest, thread: Thread) -> None:
    """Saves the remark, tags and fields of the follower, as the follower's own page does."""
    follower = thread.follower
    if follower is None or not may_change_profile(request, thread.account_id):
        raise PermissionDenied
    edit_conflicts.lock(follower)
    form = FollowerForm(follower, request.POST)
    if not form.is_valid():
        raise ProfileRefused(form)
    form.save()
    audit.record(request, follower, form.changed_labels())


def may_change_profile(request: HttpRequest, account_id: int) -> bool:
    return Rights.of(request.user).may_change(Area.FOLLOWERS, account_id)


def _chosen(model: Any, account: OfficialAccount, pk: str) -> Any:
    return model.objects.filter(account=account, pk=row_id(pk)).first()


ACTIONS: Mapping[str, Callable[[HttpRequest, Thread], None]] = {
    "again": _again,
    "note": _note,
    "assign": _assign,
    "put_off": _put_off,
    "profile": _profile,
    "take": lambda request, thread: takeovers.take(thread, reader(request)),
    "give_back": lambda _request, thread: takeovers.give_back(thread),
    "close": lambda _request, thread: threads.close(thread),
    "reopen": lambda _request, thread: threads.reopen(thread),
}
# The actions that use the picture of the form.
PICTURE_ACTIONS: Mapping[str, Callable[[HttpRequest, Thread, ConversationPicture | None], None]] = {
    "reply": _reply,
    "picture": _send_picture,
    "take_off": _take_off,
}
# The actions after which a plain form still has what was typed in it.
LEAVING_THE_REST = frozenset({"picture", "take_off"})
