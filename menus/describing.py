"""The description of a button in a few words, with the names of what it refers to."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from django.utils.text import Truncator
from django.utils.translation import gettext as _

from accounts.followers.models import Tag
from menus.buttons import Button, Buttons, every
from menus.kinds import KEYED, ButtonKind
from menus.models import MiniProgram, Platform, Version
from wechat.console.phrases import labelled
from wechat.materials.models import Asset
from wechat.replies.models import Reply, Rule

LONGEST = 80


@dataclass(frozen=True, slots=True)
class ReferenceNames:
    """The names of what buttons refer to: files and rules by primary key, mini programs by AppID."""

    files: Mapping[int, str] = field(default_factory=dict)
    rules: Mapping[int, str] = field(default_factory=dict)
    mini_programs: Mapping[str, str] = field(default_factory=dict)


def names_in(menus: Iterable[Buttons]) -> ReferenceNames:
    """Returns the names of everything that the buttons of these menus refer to."""
    each = [button for buttons in menus for button in every(buttons)]
    files = [key for one in each for key in (one.file, one.reply.asset if one.reply else None)]
    rules = {one.rule for one in each if one.rule}
    appids = {one.appid for one in each}
    return ReferenceNames(
        dict(Asset.objects.filter(pk__in={key for key in files if key}).values_list("pk", "name")),
        dict(Rule.objects.filter(pk__in=rules).values_list("pk", "name")),
        dict(MiniProgram.objects.filter(appid__in=appids - {""}).values_list("appid", "name")),
    )


def audience(version: Version) -> str:
    """Returns the audience of a version in words, or the empty text if it is for everybody."""
    rule = version.shown_to
    words = [
        _tag(rule["tag"]) if rule.get("tag") else "",
        str(Platform(rule["platform"]).label) if rule.get("platform") else "",
        *rule.get("other", {}).values(),
    ]
    return " · ".join(word for word in words if word)


def _tag(pk: int) -> str:
    tag = Tag.objects.filter(pk=pk).first()
    return _("tag “%(tag)s”") % {"tag": tag} if tag else _("a deleted tag")


def action(button: Button, names: ReferenceNames) -> str:
    """Returns in words what a tap on the button does."""
    kind = str(ButtonKind(button.kind).label)
    if button.kind == ButtonKind.PARENT:
        return kind
    detail = _detail(button, names)
    return Truncator(labelled(kind, detail) if detail else kind).chars(LONGEST)


def _detail(button: Button, names: ReferenceNames) -> str:
    """Returns what a tap opens, sends or answers; leftover values of another kind are ignored."""
    if button.kind in KEYED:
        return _answer(button, names)
    if button.kind == ButtonKind.MINIPROGRAM:
        return f"{names.mini_programs.get(button.appid, button.appid)} {button.pagepath}".strip()
    if button.kind == ButtonKind.MEDIA_ID:
        return names.files.get(button.file or 0, button.media_id)
    if button.kind == ButtonKind.VIEW:
        return button.url
    raw = str(button.raw.get("value", ""))
    return button.article_title or button.article_id or button.media_id or raw


def _answer(button: Button, names: ReferenceNames) -> str:
    if button.reply:
        return Reply(content=dict(button.reply.content)).words or names.files.get(button.reply.asset or 0, "")
    if button.rule:
        return _("rule “%(name)s”") % {"name": names.rules.get(button.rule, "–")}
    return button.key
