"""Which of several contents answers the message itself, and which follow as customer-service messages."""

import zlib
from collections.abc import Sequence
from dataclasses import dataclass

from wechat.contents.variables import Values, expand
from wechat.sdk.content import Content, TransferToService


@dataclass(frozen=True, slots=True)
class Said:
    """``now`` in the passive reply, ``later`` as customer-service messages."""

    now: Content | None = None
    later: tuple[Content, ...] = ()


@dataclass(frozen=True, slots=True)
class Script:
    """What one rule, channel or menu button says."""

    contents: tuple[Content, ...] = ()
    one_at_random: bool = False

    def perform(self, values: Values, message_key: str) -> Said:
        """Which one "at random" is told by the message's key: a repeated delivery gets the same."""
        contents = self.contents
        if self.one_at_random and contents:
            contents = (contents[zlib.crc32(message_key.encode()) % len(contents)],)
        return arrange([expand(content, values) for content in contents])


def arrange(contents: Sequence[Content]) -> Said:
    """Now: a transfer to customer service if there is one, which nothing else can do; else the first that
    can be a passive reply. Later: the others, in their order."""
    transfer = next((each for each in contents if isinstance(each, TransferToService)), None)
    now = transfer or next((each for each in contents if each.passive), None)
    return Said(now, tuple(each for each in contents if each is not now and each.service))
