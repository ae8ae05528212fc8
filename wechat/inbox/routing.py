"""Who answers a message, and who reacts to it later.

An app that wants a say has a ``handlers`` module::

    @answers(order=Precedence.MENU)
    def open_menu_item(event: InboundEvent) -> Answer | None: ...

    @reacts(Subscribe)
    def welcome_gift(event: InboundEvent) -> None: ...

``@answers`` handlers are asked in order, only read, and the first that answers wins. They run in threads
and have until the budget ends. One that is *quick* is asked in the event loop, where there is nothing but
memory; when it finds that it needs more, it says ``event.needs_rows()`` and is asked again in a thread.
``@reacts`` handlers run in the worker after the answer, may write rows, never call the platform, and may run
twice. ``@handled`` functions are told, of many messages at a time, which ones are done: once of each.
"""

import enum
import logging
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace

from accounts.official.models import OfficialAccount
from wechat.inbox.models import InboundMessage
from wechat.kernel.thread_offload import ThreadOffload
from wechat.sdk.content import Content
from wechat.sdk.messages import Message

log = logging.getLogger(__name__)

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
        """Lets a handler go on where queries may be made; in the loop it has the handler asked elsewhere.

        There it raises ``NeedsRows``.
        """
        if self.in_loop:
            raise NeedsRows


@dataclass(frozen=True, slots=True)
class Answer:
    """The answer to a follower: ``now`` in the passive reply, ``later`` as customer-service messages.

    ``by`` names the answering rule or feature, as ``rule:12``, for the log and its filter.
    """

    by: str
    now: Content | None = None
    later: tuple[Content, ...] = field(default=())


class NeedsRows(Exception):
    """A quick handler has to be asked where queries may be made."""


class TooLate(Exception):
    """The budget ended before the handlers had an answer."""


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
    """Runs later for messages of these kinds; without kinds, for all."""

    def register(handler: Reactor) -> Reactor:
        _table.reacting.append((kinds or (Message,), handler))
        return handler

    return register


def handled(counter: Counter) -> Counter:
    """Registers what is told of messages in the transaction that marks them as handled."""
    _table.counting.append(counter)
    return counter


def answer(event: InboundEvent) -> Answer | None:
    """Returns the first answer, however long it takes."""
    return next(filter(None, (entry.handler(event) for entry in _table.answering)), None)


async def answer_in_time(account: OfficialAccount, message: Message) -> Answer | None:
    """Returns the first answer while the follower waits. Raises ``TooLate``."""
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
    """Puts an empty table in the place of the handlers, for the length of one test."""
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
