"""The matching of messages with rules: which rule answers. Does not import Django.

Order: a scan rule of the scanned channel, then a scan rule of any channel, then all others by position, and a
default rule last, for messages and never for events. A person who follows by a channel's code both scans and
follows: the channel's rule goes before the rules about following, which answer if no scan rule does. Among
rules of the same step the one with the smaller position answers.

All keywords are searched in one pass over the text: plain ones with one automaton, regular expressions with
one set of a linear-time engine.
"""

import datetime
import heapq
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

import re2
from ahocorasick_rs import AhoCorasick

from wechat.replies.specs import (
    Compare,
    FollowerFacts,
    KeywordSpec,
    Reason,
    RuleSpec,
    Trigger,
    is_usable,
    plain,
    quiet,
    scene_of,
    text_of,
)
from wechat.sdk.messages import Message, Subscribe

Ranks = list[int]
REGEX_SET_BYTES = 64 << 20


@dataclass(frozen=True, slots=True)
class Match:
    """The answering rule, and its keyword that matched (``None`` for rules without keywords)."""

    rule: RuleSpec
    keyword: KeywordSpec | None = None


@dataclass(frozen=True, slots=True)
class RuleVerdict:
    """The verdict on one rule: whether and why it answers; ``by`` is the rule that answers instead of it."""

    rule: RuleSpec
    reason: Reason
    by: RuleSpec | None = None


class CompiledRules:
    """The rules of one account, indexed by trigger. Immutable once built, shared by all threads."""

    def __init__(self, specs: Iterable[RuleSpec]) -> None:
        self.specs = sorted(specs, key=lambda rule: rule.precedence)
        self.has_shadows = any(rule.enabled and rule.in_shadow for rule in self.specs)
        self.broken = frozenset(rule.id for rule in self.specs if rule.broken or not is_usable(rule.keywords))
        self._keywords = _KeywordIndex()
        self._slots: dict[tuple[str, ...], Ranks] = defaultdict(list)
        for rank, rule in enumerate(self.specs):
            if rule.enabled and rule.id not in self.broken:
                self._add(rank, rule)
        self._slots.default_factory = None
        self._keywords.compile()

    def match(self, message: Message, moment: datetime.datetime, facts: FollowerFacts) -> Match | None:
        for rule in self._candidates(message, moment):
            if not rule.in_shadow and rule.audience_miss(facts, moment) is None:
                return Match(rule, _fitting(rule, message))
        return None

    def first(self, message: Message, moment: datetime.datetime) -> RuleSpec | None:
        """Returns the first rule that the message triggers; unless it needs facts, that rule answers."""
        return next((rule for rule in self._candidates(message, moment) if not rule.in_shadow), None)

    def in_shadow(
        self, message: Message, moment: datetime.datetime, facts: FollowerFacts
    ) -> Iterator[RuleSpec]:
        """Yields the rules in shadow that would have answered, up to the rule that does answer."""
        for rule in self._candidates(message, moment):
            if rule.audience_miss(facts, moment) is None:
                if not rule.in_shadow:
                    return
                yield rule

    def fitting(self, text: str) -> list[RuleSpec]:
        """Returns the rules with a keyword that fits the text, in the order of their precedence."""
        ranks = {rank for found in self._keywords.find(text) for rank in found}
        return [self.specs[rank] for rank in sorted(ranks)]

    def explain(self, message: Message, moment: datetime.datetime, facts: FollowerFacts) -> list[RuleVerdict]:
        """Returns the verdicts on all rules, in the order of their precedence."""
        winner: RuleSpec | None = None
        verdicts = []
        for rule in self.specs:
            reason = self._reason(rule, message, moment, facts)
            if reason is None and winner is None:
                winner = rule
                verdicts.append(RuleVerdict(rule, Reason.WON))
            else:
                verdicts.append(RuleVerdict(rule, reason or Reason.SHADOWED, None if reason else winner))
        return verdicts

    def _reason(
        self, rule: RuleSpec, message: Message, moment: datetime.datetime, facts: FollowerFacts
    ) -> Reason | None:
        if not rule.enabled:
            return Reason.DISABLED
        if rule.id in self.broken:
            return Reason.BROKEN
        missed = rule.trigger_miss(message) or rule.window.miss(moment) or rule.audience_miss(facts, moment)
        return missed or (Reason.IN_SHADOW if rule.in_shadow else None)

    def _add(self, rank: int, rule: RuleSpec) -> None:
        if rule.trigger is Trigger.KEYWORD:
            self._keywords.add(rank, rule.keywords)
        else:
            self._slots[_slot(rule)].append(rank)

    def _candidates(self, message: Message, moment: datetime.datetime) -> Iterator[RuleSpec]:
        """Yields the rules that the message triggers at this moment, whoever sent it.

        They are in the order of precedence.
        """
        found = [self._slots[slot] for slot in _slots(message) if slot in self._slots]
        if (text := text_of(message)) is not None:
            found += self._keywords.find(text)
        last = -1
        for rank in found[0] if len(found) == 1 else heapq.merge(*found):
            if rank != last and self.specs[rank].window.miss(moment) is None:
                yield self.specs[rank]
            last = rank


class _KeywordIndex:
    """An index from keywords to the ranks of their rules, in ascending order."""

    def __init__(self) -> None:
        self._of: dict[Compare, dict[str, Ranks]] = {compare: {} for compare in Compare}

    def add(self, rank: int, keywords: Sequence[KeywordSpec]) -> None:
        for keyword in keywords:
            text = keyword.text if keyword.compare is Compare.REGEX else plain(keyword.text)
            self._of[keyword.compare].setdefault(text, []).append(rank)

    def compile(self) -> None:
        self._equal = self._of[Compare.EQUALS]
        starting, containing = self._of[Compare.STARTS_WITH], self._of[Compare.CONTAINS]
        parts = list(starting | containing)
        self._parts = AhoCorasick(parts) if parts else None
        self._starting = [starting.get(part) for part in parts]
        self._containing = [containing.get(part) for part in parts]
        self._regexes = _RegexIndex(self._of[Compare.REGEX])

    def find(self, text: str) -> list[Ranks]:
        """Returns the ranks for each keyword that matches the text."""
        folded = plain(text)
        found = self._regexes.find(text)
        if folded in self._equal:
            found.append(self._equal[folded])
        if self._parts is not None:
            found += self._find_parts(self._parts, folded)
        return found

    def _find_parts(self, parts: AhoCorasick, folded: str) -> Iterator[Ranks]:
        seen = set()
        for part, start, _ in parts.find_matches_as_indexes(folded, overlapping=True):
            if start == 0 and (ranks := self._starting[part]):
                yield ranks
            if part not in seen and (ranks := self._containing[part]):
                seen.add(part)
                yield ranks


class _RegexIndex:
    """The index of all regular expressions in one set.

    The engine fails silently when it runs out of memory; an extra pattern that always matches reveals that.
    """

    def __init__(self, ranks: dict[str, Ranks]) -> None:
        self._ranks = [[], *ranks.values()]
        self._single = [re2.compile(pattern, quiet()) for pattern in ["", *ranks]] if ranks else []
        options = quiet()
        options.max_mem = REGEX_SET_BYTES
        self._set = re2.Set.SearchSet(options)
        for pattern in ["", *ranks]:
            self._set.Add(pattern)
        self._set.Compile()

    def find(self, text: str) -> list[Ranks]:
        if not self._single:
            return []
        hits = self._set.Match(text)
        if not hits:
            hits = [index for index, pattern in enumerate(self._single) if pattern.search(text)]
        return [self._ranks[index] for index in hits if index]


def compile_rules(specs: Iterable[RuleSpec]) -> CompiledRules:
    return CompiledRules(specs)


def _fitting(rule: RuleSpec, message: Message) -> KeywordSpec | None:
    text = text_of(message)
    return next((keyword for keyword in rule.keywords if text is not None and keyword.fits(text)), None)


def _slot(rule: RuleSpec) -> tuple[str, ...]:
    match rule.trigger:
        case Trigger.MESSAGE_TYPE:
            return ("kind", rule.message_kind)
        case Trigger.EVENT:
            return ("event", rule.event, rule.event_key)
        case Trigger.SCAN:
            return ("scan", rule.scene)
        case Trigger.DEFAULT:
            return ("default",)
    return ("follow",)


def _slots(message: Message) -> Iterator[tuple[str, ...]]:
    """Yields the index slots of the rules that this message triggers, other than by keyword."""
    if not message.event:
        yield from (("kind", message.kind), ("default",))
        return
    yield ("event", message.event, "")
    if message.event_key:
        yield ("event", message.event, message.event_key)
    if isinstance(message, Subscribe):
        yield ("follow",)
    if (scene := scene_of(message)) is not None:
        yield from (("scan", scene), ("scan", ""))
