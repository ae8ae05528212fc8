"""The routing of messages to the handlers that answer them, and to those that react later.

An app registers its handlers in a ``handlers`` module::

    @answers(order=Precedence.MENU)
    def open_menu_item(event: InboundEvent) -> Answer | None: ...

    @reacts(Subscribe)
    def welcome_gift(event: InboundEvent) -> None: ...

``@answers`` handlers are asked in order, and the first answer wins. They only read. They run in threads and
share the budget of time. A *quick* one is asked in the event loop, where only memory may be read; if it needs
a query, it calls ``event.needs_rows()`` and is asked again in a thread. ``@reacts`` handlers run in a worker
after the answer, those of a message in one transaction. They may write rows, must not call the platform, and
may run twice. ``@handled`` functions get batches of messages that are done, each message once.
"""

import enum
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace

from accounts.official.models import OfficialAccount
from wechat.inbox.models import InboundMessage
from wechat.kernel.thread_offload import ThreadOffload
from wechat.sdk.content import Content
from wechat.sdk.messages import Message

BUDGET_SECONDS = 3.5


class Precedence(enum.IntEnum):
    """The order in which features are asked for an answer, the smallest number first."""

    LOGIN = 10
    CHANNEL = 15
    MENU = 20
    DESK = 25
    RULES = 30


@dataclass(frozen=True, slots=True)
class InboundEvent:
    """A message on its way through the handlers; ``row`` is ``None`` while it is being answered."""

    account: OfficialAccount
    message: Message
    row: InboundMessage | None = None
    in_loop: bool = False

    def needs_rows(self) -> None:
        """Raises ``NeedsRows`` in the event loop, so that the handler is asked again in a thread."""
        if self.in_loop:
            raise NeedsRows


@dataclass(frozen=True, slots=True)
class Answer:
    """The answer to a follower: ``now`` is the passive reply, ``later`` follows as customer-service messages.

    ``by`` is the mark of the answering rule or feature, such as ``rule:12``, for the log and its filter.
    """

    by: str
    now: Content | None = None
    later: tuple[Content, ...] = field(default=())


class NeedsRows(Exception):
    """The signal of a quick handler that it needs queries."""


class TooLate(Exception):
    """The error for handlers that had no answer within the budget of time."""


Answerer = Callable[[InboundEvent], Answer | None]
Reactor = Callable[[InboundEvent], None]
Counter = Callable[[Sequence[InboundMessage]], None]


@dataclass(frozen=True, slots=True)
class _Answering:
    order: int
    quick: bool
    handler: Answerer


@dataclass(slots=True)
class _Table:
    answering: list[_Answering] = field(default_factory=list)
    reacting: list[tuple[tuple[type[Message], ...], Reactor]] = field(default_factory=list)
    counting: list[Counter] = field(default_factory=list)


_table = _Table()
_slow = ThreadOffload("answering", 16)


def answers(*, order: int, quick: bool = False) -> Callable[[Answerer], Answerer]:
    def register(handler: Answerer) -> Answerer:
        _table.answering.append(_Answering(order, quick, handler))
        _table.answering.sort(key=lambda entry: entry.order)
        return handler

    return register


def reacts(*kinds: type[Message]) -> Callable[[Reactor], Reactor]:
    """Registers a function that runs later for messages of these kinds; without kinds, for all."""

    def register(handler: Reactor) -> Reactor:
        _table.reacting.append((kinds or (Message,), handler))
        return handler

    return register


def handled(counter: Counter) -> Counter:
    """Registers a function that gets messages in the transaction that marks them as handled."""
    _table.counting.append(counter)
    return counter


def answer(event: InboundEvent) -> Answer | None:
    """Returns the first answer, without a limit of time."""
    return next(filter(None, (entry.handler(event) for entry in _table.answering)), None)


async def answer_in_time(account: OfficialAccount, message: Message) -> Answer | None:
    """Returns the first answer within the budget. Raises ``TooLate``."""
    deadline = time.monotonic() + BUDGET_SECONDS
    event = InboundEvent(account, message, in_loop=True)
    for entry in _table.answering:
        try:
            found = entry.handler(event) if entry.quick else await _in_thread(entry.handler, event, deadline)
        except NeedsRows:
            found = await _in_thread(entry.handler, event, deadline)
        if found is not None:
            return found
    return None


def reactors(event: InboundEvent) -> list[Reactor]:
    return [handler for kinds, handler in _table.reacting if isinstance(event.message, kinds)]


def counters() -> list[Counter]:
    return _table.counting


@contextmanager
def replaced() -> Iterator[None]:
    """Replaces the registered handlers by none for the block; for tests."""
    global _table
    kept, _table = _table, _Table()
    try:
        yield
    finally:
        _table = kept


async def _in_thread(handler: Answerer, event: InboundEvent, deadline: float) -> Answer | None:
    try:
        return await _slow.run(deadline - time.monotonic(), handler, replace(event, in_loop=False))
    except TimeoutError:
        raise TooLate from None
