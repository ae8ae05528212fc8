"""The replies of menu keys, compiled and cached in the process for callbacks, without queries.

A client shows its copy of a menu for a while after another one was published, so keys of recently replaced
versions still answer. The newest version with a key decides.
"""

import datetime
import logging
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from django.db.models import Q
from django.utils import timezone

from accounts.official.models import OfficialAccount
from menus.buttons import OWN_KEY
from menus.kinds import KEYED, ButtonKind
from menus.models import MenuItem, Version
from wechat.contents.scripts import Script
from wechat.kernel.versioned_cache import Cached
from wechat.replies import rulebook
from wechat.sdk.content_limits import validate
from wechat.sdk.errors import ContentError
from wechat.sdk.messages import Event, Message, View, ViewMiniProgram
from wechat.sdk.stored_content import from_dict

log = logging.getLogger(__name__)

KEPT_FOR = datetime.timedelta(days=30)


@dataclass(frozen=True, slots=True)
class TappableButton:
    """A button that can be tapped, with its newest version and its own reply."""

    uid: str
    version_id: int
    script: Script | None = None
    rule_id: int | None = None

    def script_for(self, account: OfficialAccount) -> Script | None:
        """Returns the button's own reply, or that of its rule while the rule is on, or ``None``."""
        if self.script or self.rule_id is None:
            return self.script
        book = rulebook.of(account)
        return book.scripts.get(self.rule_id) if book.is_on(self.rule_id) else None


@dataclass(frozen=True, slots=True)
class ButtonTable:
    """The buttons of one account, by the key, address or page that an event names."""

    by_key: Mapping[str, TappableButton] = field(default_factory=dict)
    by_url: Mapping[str, TappableButton] = field(default_factory=dict)
    by_page: Mapping[str, TappableButton] = field(default_factory=dict)

    def find(self, message: Message) -> TappableButton | None:
        if isinstance(message, View):
            return self.by_url.get(message.event_key)
        if isinstance(message, ViewMiniProgram):
            return self.by_page.get(message.event_key)
        return self.by_key.get(message.event_key) if isinstance(message, Event) else None


EMPTY = ButtonTable()


def of(account: OfficialAccount) -> ButtonTable:
    return _tables.get().get(account.pk, EMPTY)


def _build() -> Mapping[int, ButtonTable]:
    """Returns the buttons of all accounts, also disabled ones: enabling an account does not edit its menus.

    Callbacks of a disabled account are refused anyway.
    """
    recent = Q(state=Version.State.PUBLISHED) | Q(
        state=Version.State.SUPERSEDED, superseded_at__gte=timezone.now() - KEPT_FOR
    )
    versions = Version.objects.filter(recent).select_related("menu")
    # Later versions take precedence: the live one is last, the others are ordered by age.
    ordered = sorted(
        versions, key=lambda each: (each.state == Version.State.PUBLISHED, each.superseded_at or EPOCH)
    )
    rows: dict[int, list[MenuItem]] = defaultdict(list)
    for item in MenuItem.objects.filter(version__in=ordered).select_related("asset", "cover"):
        rows[item.version_id].append(item)
    by_account: dict[int, list[MenuItem]] = defaultdict(list)
    for version in ordered:
        # Buttons without a stored key come last: ``menu:`` and a uid is always the key of that button.
        by_account[version.menu.account_id] += sorted(rows[version.pk], key=lambda item: not item.key)
    return {account_id: table(items) for account_id, items in by_account.items()}


def table(items: Iterable[MenuItem]) -> ButtonTable:
    """Returns the buttons by key, address and page; of several with the same key the last one wins."""
    by_key, by_url, by_page = {}, {}, {}
    for item in items:
        entry = TappableButton(item.uid, item.version_id, _script(item), item.rule_id)
        if item.kind in KEYED:
            by_key[item.key or f"{OWN_KEY}{item.uid}"] = entry
        elif item.kind == ButtonKind.VIEW:
            by_url[item.url] = entry
        elif item.kind == ButtonKind.MINIPROGRAM:
            by_page[item.pagepath] = entry
    return ButtonTable(by_key, by_url, by_page)


def _script(item: MenuItem) -> Script | None:
    if not item.has_reply:
        return None
    try:
        content = from_dict(item.complete)
        validate(content)
    except ContentError as error:
        log.error("menu_reply_broken", extra={"item": item.pk, "error": error.message})
        return None
    return Script((content,))


EPOCH = datetime.datetime(1970, 1, 1, tzinfo=datetime.UTC)
_tables = Cached("menus", _build)
