"""The rules as values: trigger, window and audience. Does not import Django.

Times are those of Asia/Shanghai; moments are aware ``datetime`` objects.
"""

import datetime
import enum
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass, field

import re2

from wechat.kernel import hours
from wechat.sdk.beijing import BEIJING
from wechat.sdk.messages import Message, Scan, Subscribe, Text, Voice
from wechat.sdk.text import visible

MIDNIGHT = datetime.time(0)

LONGEST_KEYWORD = 200
# The largest program of a regular expression, some 40 times a usual one: nested repetitions grow huge.
LARGEST_PROGRAM = 4000
# Texts with hardly a character in common: an expression that fits all of them fits anything.
UNLIKE_TEXTS = ("7", "Ab", "你好", "😀", "！?", "https://example.com/a?b=1", "退货" * 300)


class Trigger(enum.StrEnum):
    FOLLOW = "follow"
    FOLLOW_FIRST = "follow_first"
    FOLLOW_AGAIN = "follow_again"
    SCAN = "scan"
    KEYWORD = "keyword"
    MESSAGE_TYPE = "message_type"
    EVENT = "event"
    DEFAULT = "default"


class Compare(enum.StrEnum):
    EQUALS = "equals"
    CONTAINS = "contains"
    STARTS_WITH = "starts_with"
    REGEX = "regex"


class Reason(enum.StrEnum):
    """The reason why a rule did, or did not, answer."""

    WON = "won"
    SHADOWED = "shadowed"
    DISABLED = "disabled"
    BROKEN = "broken"
    IN_SHADOW = "in_shadow"
    OTHER_KIND = "other_kind"
    KEYWORD = "keyword"
    EVENT_KEY = "event_key"
    SCENE = "scene"
    NOT_BEGUN = "not_begun"
    OVER = "over"
    WEEKDAY = "weekday"
    HOURS = "hours"
    FIRST_TIME = "first_time"
    AGAIN = "again"
    TAGS = "tags"
    NOT_NEW = "not_new"


@dataclass(frozen=True, slots=True)
class Window:
    """The time in which a rule applies.

    ``begins`` is inclusive, ``ends`` exclusive; no ``weekdays`` (1 is Monday) means all. Hours that cross
    midnight belong to the day on which they open.
    """

    begins: datetime.datetime | None = None
    ends: datetime.datetime | None = None
    weekdays: frozenset[int] = frozenset()
    opens: datetime.time | None = None
    closes: datetime.time | None = None

    def miss(self, moment: datetime.datetime) -> Reason | None:
        """Returns why the moment is outside of the window; ``None`` if it is inside."""
        if self.begins and moment < self.begins:
            return Reason.NOT_BEGUN
        if self.ends and moment >= self.ends:
            return Reason.OVER
        if not self.weekdays and self.opens is None and self.closes is None:
            return None
        return self._weekly_miss(moment.astimezone(BEIJING))

    def _weekly_miss(self, local: datetime.datetime) -> Reason | None:
        opens, closes, clock = self.opens or MIDNIGHT, self.closes or MIDNIGHT, local.time()
        day = local.isoweekday()
        if not hours.contain(opens, closes, clock):
            return Reason.HOURS
        if opens >= closes > clock:
            day = (day - 2) % 7 + 1
        return Reason.WEEKDAY if self.weekdays and day not in self.weekdays else None


@dataclass(frozen=True, slots=True)
class FollowerFacts:
    """The known facts about a follower; ``tags`` are primary keys, ``followed_at`` is the last follow."""

    followed_before: bool = False
    followed_at: datetime.datetime | None = None
    tags: frozenset[int] = frozenset()
    remark: str = ""


@dataclass(frozen=True, slots=True)
class Audience:
    """The followers a rule answers: those with any of the ``tags`` who followed at most ``new_days`` ago.

    An empty criterion means everybody.
    """

    tags: frozenset[int] = frozenset()
    new_days: int | None = None

    def miss(self, facts: FollowerFacts, moment: datetime.datetime) -> Reason | None:
        if self.tags and not self.tags & facts.tags:
            return Reason.TAGS
        if self.new_days is not None and not self._is_new(facts.followed_at, moment):
            return Reason.NOT_NEW
        return None

    def _is_new(self, followed_at: datetime.datetime | None, moment: datetime.datetime) -> bool:
        return followed_at is not None and moment - followed_at <= datetime.timedelta(days=self.new_days or 0)


EVERYBODY = Audience()


@dataclass(frozen=True, slots=True)
class KeywordSpec:
    compare: Compare
    text: str

    def fits(self, text: str) -> bool:
        if self.compare is Compare.REGEX:
            return bool(re2.search(self.text, text, quiet()))
        wanted, given = plain(self.text), plain(text)
        if self.compare is Compare.EQUALS:
            return given == wanted
        return given.startswith(wanted) if self.compare is Compare.STARTS_WITH else wanted in given

    @property
    def fits_anything(self) -> bool:
        """Returns whether the keyword is an expression that fits every text, such as ``.*``."""
        return self.compare is Compare.REGEX and all(map(self.fits, UNLIKE_TEXTS))


@dataclass(frozen=True, slots=True, kw_only=True)
class RuleSpec:
    """A rule as a value.

    An empty ``scene`` or ``event_key`` means any. ``broken``: the replies cannot be sent. ``in_shadow``: the
    rule does not answer, and it is only recorded what it would have answered.
    """

    id: int
    name: str = ""
    position: int = 0
    enabled: bool = True
    in_shadow: bool = False
    trigger: Trigger
    keywords: tuple[KeywordSpec, ...] = ()
    message_kind: str = ""
    event: str = ""
    event_key: str = ""
    scene: str = ""
    window: Window = field(default_factory=Window)
    audience: Audience = field(default_factory=Audience)
    broken: bool = False

    @property
    def precedence(self) -> tuple[int, int, int]:
        """Returns the sort key of the order in which rules are tried, smallest first: see ``matching``."""
        tier = {Trigger.SCAN: 0 if self.scene else 1, Trigger.DEFAULT: 3}.get(self.trigger, 2)
        return (tier, self.position, self.id)

    @property
    def needs_facts(self) -> bool:
        """Returns whether facts about the follower decide whether the rule answers."""
        by_history = self.trigger in (Trigger.FOLLOW_FIRST, Trigger.FOLLOW_AGAIN)
        return by_history or self.audience != EVERYBODY

    def trigger_miss(self, message: Message) -> Reason | None:
        """Returns why the message does not trigger this rule; ``None`` if it does."""
        match self.trigger:
            case Trigger.KEYWORD:
                return self._keyword_miss(text_of(message))
            case Trigger.SCAN:
                return self._scan_miss(scene_of(message))
            case Trigger.EVENT:
                return self._event_miss(message)
            case Trigger.MESSAGE_TYPE:
                return _unless(not message.event and message.kind == self.message_kind)
            case Trigger.DEFAULT:
                return _unless(not message.event)
        return _unless(isinstance(message, Subscribe))

    def audience_miss(self, facts: FollowerFacts, moment: datetime.datetime) -> Reason | None:
        if self.trigger is Trigger.FOLLOW_FIRST and facts.followed_before:
            return Reason.AGAIN
        if self.trigger is Trigger.FOLLOW_AGAIN and not facts.followed_before:
            return Reason.FIRST_TIME
        return self.audience.miss(facts, moment)

    def _keyword_miss(self, text: str | None) -> Reason | None:
        if text is None:
            return Reason.OTHER_KIND
        return None if any(keyword.fits(text) for keyword in self.keywords) else Reason.KEYWORD

    def _scan_miss(self, scene: str | None) -> Reason | None:
        if scene is None:
            return Reason.OTHER_KIND
        return None if self.scene in ("", scene) else Reason.SCENE

    def _event_miss(self, message: Message) -> Reason | None:
        if message.event != self.event:
            return Reason.OTHER_KIND
        return None if self.event_key in ("", message.event_key) else Reason.EVENT_KEY


def plain(text: str) -> str:
    """Returns the text for comparison, without case, width and outer blanks: ``ＡＢＣ `` as ``abc``.

    What nobody sees is left out as well: it comes along with what is copied, or with an emoji.
    """
    folded = unicodedata.normalize("NFKC", visible(text)).casefold()
    return unicodedata.normalize("NFKC", folded).strip()


def text_of(message: Message) -> str | None:
    """Returns the text of a message, or the recognised speech of a voice message; otherwise ``None``."""
    if isinstance(message, Voice):
        return message.text or None
    return message.text if isinstance(message, Text) else None


def scene_of(message: Message) -> str | None:
    """Returns the scene of a scan, by a new follower or an existing one; ``None`` for other messages."""
    return message.scene or None if isinstance(message, Subscribe | Scan) else None


def regex_error(pattern: str) -> str | None:
    """Returns the error of a regular expression in the engine's words; ``None`` if it is usable."""
    try:
        compiled = re2.compile(pattern, quiet())
    except re2.error as error:
        return error.args[0].decode(errors="replace") if error.args else ""
    return f"program size {compiled.programsize}" if compiled.programsize > LARGEST_PROGRAM else None


def is_usable(keywords: Sequence[KeywordSpec]) -> bool:
    """Returns whether all of the keywords can be searched for."""
    return all(
        regex_error(keyword.text) is None if keyword.compare is Compare.REGEX else bool(plain(keyword.text))
        for keyword in keywords
    )


def quiet() -> re2.Options:
    """Returns options with which the engine does not log errors to standard error."""
    options = re2.Options()
    options.log_errors = False
    return options


def _unless(fits: bool) -> Reason | None:
    return None if fits else Reason.OTHER_KIND
