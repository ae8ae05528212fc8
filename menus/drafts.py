"""The draft of a menu, saved with every edit, and made into a version to be published."""

import datetime
from collections.abc import Sequence
from typing import Any

from django.contrib.auth.models import User
from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import F, Max
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.official.models import OfficialAccount
from menus import links, tree
from menus.buttons import Button, Buttons, every
from menus.models import Editing, Menu, Version
from wechat.contents.checks import check_content
from wechat.materials.models import Asset
from wechat.replies.models import Rule
from wechat.sdk.errors import ContentError
from wechat.sdk.stored_content import from_dict

State = Version.State
# An open editor reports itself three times in this period.
SEEN_FOR = datetime.timedelta(seconds=20)


class Overtaken(Exception):
    """The draft was saved by somebody else meanwhile; nothing was changed."""

    def __init__(self, draft: Version) -> None:
        super().__init__()
        self.draft = draft


def default_menu(account: OfficialAccount) -> Menu:
    """Returns the account's menu for everybody, made if there is none."""
    menu, _made = Menu.objects.get_or_create(
        account=account, conditional=False, defaults={"name": _("Menu for everybody")}
    )
    return menu


def draft_of(menu: Menu) -> Version:
    return menu.versions.get(state=State.DRAFT)


@transaction.atomic
def save(menu: Menu, buttons: Buttons, *, revision: int, by: User | None) -> Version:
    """Saves these buttons as the draft and returns it.

    Raises ``Overtaken``, and ``ValidationError`` as ``check`` does.
    """
    check(menu.account, buttons)
    draft = draft_of(menu)
    changed = Version.objects.filter(pk=draft.pk, revision=revision).update(
        revision=F("revision") + 1, saved_by=by, saved_at=timezone.now()
    )
    draft.refresh_from_db()
    if not changed:
        raise Overtaken(draft)
    tree.write(draft, buttons)
    links.schedule_checks(one.url for one in every(buttons) if one.url)
    return draft


def check(account: OfficialAccount, buttons: Sequence[Button]) -> None:
    """Raises ``ValidationError`` for what no draft may have.

    That is a third level, files or rules of another account, or a reply that cannot be sent.
    """
    each = list(every(buttons))
    if any(child.children for button in buttons for child in button.children):
        raise ValidationError(
            _("A menu has two levels: a button in a submenu cannot have a submenu of its own.")
        )
    _check_own(
        Asset.objects.filter(account=account),
        [one.file for one in each]
        + [key for one in each if one.reply for key in (one.reply.asset, one.reply.cover)],
        _("A file is gone, or belongs to another account: choose another."),
    )
    _check_own(
        Rule.objects.filter(account=account),
        [one.rule for one in each],
        _("A rule is gone, or belongs to another account: choose another."),
    )
    for button in each:
        _check_reply(account, button)


def _check_own(rows: Any, keys: Sequence[int | None], sentence: str) -> None:
    wanted = {key for key in keys if key is not None}
    if wanted and rows.filter(pk__in=wanted).count() != len(wanted):
        raise ValidationError(sentence)


def _check_reply(account: OfficialAccount, button: Button) -> None:
    if button.reply is None:
        return
    content = dict(button.reply.content)
    files = {"media_id": button.reply.asset, "thumb_media_id": button.reply.cover}
    waiting = {name: "…" for name, key in files.items() if key and not content.get(name)}
    try:
        check_content(from_dict({**content, **waiting}), account.name)
    except (ContentError, ValidationError) as error:
        what = " ".join(error.messages) if isinstance(error, ValidationError) else error.message
        raise ValidationError(
            _("The reply of “%(name)s”: %(what)s") % {"name": button.name, "what": what}
        ) from None


def lock(menu: Menu) -> None:
    """Locks the draft and the menu, so that nobody saves either until the transaction ends."""
    Version.objects.select_for_update(no_key=True).get(pk=draft_of(menu).pk)
    menu.refresh_from_db(from_queryset=Menu.objects.select_for_update(no_key=True))


@transaction.atomic
def freeze(menu: Menu, note: str = "") -> Version:
    """Returns the draft as a version to publish: the newest one if buttons and audience are the same."""
    draft = draft_of(menu)
    buttons = tree.read(draft)
    newest = menu.versions.exclude(state=State.DRAFT).order_by("-number").first()
    if newest is not None and newest.audience == menu.audience and tree.read(newest) == buttons:
        return newest
    return add_version(menu, buttons, note=note, by=draft.saved_by)


def add_version(menu: Menu, buttons: Buttons, *, note: str, by: User | None) -> Version:
    """Creates and returns a numbered version that is ready to be published."""
    audience = Menu.objects.select_for_update(no_key=True).get(pk=menu.pk).audience
    last = menu.versions.aggregate(last=Max("number"))["last"] or 0
    version = Version.objects.create(
        menu=menu, number=last + 1, state=State.READY, note=note[:120], saved_by=by, audience=audience
    )
    tree.write(version, buttons)
    return version


@transaction.atomic
def replace(menu: Menu, buttons: Buttons, *, by: User | None, note: str) -> Version:
    """Replaces the buttons of the draft, and returns the draft.

    The former buttons, including those that somebody saves at the same time, are kept as a version if no
    version has them.
    """
    draft = Version.objects.select_for_update(no_key=True).get(pk=draft_of(menu).pk)
    before = tree.read(draft)
    if before and before != buttons and not _is_kept(menu, before):
        add_version(menu, before, note=note, by=draft.saved_by)
    return save(menu, buttons, revision=draft.revision, by=by)


def _is_kept(menu: Menu, buttons: Buttons) -> bool:
    versions = list(menu.versions.exclude(state=State.DRAFT).order_by("-number")[:20])
    return buttons in tree.read_many(versions).values()


def note_editing(menu: Menu, user: User) -> list[str]:
    """Records that the user has the editor open; returns the names of other users who have it open."""
    now = timezone.now()
    Editing.objects.update_or_create(menu=menu, user=user, defaults={"seen_at": now})
    others = Editing.objects.filter(menu=menu, seen_at__gte=now - SEEN_FOR).exclude(user=user)
    return [name_of(each.user) for each in others.select_related("user").order_by("user")]


def name_of(user: Any) -> str:
    """Returns the name that colleagues know; of nobody, an empty one."""
    return user.get_full_name() or user.get_username() if user else ""
