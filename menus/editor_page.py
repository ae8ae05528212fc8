"""The editor page: a phone drawn in the browser, and the requests of its script.

The page holds the draft as a value and saves it as a whole, with the revision it started from.
"""

from typing import Any

from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.http.request import RawPostDataException
from django.template.loader import render_to_string
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from accounts.staff.gate import object_page, reader
from accounts.staff.picking import links_of
from accounts.staff.rights import Area, Rights
from menus import articles, drafts, mini_programs, tree, validation, words
from menus.access import all_menus, frame
from menus.buttons import ButtonReply, Malformed, from_list, to_data
from menus.facts import problems_of
from menus.kinds import ANSWERED, EDITABLE, KEYED, READ_ONLY, ButtonKind
from menus.models import Menu, MenuItem, Version
from menus.reply_form import form_for, reply_of
from wechat.console import page_paths
from wechat.contents.text_editor import TextEditor
from wechat.inbox.bubbles import of_content
from wechat.materials.models import Asset
from wechat.materials.thumbnails import icon_of, small
from wechat.materials.widgets import picker
from wechat.replies.models import Reply as RuleReply
from wechat.replies.models import Rule
from wechat.sdk.errors import ContentError
from wechat.sdk.stored_content import from_dict
from wechat.sdk.text import load_json
from wechat.sdk.text_links import visible_text

MOST_OFFERED = 500


@require_GET
@object_page(all_menus, Area.CONTENT)
def show(request: HttpRequest, menu: Menu) -> HttpResponse:
    context = frame(request, menu.name)
    draft = drafts.draft_of(menu)
    context |= {
        "menu": menu,
        "editor": {
            **editor_data(menu, draft),
            "words": words.for_editor(),
            "mayEdit": context["may_edit"],
            "account": menu.account.name,
            "limits": _limits(),
            "kinds": _kinds(),
            "choices": _choices(menu, Rights.of(request.user)),
            "urls": _urls(menu),
        },
        "text_media": TextEditor().media,
    }
    return TemplateResponse(request, "menus/editor.html", context)


@require_POST
@object_page(all_menus, Area.CONTENT, change=True)
def save(request: HttpRequest, menu: Menu) -> HttpResponse:
    """Saves ``{"revision", "buttons"}``; 409 with the other draft if somebody else has saved meanwhile."""
    try:
        given = load_json(request.body)
        revision, buttons = int(given["revision"]), from_list(given["buttons"])
    except (ValueError, KeyError, TypeError, RawPostDataException, Malformed) as error:
        return JsonResponse({"error": _("The menu could not be read: %(why)s") % {"why": error}}, status=400)
    try:
        draft = drafts.save(menu, buttons, revision=revision, by=reader(request))
    except drafts.Overtaken as overtaken:
        return JsonResponse(editor_data(menu, overtaken.draft), status=409)
    except ValidationError as error:
        return JsonResponse({"error": " ".join(error.messages)}, status=400)
    return JsonResponse({**_stamp(draft), "problems": _problems(draft)})


@require_GET
@object_page(all_menus, Area.CONTENT)
def state(request: HttpRequest, menu: Menu) -> HttpResponse:
    """Returns the other users in the editor, and the draft if the page does not have the current one."""
    draft = drafts.draft_of(menu)
    others = drafts.note_editing(menu, reader(request))
    known = request.GET.get("revision", "")
    answer = _stamp(draft) if known == str(draft.revision) else editor_data(menu, draft)
    return JsonResponse({**answer, "others": others})


@require_POST
@object_page(all_menus, Area.CONTENT, change=True)
def reply(request: HttpRequest, menu: Menu) -> HttpResponse:
    """Returns the form of a reply; if the form was filled in, the resulting reply, or errors by field."""
    former = _reply(request.POST.get("reply", ""))
    if "kind" not in request.POST:
        html = render_to_string("menus/reply.html", {"form": form_for(former, menu.account_id)}, request)
        return HttpResponse(html)
    form = form_for(former, menu.account_id, request.POST)
    if not form.is_valid():
        return JsonResponse({"errors": {name: list(each) for name, each in form.errors.items()}})
    taken = reply_of(form)
    data = {"content": taken.content, "asset": taken.asset, "cover": taken.cover}
    return JsonResponse({"reply": data, "bubble": bubble(taken)})


def _reply(text: str) -> ButtonReply | None:
    try:
        reply = load_json((text or "null").encode(errors="replace"))
        (button,) = from_list([{"uid": "reply", "reply": reply}])
    except (ValueError, Malformed):
        return None
    return button.reply


def editor_data(menu: Menu, draft: Version) -> dict[str, Any]:
    """Returns the draft in the form of the page's script."""
    buttons = tree.read(draft)
    bubbles = {each.uid: bubble(each.reply) for one in buttons for each in (one, *one.children) if each.reply}
    return {
        **_stamp(draft),
        "buttons": [to_data(each) for each in buttons],
        "bubbles": bubbles,
        "problems": _problems(draft),
    }


def _stamp(draft: Version) -> dict[str, Any]:
    saved = date_format(timezone.localtime(draft.saved_at), "H:i")
    return {"revision": draft.revision, "savedBy": drafts.name_of(draft.saved_by), "savedAt": saved}


def _problems(draft: Version) -> list[dict[str, Any]]:
    found = problems_of(draft)
    return [
        {"text": each.text, "uid": each.uid, "field": each.field, "error": each.is_error} for each in found
    ]


def bubble(reply: ButtonReply) -> dict[str, Any]:
    """Returns the reply for the chat of the drawn phone: its kind and its texts."""
    item = RuleReply(content=dict(reply.content), asset_id=reply.asset)
    try:
        part = of_content(from_dict({"media_id": "", **item.content} if item.asset_id else item.content))
    except ContentError:
        return {"kind": "text", "text": item.words}
    image = item.asset_id and reply.content.get("type") == "image"
    return {
        "kind": part.kind,
        "title": part.title,
        "text": visible_text(part.text) or ("" if part.title else item.words),
        "choices": list(part.choices),
        "image": reverse("admin:materials_asset_file", args=[item.asset_id]) if image else "",
    }


def _limits() -> dict[str, int]:
    return {
        "first": validation.MOST_FIRST,
        "second": validation.MOST_SECOND,
        "name": validation.NAME_BYTES,
        "subName": validation.SUB_NAME_BYTES,
        "url": validation.URL_BYTES,
    }


def _kinds() -> list[dict[str, Any]]:
    return [
        {
            "value": kind.value,
            "label": str(kind.label),
            "editable": kind in EDITABLE,
            "keyed": kind in KEYED,
            "answered": kind in ANSWERED,
            "readOnly": kind in READ_ONLY,
        }
        for kind in ButtonKind
    ]


def _file(asset: Asset) -> dict[str, Any]:
    return {"id": asset.pk, "name": asset.name, "image": small(asset), "icon": icon_of(asset)}


def _files_of(menu: Menu) -> list[int]:
    """Returns the ids of the files that buttons of the menu send; others are added when they are picked."""
    used = MenuItem.objects.filter(version__menu=menu, file__isnull=False)
    return list(used.values_list("file", flat=True).distinct())


def _choices(menu: Menu, rights: Rights) -> dict[str, Any]:
    """Returns the choices of the pickers."""
    account = menu.account
    accounts = [rights.accounts[pk] for pk in rights.viewable(Area.CONTENT)]
    rules = Rule.objects.filter(account=account)[:MOST_OFFERED]
    return {
        "files": [_file(each) for each in Asset.objects.filter(pk__in=_files_of(menu))],
        "rules": [{"id": each.pk, "name": each.name, "on": each.enabled} for each in rules],
        "pages": page_paths.offered(account.pk),
        "programs": [{"id": appid, "name": name} for appid, name in mini_programs.offered(account, accounts)],
        "articles": [
            {"id": each.id, "name": each.title} for each in articles.of(account) if not each.withdrawn
        ],
    }


def _urls(menu: Menu) -> dict[str, str]:
    own = {name: reverse(f"admin:menus_{name}", args=[menu.pk]) for name in ("draft", "state", "reply")}
    return {
        **own,
        "files": picker(menu.account_id, permanent=True)["data-pick"],
        "links": links_of(menu.account_id),
        "rules": reverse("admin:replies_rule_add"),
        "programs": reverse("admin:menus_miniprogram_add"),
    }
