"""The conversion between a version's rows and its tree of buttons."""

from collections import defaultdict
from collections.abc import Sequence

from django.db import transaction

from menus.buttons import Button, ButtonReply, Buttons
from menus.kinds import ButtonKind
from menus.models import MenuItem, Version
from wechat.materials.models import Asset

TEXTS = {
    "name": 200, "key": 200, "url": 4000, "appid": 64, "pagepath": 1024, "media_id": 255, "article_id": 128,
    "article_title": 200,
}  # fmt: skip


def read(version: Version) -> Buttons:
    return _read(list(version.items.all()))


def read_many(versions: Sequence[Version]) -> dict[int, Buttons]:
    """Returns the buttons of versions, by the versions' primary keys, with one query."""
    rows: dict[int, list[MenuItem]] = defaultdict(list)
    for item in MenuItem.objects.filter(version__in=versions).order_by("position"):
        rows[item.version_id].append(item)
    return {version.pk: _read(rows[version.pk]) for version in versions}


def _read(items: Sequence[MenuItem]) -> Buttons:
    below: dict[int | None, list[MenuItem]] = defaultdict(list)
    for item in items:
        below[item.parent_id].append(item)
    return tuple(_button(item, below) for item in below[None])


def _button(item: MenuItem, below: dict[int | None, list[MenuItem]]) -> Button:
    reply = ButtonReply(item.content, item.asset_id, item.cover_id) if item.has_reply else None
    return Button(
        uid=item.uid,
        kind=item.kind,
        file=item.file_id,
        rule=item.rule_id,
        reply=reply,
        raw=item.raw,
        children=tuple(_button(each, below) for each in below[item.pk]),
        **{name: getattr(item, name) for name in TEXTS},
    )


@transaction.atomic
def write(version: Version, buttons: Sequence[Button]) -> None:
    """Makes these the version's buttons, in place of those it had."""
    version.items.all().delete()
    parents = MenuItem.objects.bulk_create(_item(version, each, place) for place, each in enumerate(buttons))
    MenuItem.objects.bulk_create(
        _item(version, each, place, parent)
        for parent, button in zip(parents, buttons, strict=True)
        for place, each in enumerate(button.children)
    )


def _item(version: Version, button: Button, position: int, parent: MenuItem | None = None) -> MenuItem:
    reply = button.reply or ButtonReply({})
    return MenuItem(
        version=version,
        parent=parent,
        position=position,
        uid=button.uid,
        kind=ButtonKind.PARENT if button.children else button.kind,
        file_id=button.file,
        rule_id=button.rule,
        content=dict(reply.content),
        asset_id=reply.asset,
        cover_id=reply.cover,
        raw=dict(button.raw),
        **{name: getattr(button, name)[:longest] for name, longest in TEXTS.items()},
    )


def media_of(buttons: Sequence[Button]) -> dict[int, str]:
    """Returns the media ids of the files that buttons send, by primary key; empty until they are uploaded."""
    wanted = {each.file for one in buttons for each in (one, *one.children) if each.file}
    return dict(Asset.objects.filter(pk__in=wanted).values_list("pk", "media_id"))
