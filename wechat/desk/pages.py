"""The page of the desk: conversations on the left, one of them in the middle, the follower on the right.

The page polls every two seconds for the parts that have changed. Every action is a plain form, which works
without scripts as well. A picture that was uploaded with a refused form is held for the next one.
"""

import datetime
import hashlib
import re
import secrets
from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import urlencode

from django.contrib import messages
from django.contrib.auth.models import User
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import transaction
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect
from django.template.loader import render_to_string
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_POST

from accounts.followers import people
from accounts.followers.follower_page import FollowerForm
from accounts.followers.models import Follower
from accounts.official.models import OfficialAccount
from accounts.staff import audit, personal_data
from accounts.staff.gate import account_page, entered, frame, object_page, reader
from accounts.staff.models import StaffRight
from accounts.staff.rights import CHANGES, Area, Rights
from wechat.console import edit_conflicts
from wechat.console.phrases import joined, labelled
from wechat.contents.text_editor import TextEditor
from wechat.contents.variables import PERSONAL, of_follower, variables_in
from wechat.desk import boxes, panel, presence, replying, staff, takeovers, threads, writing
from wechat.desk.models import CannedAnswer, Note, Thread
from wechat.inbox import conversation
from wechat.kernel import placeholders
from wechat.kernel.pictures import CONVERTED
from wechat.kernel.row_ids import row_id
from wechat.materials import limits
from wechat.materials.models import Asset
from wechat.pushes import pictures, subscription_quota, windows
from wechat.pushes.models import ConversationPicture, Push

PICTURES = 60
# The session key for the fields of a refused form, until its page is shown again.
REFUSED_INPUT = "desk_typed"
FIELDS = ("text", "canned", "picture")
PICTURE = limits.LIMITS[Asset.Kind.IMAGE]
FORM_TOKEN = re.compile(r'<input type="hidden" name="csrfmiddlewaretoken" value="\w+">')
PAUSES: Mapping[str, tuple[str | Promise, datetime.timedelta]] = {
    "hour": (gettext_lazy("1 hour"), datetime.timedelta(hours=1)),
    "evening": (gettext_lazy("4 hours"), datetime.timedelta(hours=4)),
    "tomorrow": (gettext_lazy("1 day"), datetime.timedelta(days=1)),
    "week": (gettext_lazy("1 week"), datetime.timedelta(days=7)),
}


@account_page(Area.MESSAGES)
def show(request: HttpRequest, account: OfficialAccount) -> HttpResponse:
    """Shows the whole page of the desk."""
    thread = _requested_thread(request, account)
    if thread is not None:
        _note_read(request, thread)
    typed = _refused_input(request, thread)
    context = {
        **frame(request, _("Service desk")),
        **_list(request, account),
        **(_thread(request, account, thread) if thread else {}),
        **(_profile_form(request, thread) if thread else {}),
        "canned": _canned(account, thread),
        "text_editor": _editor(account, typed.get("text", "")),
        "typed": typed,
        "held": _held(thread, typed.get("held")) if thread else None,
        "upload": {"accept": ",".join(sorted(PICTURE.types | CONVERTED)), "most": PICTURE.largest},
        "pictures": Asset.objects.filter(account=account, kind="image", state="uploaded")[:PICTURES],
        "token": secrets.token_urlsafe(12),
    }
    return TemplateResponse(request, "desk/desk.html", context)


@account_page(Area.MESSAGES)
def live(request: HttpRequest, account: OfficialAccount) -> HttpResponse:
    """Returns the parts of the page as JSON with their digest; 204 if ``have`` is that digest already."""
    thread = _requested_thread(request, account)
    if thread is not None and request.GET.get("looks"):
        _note_read(request, thread)
    if thread is not None and request.GET.get("writes"):
        _show_writing(request, thread)
    parts = {"list": render_to_string("desk/list.html", _list(request, account), request)}
    if thread is not None:
        context = _thread(request, account, thread)
        parts |= {
            name: render_to_string(f"desk/{name}.html", context, request)
            for name in ("head", "conversation", "allowance", "panel")
        }
    have = _digest(parts)
    if have == request.GET.get("have"):
        return HttpResponse(status=204)
    return JsonResponse({"have": have, "parts": parts})


def _note_read(request: HttpRequest, thread: Thread) -> None:
    """Notes that the desk has seen the conversation; whoever may only look is not of the desk."""
    if entered(request).may_change:
        threads.read(thread)


def _show_writing(request: HttpRequest, thread: Thread) -> None:
    if entered(request).may_change and writing.claim_showing(thread):
        writing.ask_for(thread)


@require_POST
@object_page(lambda: Thread.objects.select_related("account"), Area.MESSAGES)
def act(request: HttpRequest, thread: Thread) -> HttpResponse:
    """Performs the action of a button; answers a script with JSON, a plain form with a redirect."""
    _limit_to_posted_message(request, thread)
    action = ACTIONS.get(request.POST.get("do", ""))
    if action is None:
        raise Http404
    wrong, shown, picture = "", "", None
    try:
        picture = _posted_picture(request, thread)
        action(request, thread, picture)
    except ValidationError as error:
        wrong = joined(error.messages)
        shown = error.shown if isinstance(error, ProfileRefused) else ""
    held = picture.pk if picture is not None and picture.push_id is None else None
    if request.headers.get("X-Requested-With") == "fetch":
        answer = {"error": wrong, "token": secrets.token_urlsafe(12), "shown": shown, "held": held}
        return JsonResponse(answer, status=422 if wrong else 200)
    if wrong:
        messages.error(request, wrong)
    kept = FIELDS if wrong or action in LEAVING_THE_REST else ()
    if kept or held:
        values = {name: request.POST.get(name, "") for name in kept}
        request.session[REFUSED_INPUT] = {"thread": thread.pk, "held": held, **values}
    return redirect(address(thread, request.POST.get("box", "")))


def _posted_picture(request: HttpRequest, thread: Thread) -> ConversationPicture | None:
    """Returns the picture of the form, uploaded with it or held since the last one.

    Raises ``ValidationError`` for a file that WeChat would refuse.
    """
    if (file := request.FILES.get("upload")) is not None:
        return pictures.keep(thread.account, thread.openid, file)
    return _held(thread, request.POST.get("held"))


def _held(thread: Thread, pk: Any) -> ConversationPicture | None:
    of_thread = ConversationPicture.objects.filter(account=thread.account_id, openid=thread.openid)
    return of_thread.filter(pk=row_id(str(pk)) or 0).first()


def _limit_to_posted_message(request: HttpRequest, thread: Thread) -> None:
    """Sets ``newest_id`` to the newest message on the posted page: later messages have not been seen."""
    thread.newest_id = min(thread.newest_id, row_id(request.POST.get("newest", "")) or 0)


def _digest(parts: Mapping[str, str]) -> str:
    """Returns a digest of the rendered parts that ignores their form tokens.

    Each rendering masks the form token anew, although the parts look the same.
    """
    looks = FORM_TOKEN.sub("", "".join(parts.values()))
    return hashlib.sha256(looks.encode()).hexdigest()[:16]


def address(thread: Thread, box: str = "") -> str:
    return f"{reverse('admin:desk')}?{urlencode({'box': boxes.box_named(box), 'who': thread.openid})}"


# --- what can be done


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


def _again(request: HttpRequest, thread: Thread, picture: ConversationPicture | None) -> None:
    push = _chosen(Push, thread.account, request.POST.get("push", ""))
    if push is None or push.openid != thread.openid:
        raise Http404
    replying.reply_again(thread.account, thread, reader(request), push)


def _note(request: HttpRequest, thread: Thread, picture: ConversationPicture | None) -> None:
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


def _assign(request: HttpRequest, thread: Thread, picture: ConversationPicture | None) -> None:
    chosen = request.POST.get("to", "")
    to = next((each for each in colleagues(thread.account) if str(each.pk) == chosen), None)
    threads.assign(thread, to)


def _put_off(request: HttpRequest, thread: Thread, picture: ConversationPicture | None) -> None:
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
def _profile(request: HttpRequest, thread: Thread, picture: ConversationPicture | None) -> None:
    """Saves the remark, tags and fields of the follower, as the follower's own page does."""
    follower = _follower(thread)
    if follower is None or not _may_change_profile(request, thread.account_id):
        raise PermissionDenied
    edit_conflicts.lock(follower)
    form = FollowerForm(follower, request.POST)
    if not form.is_valid():
        raise ProfileRefused(form)
    form.save()
    audit.record(request, follower, form.changed_labels())


ACTIONS: Mapping[str, Callable[[HttpRequest, Thread, ConversationPicture | None], None]] = {
    "reply": _reply,
    "picture": _send_picture,
    "take_off": _take_off,
    "again": _again,
    "note": _note,
    "assign": _assign,
    "put_off": _put_off,
    "profile": _profile,
    "take": lambda request, thread, _picture: takeovers.take(thread, reader(request)),
    "give_back": lambda _request, thread, _picture: takeovers.give_back(thread),
    "close": lambda _request, thread, _picture: threads.close(thread),
    "reopen": lambda _request, thread, _picture: threads.reopen(thread),
}
# The actions after which a plain form still has what was typed in it.
LEAVING_THE_REST = frozenset({_send_picture, _take_off})


def colleagues(account: OfficialAccount) -> list[User]:
    """Returns the members of staff who may answer for this account."""
    roles = [role for role, areas in CHANGES.items() if Area.MESSAGES in areas]
    having = StaffRight.objects.filter(account=account, role__in=roles).values("user")
    found = User.objects.filter(is_active=True, is_staff=True)
    return sorted({*found.filter(pk__in=having), *found.filter(is_superuser=True)}, key=staff.name)


# --- what is shown


def _list(request: HttpRequest, account: OfficialAccount) -> dict[str, Any]:
    box, search = boxes.box_named(request.GET.get("box", "")), request.GET.get("q", "").strip()[:64]
    return {
        "account": account,
        "box": box,
        "boxes": [(name, each.title) for name, each in boxes.BOXES.items()],
        "waiting": boxes.waiting(account),
        "search": search,
        "lines": boxes.lines(account, box, reader(request), search),
        "who": request.GET.get("who", ""),
    }


def _thread(request: HttpRequest, account: OfficialAccount, thread: Thread) -> dict[str, Any]:
    follower = _follower(thread)
    newest = replying.newest_of_staff(thread)
    takeover = takeovers.current(thread)
    return {
        "thread": thread,
        "box": boxes.box_named(request.GET.get("box", "")),
        "pauses": [(name, label) for name, (label, _pause) in PAUSES.items()],
        "follower": follower,
        "person": people.one(account.pk, thread.openid),
        "page": conversation.page(account, thread.openid),
        "allowance": windows.left(account, thread.openid, timezone.now()),
        "takeover": takeover,
        "takeover_by": staff.name(takeover.user) if takeover else "",
        "others": presence.announce(thread, reader(request), writes=bool(request.GET.get("writes"))),
        "colleagues": [(each.pk, staff.name(each)) for each in colleagues(account)],
        "may_talk": entered(request).may_change,
        "facts": panel.facts(follower) if follower else [],
        "agreed": subscription_quota.held(account, thread.openid),
        "seen": newest.pk if newest else 0,
    }


def _canned(account: OfficialAccount, thread: Thread | None) -> list[CannedAnswer]:
    """Returns the canned answers, each text with the follower's own values beside it, as it would be sent.

    One that says what is withheld from the reader can be sent and not be looked at: it is not filled in here.
    """
    found = list(CannedAnswer.objects.filter(account=account).select_related("asset", "cover"))
    if thread is not None:
        values = of_follower(account, thread.openid, timezone.now()).by_name()
        is_hidden = personal_data.is_hidden_from_reader(account.pk)
        for each in found:
            text = each.content.get("content", "")
            is_withheld = is_hidden and PERSONAL & variables_in(text)
            vars(each)["ready"] = "" if is_withheld else placeholders.fill(text, values)
    return found


def _refused_input(request: HttpRequest, thread: Thread | None) -> dict[str, Any]:
    """Returns the posted fields that were refused for this conversation a moment ago, if any."""
    typed: dict[str, Any] = request.session.pop(REFUSED_INPUT, {})
    return typed if thread is not None and typed.get("thread") == thread.pk else {}


def _editor(account: OfficialAccount, text: str) -> dict[str, Any]:
    """Returns the text editor of the composer: its media and its HTML.

    It has no variables and no preview, since its text is for one person, shown right above.
    """
    field = TextEditor(
        {
            "id": "desk-text",
            "rows": 3,
            "maxlength": 2000,
            "placeholder": _("Reply; / for a canned answer"),
            "aria-describedby": "desk-canned-hint",
        }
    )
    field.variables, field.has_preview = {}, False
    field.for_account(account.pk)
    return {"media": field.media, "drawn": field.render("text", text)}


def _profile_form(request: HttpRequest, thread: Thread) -> dict[str, Any]:
    """Returns the context with the form of the follower's profile, empty without the right to change it.

    It is rendered once per page and never refreshed, which would lose what is typed in it.
    """
    follower = _follower(thread)
    if follower is None or not _may_change_profile(request, thread.account_id):
        return {}
    return {"profile": FollowerForm(follower)}


def _may_change_profile(request: HttpRequest, account_id: int) -> bool:
    return Rights.of(request.user).may_change(Area.FOLLOWERS, account_id)


def _follower(thread: Thread) -> Follower | None:
    return Follower.objects.filter(account=thread.account_id, openid=thread.openid).first()


def _requested_thread(request: HttpRequest, account: OfficialAccount) -> Thread | None:
    openid = request.GET.get("who", "")
    found = Thread.objects.filter(account=account, openid=openid).select_related("account", "assignee")
    return found.first() if openid else None


def _chosen(model: Any, account: OfficialAccount, pk: str) -> Any:
    return model.objects.filter(account=account, pk=row_id(pk)).first()
