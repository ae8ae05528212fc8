"""The scripts of answers: which content is the passive reply, and which are customer-service messages."""

import datetime
import zlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from accounts.official.models import OfficialAccount
from wechat.contents.variables import Values, expand, needs_rows, variables_in
from wechat.sdk.content import Content, TransferToService


@dataclass(frozen=True, slots=True)
class ReplyPlan:
    """The plan of a reply: ``now`` is the passive reply, ``later`` are customer-service messages."""

    now: Content | None = None
    later: tuple[Content, ...] = ()


@dataclass(frozen=True, slots=True)
class Script:
    """The contents with which a rule, channel or menu button answers, and the variables in them.

    ``fixed`` is the plan if it is the same for everybody. ``outside`` replaces the script while ``is_open``
    returns ``False``, for example outside of service hours.
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
        """Returns whether values of the script's variables have to be looked up."""
        return needs_rows(self.variables)

    def at(self, account: OfficialAccount, moment: datetime.datetime) -> "Script":
        """Returns the script for that moment: this one, or ``outside``."""
        if self.outside is None or self.is_open is None or self.is_open(account, moment):
            return self
        return self.outside

    def perform(self, message_key: str, values: Callable[[], Values]) -> ReplyPlan:
        """Returns the plan with the variables filled in, without contents that are empty then.

        The message's key decides which content is drawn at random: a repeated delivery gets the same one.
        ``values`` is called only if there is a variable to fill in.
        """
        if self.fixed is not None:
            return self.fixed
        contents = filled(self.contents, values()) if self.variables else self.contents
        if self.one_at_random and contents:
            contents = (contents[zlib.crc32(message_key.encode()) % len(contents)],)
        return arrange(contents)


def filled(contents: Sequence[Content], values: Values) -> tuple[Content, ...]:
    """Returns the contents with their variables filled in, without those that are empty then.

    To an empty reply WeChat would respond with a message that the account is out of order.
    """
    expanded = (expand(content, values) for content in contents)
    return tuple(content for content in expanded if content is not None)


def arrange(contents: Sequence[Content]) -> ReplyPlan:
    """Returns the plan for contents that are sent together.

    ``now`` is a transfer to customer service if there is one, which must be a passive reply; otherwise the
    first content that can be one. ``later`` are the others in order.
    """
    transfer = next((each for each in contents if isinstance(each, TransferToService)), None)
    now = transfer or next((each for each in contents if each.passive), None)
    return ReplyPlan(now, tuple(each for each in contents if each is not now and each.service))
