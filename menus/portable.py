"""The export of menus as a file, and their copy to another account with the media files they use.

The buttons of a menu are a flat list; ``in`` names the button whose submenu a button is in. Media files are
identified by kind and name, rules by name: the report says which of them the target lacks.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from django.contrib.auth.models import User
from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.translation import gettext as _

from accounts.followers.models import Tag
from accounts.official.models import OfficialAccount
from menus import drafts, tree
from menus.buttons import (
    MOST_BUTTONS,
    Button,
    ButtonReply,
    Buttons,
    Malformed,
    every,
    from_list,
    to_data,
    with_new_uids,
)
from menus.models import Menu, Platform
from wechat.console.exchange import FileFormat, UnreadableFile
from wechat.materials.library import copy_for
from wechat.materials.models import Asset
from wechat.replies.models import Rule

FILE = FileFormat("wechat-console-menus", key="menus", most=50)


@dataclass(slots=True)
class MenuImportReport:
    """The report of an import: names of created and updated menus, and ``remarks`` on what was left out."""

    made: list[str] = field(default_factory=list)
    updated: list[str] = field(default_factory=list)
    remarks: list[str] = field(default_factory=list)


# --- out


def export(menus: Sequence[Menu]) -> str:
    """Returns the drafts of these menus as the text of a file."""
    return FILE.written(_exported(menu) for menu in menus)


def _exported(menu: Menu) -> dict[str, Any]:
    buttons = tree.read(drafts.draft_of(menu))
    files = _named(Asset.objects.filter(account=menu.account), _file_keys(buttons))
    rules = dict(Rule.objects.filter(account=menu.account).values_list("pk", "name"))
    flat = [
        _flat(button, above, files, rules)
        for one in buttons
        for button, above in [(one, ""), *((child, one.uid) for child in one.children)]
    ]
    audience = {"tag": menu.tag.name if menu.tag else "", "platform": menu.platform}
    return {"name": menu.name, "for": audience if menu.conditional else None, "buttons": flat}


def _flat(
    button: Button, above: str, files: Mapping[int, dict[str, str]], rules: Mapping[int, str]
) -> dict[str, Any]:
    data = {key: value for key, value in to_data(button).items() if key not in ("children", "uid")}
    exported = {"id": button.uid, **({"in": above} if above else {}), **data}
    if button.file:
        exported["file"] = files.get(button.file)
    if button.rule:
        exported["rule"] = rules.get(button.rule, "")
    if button.reply:
        exported["reply"] = {
            "content": button.reply.content,
            "asset": files.get(button.reply.asset or 0),
            "cover": files.get(button.reply.cover or 0),
        }
    return exported


def _named(assets: Any, keys: set[int]) -> dict[int, dict[str, str]]:
    return {each.pk: {"kind": each.kind, "name": each.name} for each in assets.filter(pk__in=keys)}


def _file_keys(buttons: Sequence[Button]) -> set[int]:
    keys: set[int | None] = {each.file for each in every(buttons)}
    keys |= {key for each in every(buttons) if each.reply for key in (each.reply.asset, each.reply.cover)}
    return {key for key in keys if key}


# --- in


def import_file(
    account: OfficialAccount, text: bytes, *, by: User | None, rehearse: bool = False
) -> MenuImportReport:
    """Imports the menus of a file into drafts, all or none, and keeps the former drafts as versions.

    Raises ``UnreadableFile``. With ``rehearse`` nothing is saved.
    """
    report = MenuImportReport()
    menus = FILE.read(text)
    with transaction.atomic():
        for data in menus:
            try:
                _import_menu(account, data, report, by)
            except (Malformed, ValidationError) as error:
                why = " ".join(error.messages) if isinstance(error, ValidationError) else str(error)
                name = data.get("name", "") if isinstance(data, dict) else ""
                raise UnreadableFile(_("The menu “%(name)s”: %(why)s") % {"name": name, "why": why}) from None
        transaction.set_rollback(rehearse)
    return report


def _import_menu(account: OfficialAccount, data: Any, report: MenuImportReport, by: User | None) -> None:
    if not isinstance(data, dict) or not isinstance(data.get("name"), str) or not data["name"].strip():
        raise Malformed(_("it has no name."))
    listed = nested(data.get("buttons"))
    buttons = from_list([_mapped(account, each, report) for each in listed])
    menu, made = _menu(account, data, report)
    drafts.replace(menu, buttons, by=by, note=_("The draft before a file was imported"))
    (report.made if made else report.updated).append(menu.name)


def nested(flat: Any) -> list[dict[str, Any]]:
    """Returns the buttons of a flat list as a tree.

    Raises ``Malformed`` for a cycle, or a place that does not exist.
    """
    if not isinstance(flat, list) or not all(isinstance(each, dict) and each.get("id") for each in flat):
        raise Malformed(_("its buttons are no list of buttons with an id."))
    if len(flat) > MOST_BUTTONS:
        raise Malformed(_("it has more than %(most)d buttons.") % {"most": MOST_BUTTONS})
    above = {str(each["id"]): str(each.get("in") or "") for each in flat}
    if len(above) != len(flat):
        raise Malformed(_("two buttons have the same id."))
    names = {str(each["id"]): str(each.get("name", "")) for each in flat}
    for uid in above:
        _check_way_up(uid, above, names)

    def below(parent: str) -> list[dict[str, Any]]:
        return [
            {**{key: value for key, value in each.items() if key not in ("id", "in")}, "uid": str(each["id"]),
             "children": below(str(each["id"]))}
            for each in flat
            if str(each.get("in") or "") == parent
        ]  # fmt: skip

    return below("")


def _check_way_up(uid: str, above: Mapping[str, str], names: Mapping[str, str]) -> None:
    seen, place = [uid], above[uid]
    while place:
        if place not in above:
            raise Malformed(_("“%(name)s” is in a submenu that does not exist.") % {"name": names[uid]})
        if place in seen:
            circle = " → ".join(names[each] for each in [*seen[seen.index(place) :], place])
            raise Malformed(
                _("these buttons are in one another's submenus: %(circle)s.") % {"circle": circle}
            )
        seen.append(place)
        place = above[place]


def _mapped(account: OfficialAccount, data: dict[str, Any], report: MenuImportReport) -> dict[str, Any]:
    """Returns the button with this account's media files and rules."""
    mapped = {**data, "children": [_mapped(account, each, report) for each in data["children"]]}
    name = str(data.get("name", ""))
    if data.get("file"):
        mapped["file"] = _asset(account, data["file"], name, report)
    if data.get("rule"):
        rule = Rule.objects.filter(account=account, name=str(data["rule"])).first()
        mapped["rule"] = rule.pk if rule else None
        if rule is None:
            report.remarks.append(
                _("“%(name)s”: there is no rule “%(rule)s” here.") % {"name": name, "rule": data["rule"]}
            )
    if isinstance(data.get("reply"), dict):
        files = {key: _asset(account, data["reply"].get(key), name, report) for key in ("asset", "cover")}
        lost = any(data["reply"].get(key) and not files[key] for key in files)
        mapped["reply"] = None if lost else {**data["reply"], **files}
    return mapped


def _asset(account: OfficialAccount, given: Any, name: str, report: MenuImportReport) -> int | None:
    if not given:
        return None
    if not isinstance(given, dict):
        raise Malformed(_("a media file is told by its kind and name."))
    wanted = {"kind": str(given.get("kind")), "name": str(given.get("name"))}
    found = Asset.objects.filter(account=account, **wanted).first()
    if found is None:
        report.remarks.append(
            _("“%(name)s”: there is no file “%(file)s” in the media library here. Upload it, then choose it.")
            % {"name": name, "file": wanted["name"]}
        )
    return found.pk if found else None


def _menu(account: OfficialAccount, data: dict[str, Any], report: MenuImportReport) -> tuple[Menu, bool]:
    audience = data.get("for")
    if audience is None:
        existed = Menu.objects.filter(account=account, conditional=False).exists()
        return drafts.default_menu(account), not existed
    if not isinstance(audience, dict):
        raise Malformed(_("whom it is for cannot be read."))
    platform = audience.get("platform")
    if platform is not None and platform not in Platform.values:
        raise Malformed(_("the system of its followers must be 1, 2 or 3."))
    tag = _tag(account, str(audience.get("tag") or ""), data["name"], report)
    fields = {"account": account, "conditional": True, "tag": tag, "platform": platform}
    found = Menu.objects.filter(**fields).first()
    position = Menu.objects.filter(account=account, conditional=True).count()
    return found or Menu.objects.create(**fields, name=data["name"][:60], position=position), found is None


def _tag(account: OfficialAccount, name: str, menu: str, report: MenuImportReport) -> Tag | None:
    tag = Tag.objects.filter(account=account, name=name).first() if name else None
    if name and tag is None:
        report.remarks.append(
            _("“%(menu)s”: there is no tag “%(tag)s” here. Choose who sees the menu.")
            % {"menu": menu, "tag": name}
        )
    return tag


# --- to another account


@transaction.atomic
def copy(menu: Menu, account: OfficialAccount, *, by: User | None) -> MenuImportReport:
    """Copies the menu's draft, with its files, into the draft of the other account's menu for everybody."""
    report = MenuImportReport()
    buttons = with_new_uids(tree.read(drafts.draft_of(menu)))
    files = {key: _copied(Asset.objects.get(pk=key), account) for key in _file_keys(buttons)}
    rules = dict(Rule.objects.filter(account=account).values_list("name", "pk"))
    names = dict(Rule.objects.filter(account=menu.account).values_list("pk", "name"))
    taken = tuple(_taken_along(each, files, names, rules, report) for each in buttons)
    target = drafts.default_menu(account)
    drafts.replace(target, taken, by=by, note=_("The draft before a menu was copied"))
    report.updated.append(target.name)
    return report


def _taken_along(
    button: Button,
    files: Mapping[int, int],
    names: Mapping[int, str],
    rules: Mapping[str, int],
    report: MenuImportReport,
) -> Button:
    reply, rule = button.reply, None
    if reply:
        reply = ButtonReply(reply.content, files.get(reply.asset or 0), files.get(reply.cover or 0))
    if button.rule:
        rule = rules.get(names.get(button.rule, ""))
        if rule is None:
            report.remarks.append(
                _("“%(name)s”: there is no rule “%(rule)s” here.")
                % {"name": button.name, "rule": names.get(button.rule, "–")}
            )
    children: Buttons = tuple(_taken_along(each, files, names, rules, report) for each in button.children)
    return replace(
        button, file=files.get(button.file or 0), reply=reply, rule=rule, children=children, key=""
    )


def _copied(asset: Asset, account: OfficialAccount) -> int:
    """Returns the id of the same file in the other account; a new one is uploaded by a worker."""
    same = Asset.objects.filter(account=account, kind=asset.kind, name=asset.name, size=asset.size).first()
    return same.pk if same else copy_for(asset, account).pk
