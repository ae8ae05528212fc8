"""The division of several contents into the passive reply and later messages."""

import datetime
import zlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from accounts.official.models import OfficialAccount
from wechat.contents.variables import Values, expand, needs_rows, variables_in
from wechat.sdk.content import Content, TransferToService


@dataclass(frozen=True, slots=True)
class ReplyPlan:
    """The plan of a reply: ``now`` is said in the passive reply, ``later`` as customer-service messages."""

    now: Content | None = None
    later: tuple[Content, ...] = ()


@dataclass(frozen=True, slots=True)
class Script:
    """The contents that one rule, channel or menu button says, and the names of the variables in them.

    ``fixed`` is what it says to everybody, if that is the same. ``outside`` is said instead of it while
    ``is_open`` says no, as outside of service hours.
    """

    contents: tuple[Content, ...] = ()
    one_at_random: bool = False
    outside: "Script | None" = None
    is_open: Callable[[OfficialAccount, datetime.datetime], bool] | None = field(
        default=None, repr=False, compare=False
    )
    variables: frozenset[str] = field(init=False, repr=False, compare=False)
    fixed: ReplyPlan | None = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        found = frozenset[str]().union(*map(variables_in, self.contents))
        varies = found or (self.one_at_random and len(self.contents) > 1)
        object.__setattr__(self, "variables", found)
        object.__setattr__(self, "fixed", None if varies else arrange(self.contents))

    @property
    def is_personal(self) -> bool:
        """Returns whether it says what has to be looked up."""
        return needs_rows(self.variables)

    def at(self, account: OfficialAccount, moment: datetime.datetime) -> "Script":
        """Returns the script that is said at that moment: this one, or the one for the time ``outside``."""
        if self.outside is None or self.is_open is None or self.is_open(account, moment):
            return self
        return self.outside

    def perform(self, message_key: str, values: Callable[[], Values]) -> ReplyPlan:
        """Returns what is said, with its variables filled in; what is empty then is left out.

        Which one is drawn at random the message's key decides, so that a repeated delivery gets the same. The
        values are asked for only if there is a variable to fill.
        """
        if self.fixed is not None:
            return self.fixed
        contents = filled(self.contents, values()) if self.variables else self.contents
        if self.one_at_random and contents:
            contents = (contents[zlib.crc32(message_key.encode()) % len(contents)],)
        return arrange(contents)


def filled(contents: Sequence[Content], values: Values) -> tuple[Content, ...]:
    """Returns the contents with their variables filled, without those that have nothing left to say.

    A follower who is sent an empty reply reads that the account is out of order.
    """
    expanded = (expand(content, values) for content in contents)
    return tuple(content for content in expanded if content is not None)


def arrange(contents: Sequence[Content]) -> ReplyPlan:
    """Returns which of the contents are said now, and which later.

    Now: a transfer to customer service if there is one, which nothing else can do; else the first that can be
    a passive reply. Later: the others, in their order.
    """
    transfer = next((each for each in contents if isinstance(each, TransferToService)), None)
    now = transfer or next((each for each in contents if each.passive), None)
    return ReplyPlan(now, tuple(each for each in contents if each is not now and each.service))
