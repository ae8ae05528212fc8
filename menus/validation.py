"""The validation of a menu: problems as sentences that name the button and say what to change.

Pure over values: further facts are in ``References``, which ``menus.facts`` looks up. Editor, publishing, API
and import all use it. Limits: WeChat reference 5.
"""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _

from menus.buttons import Button, ButtonReply
from menus.kinds import ANSWERED, KEYED, READ_ONLY, ButtonKind
from wechat.console import page_paths
from wechat.contents import checks
from wechat.contents.variables import VARIABLES
from wechat.sdk.content import Text

MOST_FIRST, MOST_SECOND = 3, 5
NAME_BYTES, SUB_NAME_BYTES = 16, 60
KEY_BYTES, URL_BYTES = 128, 1024
ACCOUNT_NAME = "…"  # stands for any
APPID = re.compile(r"wx[0-9a-f]{16}")


@dataclass(frozen=True, slots=True)
class Problem:
    """A problem of a menu; ``field`` is the field to correct.

    ``uid`` is that of the button, empty for the menu as a whole. A menu with an error cannot be published; a
    warning is shown and left to whoever publishes.
    """

    text: str
    uid: str = ""
    field: str = ""
    is_error: bool = True


@dataclass(frozen=True, slots=True)
class File:
    kind: str
    uploaded: bool
    failed: bool = False
    permanent: bool = True


@dataclass(frozen=True, slots=True)
class References:
    """The facts about what buttons refer to; a missing file or rule is gone or of another account.

    ``rules`` says which are on, ``answered`` whether a rule answers a key (by kind and key),
    ``mini_programs`` whether an AppID is linked (``None``: unknown), ``dead`` why an address cannot be
    opened.
    """

    files: Mapping[int, File] = field(default_factory=dict)
    rules: Mapping[int, bool] = field(default_factory=dict)
    answered: Callable[[str, str], bool] = lambda _kind, _key: False
    mini_programs: Mapping[str, bool | None] = field(default_factory=dict)
    dead: Mapping[str, str] = field(default_factory=dict)
    withdrawn: frozenset[str] = frozenset()


def problems(buttons: Sequence[Button], facts: References) -> list[Problem]:
    """Returns the problems: those of the menu as a whole first, then button by button."""
    found = list(_of_menu(buttons))
    for button in buttons:
        found += _of_button(button, facts, first=True)
        for child in button.children:
            found += _of_button(child, facts, first=False)
    return found


def byte_count(text: str) -> int:
    return len(text.encode(errors="replace"))


def shown(button: Button) -> str:
    return button.name.strip() or _("without a name")


def _of_menu(buttons: Sequence[Button]) -> Iterator[Problem]:
    if not buttons:
        yield Problem(_("The menu is empty: add a button."))
    if len(buttons) > MOST_FIRST:
        yield Problem(
            _("A menu has at most 3 buttons: remove %(over)d.") % {"over": len(buttons) - MOST_FIRST}
        )


def _of_button(button: Button, facts: References, *, first: bool) -> Iterator[Problem]:
    yield from _name(button, first=first)
    if button.kind == ButtonKind.PARENT or button.children:
        yield from _parent(button, first=first)
    elif button.kind in READ_ONLY:
        yield _problem(
            button,
            _("“%(name)s” was made on WeChat's own page in a way that only that page can publish. Choose "
              "what a tap shall do."),
            "kind",
        )  # fmt: skip
    else:
        yield from _CHECKS[ButtonKind(button.kind)](button, facts)


def _name(button: Button, *, first: bool) -> Iterator[Problem]:
    most, size = NAME_BYTES if first else SUB_NAME_BYTES, byte_count(button.name)
    if not button.name.strip():
        yield _problem(button, _("A button has no name: give it one."), "name")
    elif size > most:
        yield _problem(
            button,
            _("The name of “%(name)s” has %(size)d bytes and WeChat takes %(most)d: shorten it by %(over)d "
              "bytes. A Chinese character has 3 bytes, an emoji 4."),
            "name", size=size, most=most, over=size - most,
        )  # fmt: skip
    elif any(ord(character) < 32 or character in "\u2028\u2029" for character in button.name):
        yield _problem(button, _("The name of “%(name)s” must be on one line."), "name")


def _parent(button: Button, *, first: bool) -> Iterator[Problem]:
    if not first:
        yield _problem(
            button, _("“%(name)s” is in a submenu and cannot have a submenu of its own: move its buttons up.")
        )
    elif not button.children:
        yield _problem(button, _("“%(name)s” opens an empty submenu: add a button to it, or remove it."))
    elif len(button.children) > MOST_SECOND:
        yield _problem(
            button,
            _("The submenu “%(name)s” has %(count)d buttons and WeChat takes 5: remove %(over)d."),
            count=len(button.children), over=len(button.children) - MOST_SECOND,
        )  # fmt: skip


def _keyed(button: Button, facts: References) -> Iterator[Problem]:
    if (size := byte_count(button.platform_key)) > KEY_BYTES:
        yield _problem(
            button,
            _("The key of “%(name)s” has %(size)d bytes and WeChat takes 128: remove the button and add it "
              "again, which gives it a new key."),
            size=size,
        )  # fmt: skip
    if button.rule is not None and button.rule not in facts.rules:
        yield _problem(button, _("The rule of “%(name)s” is gone: choose another."), "rule")
    elif button.rule is not None and not facts.rules[button.rule]:
        yield _problem(
            button, _("The rule of “%(name)s” is switched off: switch it on, or choose another."), "rule"
        )
    elif not _answers(button, facts):
        yield _problem(
            button,
            _("Nothing answers a tap on “%(name)s”: write a reply or choose a rule."),
            "reply", is_error=button.kind == ButtonKind.CLICK,
        )  # fmt: skip
    if button.reply:
        for key in (button.reply.asset, button.reply.cover):
            if key is not None:
                yield from _file(button, facts.files.get(key), "reply")
        yield from _variables(button, button.reply)
        yield from _text_reply(button, button.reply)


def _variables(button: Button, reply: ButtonReply) -> Iterator[Problem]:
    try:
        checks.check_variables(reply.content, VARIABLES.by_name())
    except ValidationError as error:
        what = " ".join(error.messages)
        yield _problem(button, _("The reply of “%(name)s”: %(what)s"), "reply", what=what)


def _text_reply(button: Button, reply: ButtonReply) -> Iterator[Problem]:
    if reply.content.get("type") != Text.type:
        return
    caution = checks.caution(Text(str(reply.content.get("content", ""))), ACCOUNT_NAME)
    if caution:
        yield _problem(button, "“%(name)s”: %(what)s", "reply", is_error=False, what=caution)


def _answers(button: Button, facts: References) -> bool:
    return bool(
        button.kind not in ANSWERED
        or button.reply
        or button.rule is not None
        or facts.answered(button.kind, button.platform_key)
    )


def _mini_program(button: Button, facts: References) -> Iterator[Problem]:
    yield from _appid(button, facts)
    if not button.pagepath.strip():
        yield _problem(
            button, _("“%(name)s” names no page of the mini program: fill in the page path."), "pagepath"
        )
    try:
        page_paths.check(button.pagepath)
    except ValidationError as error:
        yield _problem(button, "“%(name)s”: %(what)s", "pagepath", what=error.message)
    yield from _address(button, facts)


def _appid(button: Button, facts: References) -> Iterator[Problem]:
    if not button.appid:
        yield _problem(button, _("“%(name)s” opens no mini program yet: choose one."), "appid")
    elif not APPID.fullmatch(button.appid):
        yield _problem(
            button,
            _("The AppID of the mini program of “%(name)s” is wx and 16 small letters or digits."),
            "appid",
        )
    elif facts.mini_programs.get(button.appid) is False:
        yield _problem(
            button,
            _("The mini program of “%(name)s” is not linked to this account: link it on mp.weixin.qq.com and "
              "say so under Mini programs for menus, or choose another."),
            "appid",
        )  # fmt: skip
    elif facts.mini_programs.get(button.appid) is None:
        yield _problem(
            button,
            _("Nobody knows yet whether the mini program of “%(name)s” is linked to this account, and WeChat "
              "refuses the whole menu if it is not: look on mp.weixin.qq.com, then say so under Mini "
              "programs for menus."),
            "appid", is_error=False,
        )  # fmt: skip


def _address(button: Button, facts: References) -> Iterator[Problem]:
    if not button.url.strip():
        yield _problem(button, _("“%(name)s” has no address: fill in the page it opens."), "url")
    elif not is_web_address(button.url):
        yield _problem(
            button,
            _("The address of “%(name)s” must start with https:// or http:// and have no blanks."),
            "url",
        )
    elif (size := byte_count(button.url)) > URL_BYTES:
        yield _problem(
            button,
            _("The address of “%(name)s” has %(size)d bytes and WeChat takes 1024: use a shorter one."),
            "url", size=size,
        )  # fmt: skip
    elif button.url in facts.dead:
        yield _problem(
            button,
            _("The page of “%(name)s” could not be opened (%(why)s): check the address."),
            "url", is_error=False, why=facts.dead[button.url],
        )  # fmt: skip


def _media(button: Button, facts: References) -> Iterator[Problem]:
    if button.file is None and not button.media_id:
        yield _problem(button, _("“%(name)s” sends no file yet: choose one."), "file")
    elif button.file is not None:
        file = facts.files.get(button.file)
        if file is not None and not file.permanent:
            yield _problem(
                button,
                _("WeChat keeps the file of “%(name)s” for 3 days only: make it permanent in the library."),
                "file",
            )
        else:
            yield from _file(button, file, "file")


def _file(button: Button, file: File | None, place: str) -> Iterator[Problem]:
    if file is None:
        yield _problem(button, _("The file of “%(name)s” is gone: choose another."), place)
    elif file.failed:
        yield _problem(
            button, _("The file of “%(name)s” could not be uploaded to WeChat: upload it again."), place
        )
    elif not file.uploaded:
        yield _problem(
            button,
            _("The file of “%(name)s” is still being uploaded to WeChat: wait a moment."),
            place, is_error=place == "file",
        )  # fmt: skip


def _article(button: Button, facts: References) -> Iterator[Problem]:
    if not button.article_id:
        yield _problem(button, _("“%(name)s” opens no article yet: choose one."), "article_id")
    elif button.article_id in facts.withdrawn:
        yield _problem(button, _("The article of “%(name)s” was withdrawn: choose another."), "article_id")


_CHECKS: Mapping[ButtonKind, Callable[[Button, References], Iterator[Problem]]] = {
    **dict.fromkeys(KEYED, _keyed),
    ButtonKind.VIEW: _address,
    ButtonKind.MINIPROGRAM: _mini_program,
    ButtonKind.MEDIA_ID: _media,
    ButtonKind.ARTICLE_ID: _article,
    ButtonKind.ARTICLE_VIEW_LIMITED: _article,
}


def _problem(
    button: Button, text: str, place: str = "", *, is_error: bool = True, **values: object
) -> Problem:
    return Problem(text % {"name": shown(button), **values}, button.uid, place, is_error)


def is_web_address(text: str) -> bool:
    try:
        parts = urlsplit(text)
        return parts.scheme in ("http", "https") and bool(parts.hostname) and not re.search(r"\s", text)
    except ValueError:
        return False
