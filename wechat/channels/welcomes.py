"""The welcomes of all channels by account and scene, cached in the process for callbacks."""

import logging
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from accounts.official.models import OfficialAccount
from wechat.channels.models import Channel, Welcome
from wechat.contents.scripts import Script
from wechat.kernel.versioned_cache import Cached
from wechat.sdk.content import Content
from wechat.sdk.content_limits import validate
from wechat.sdk.errors import ContentError
from wechat.sdk.stored_content import from_dict

log = logging.getLogger(__name__)

Audience = Welcome.Audience
Key = tuple[int, str, str]


@dataclass(frozen=True, slots=True)
class ChannelScript:
    channel_id: int
    script: Script


def of(account: OfficialAccount, scene: str, audience: Audience) -> ChannelScript | None:
    """Returns the script of a channel's welcome for an audience.

    Returns ``None`` if the account has no channel with this scene, or no welcome for this audience.
    """
    return _scripts.get().get((account.pk, scene, audience.value))


def script(channel: Channel, audience: Audience, rows: Iterable[Welcome]) -> Script:
    """Returns the script of a channel's welcome from its rows.

    Contents that can no longer be sent are left out: the rest is better than no welcome.
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
