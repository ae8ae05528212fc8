"""The welcomes by account and scene, cached in memory for callbacks, without queries."""

import logging
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from accounts.official.models import OfficialAccount
from wechat.channels.models import Channel, Welcome
from wechat.contents.scripts import Script
from wechat.kernel.versioned_cache import Cached
from wechat.sdk.content import Content, from_dict, validate
from wechat.sdk.errors import ContentError

log = logging.getLogger(__name__)

Audience = Welcome.Audience
Key = tuple[int, str, str]


@dataclass(frozen=True, slots=True)
class ChannelScript:
    channel_id: int
    script: Script


def of(account: OfficialAccount, scene: str, audience: Audience) -> ChannelScript | None:
    """Returns what a channel says to an audience.

    ``None`` if the scene is no channel's of this account, or it says nothing to them.
    """
    return _scripts.get().get((account.pk, scene, audience.value))


def script(channel: Channel, audience: Audience, rows: Iterable[Welcome]) -> Script:
    """Returns the script of a channel's welcome.

    It has what can still be sent: the rest of a welcome is better than none.
    """
    strategy = channel.new_strategy if audience == Audience.NEW else channel.existing_strategy
    contents = [content for row in rows if (content := _content(row)) is not None]
    return Script(tuple(contents), strategy == Channel.Strategy.RANDOM)


def _content(row: Welcome) -> Content | None:
    try:
        content = from_dict(row.complete)
        validate(content)
    except ContentError as error:
        log.error("welcome_broken", extra={"welcome": row.pk, "error": error.message})
        return None
    return content


def _build() -> Mapping[Key, ChannelScript]:
    grouped: dict[tuple[Channel, str], list[Welcome]] = defaultdict(list)
    for row in Welcome.objects.select_related("channel", "asset", "cover"):
        grouped[row.channel, row.audience].append(row)
    scripts = {}
    for (channel, audience), rows in grouped.items():
        made = script(channel, Audience(audience), rows)
        if made.contents:
            scripts[channel.account_id, channel.scene, audience] = ChannelScript(channel.pk, made)
    return scripts


_scripts = Cached("channels", _build)
