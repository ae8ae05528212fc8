"""The page of the desk: conversations on the left, one of them in the middle, the follower on the right.

The page polls every two seconds for the parts that have changed; its buttons are in ``actions``.
"""

import hashlib
import re
import secrets
from collections.abc import Mapping
from functools import partial
from typing import Any

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.template.loader import render_to_string
from django.template.response import TemplateResponse
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.followers import people
from accounts.followers.follower_page import FollowerForm
from accounts.official.models import OfficialAccount
from accounts.staff import personal_data
from accounts.staff.gate import account_page, entered, frame, reader
from accounts.staff.rights import Area, Rights
from wechat.contents.text_editor import TextEditor
from wechat.contents.variables import PERSONAL, of_follower, variables_in
from wechat.desk import actions, boxes, panel, presence, replying, staff, takeovers, threads, typing_indicator
from wechat.desk.models import CannedAnswer, Thread
from wechat.inbox import conversation
from wechat.kernel import placeholders
from wechat.kernel.pictures import CONVERTED
from wechat.materials import limits
from wechat.materials.models import Asset
from wechat.pushes import subscription_quota, windows

PICTURES = 60
PICTURE = limits.LIMITS[Asset.Kind.IMAGE]
FORM_TOKEN = re.compile(r'<input type="hidden" name="csrfmiddlewaretoken" value="\w+">')


@account_page(Area.MESSAGES)
def show(request: HttpRequest, account: OfficialAccount) -> HttpResponse:
    """Shows the whole page of the desk."""
    thread = _requested_thread(request, account)
    if thread is not None:
        _note_read(request, thread)
    typed = actions.refused_input(request, thread)
    context = {
        **frame(request, _("Service desk")),
        **_list(request, account),
        **(_thread(request, account, thread) if thread else {}),
        **(_profile_form(request, thread) if thread else {}),
        "canned": _canned(account, thread),
        "text_editor": _editor(account, typed.get("text", "")),
        "typed": typed,
        "held": actions.held_picture(thread, typed.get("held")) if thread else None,
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
        _show_typing(request, thread)
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


def _requested_thread(request: HttpRequest, account: OfficialAccount) -> Thread | None:
    openid = request.GET.get("who", "")
    found = Thread.objects.filter(account=account, openid=openid).select_related("account", "assignee")
    return found.first() if openid else None


def _note_read(request: HttpRequest, thread: Thread) -> None:
    """Notes that the desk has seen the conversation; whoever may only look is not of the desk."""
    if entered(request).may_change:
        threads.read(thread)


def _show_typing(request: HttpRequest, thread: Thread) -> None:
    if entered(request).may_change and typing_indicator.claim_showing(thread):
        typing_indicator.ask_for(thread)


def _digest(parts: Mapping[str, str]) -> str:
    """Returns a digest of the rendered parts that ignores their form tokens.

    Each rendering masks the form token anew, although the parts look the same.
    """
    looks = FORM_TOKEN.sub("", "".join(parts.values()))
    return hashlib.sha256(looks.encode()).hexdigest()[:16]


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
    follower = thread.follower
    newest = replying.newest_of_staff(thread)
    takeover = takeovers.current(thread)
    return {
        "thread": thread,
        "box": boxes.box_named(request.GET.get("box", "")),
        "pauses": [(name, label) for name, (label, _pause) in actions.PAUSES.items()],
        "follower": follower,
        "person": people.one(account.pk, thread.openid),
        "page": conversation.page(account, thread.openid),
        "allowance": windows.left(account, thread.openid, timezone.now()),
        "takeover": takeover,
        "takeover_by": staff.name(takeover.user) if takeover else "",
        "others": presence.announce(thread, reader(request), writes=bool(request.GET.get("writes"))),
        "colleagues": [(each.pk, staff.name(each)) for each in staff.colleagues(account)],
        "may_talk": entered(request).may_change,
        "facts": panel.facts(follower, partial(_may_view, request, account)) if follower else [],
        "agreed": subscription_quota.held(account, thread.openid),
        "seen": newest.pk if newest else 0,
    }


def _may_view(request: HttpRequest, account: OfficialAccount, area: Area) -> bool:
    return Rights.of(request.user).may_view(area, account.pk)


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
    return {"media": field.media, "html": field.render("text", text)}


def _profile_form(request: HttpRequest, thread: Thread) -> dict[str, Any]:
    """Returns the context with the form of the follower's profile, empty without the right to change it.

    It is rendered once per page and never refreshed, which would lose what is typed in it.
    """
    follower = thread.follower
    if follower is None or not actions.may_change_profile(request, thread.account_id):
        return {}
    return {"profile": FollowerForm(follower)}
