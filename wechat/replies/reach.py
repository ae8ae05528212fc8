"""The detection of rules that can never answer, and why. Does not import Django.

A rule is covered when each of its triggers also triggers an earlier rule whose window and audience are not
narrower. The detection is conservative: rules it reports never answer, others may or may not. Against regular
expressions a keyword is compared only as it is spelled, not in other case or width.
"""

import datetime
import enum
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from wechat.replies.matching import CompiledRules
from wechat.replies.specs import Audience, Compare, KeywordSpec, RuleSpec, Trigger, Window, plain

Way = tuple[str, ...] | KeywordSpec


class DeadReason(enum.StrEnum):
    BROKEN = "broken"
    NO_KEYWORDS = "no_keywords"
    OVER = "over"
    NOBODY = "nobody"
    COVERED = "covered"


@dataclass(frozen=True, slots=True)
class DeadRule:
    """A rule that can never answer; ``by`` are the earlier rules that answer instead of it."""

    rule: RuleSpec
    why: DeadReason
    by: tuple[RuleSpec, ...] = ()


def never_answering(
    compiled: CompiledRules, now: datetime.datetime, used_tags: frozenset[int]
) -> Iterator[DeadRule]:
    """Yields the enabled rules that can never answer; ``used_tags`` are the tags that some follower has."""
    for rule in compiled.specs:
        if not rule.enabled:
            continue
        found = _by_itself(rule, compiled, now, used_tags) or _covered(rule, compiled, now, used_tags)
        if found:
            yield found


def answered_first(
    rule: RuleSpec, compiled: CompiledRules, now: datetime.datetime, used_tags: frozenset[int]
) -> dict[Way, RuleSpec]:
    """Returns the triggers of a rule that an earlier rule always answers, each with the first such rule."""
    found = {}
    for way in ways(rule):
        for each in _candidates(way, compiled):
            if each.precedence >= rule.precedence:
                break
            if _covers(each, rule, way) and not _by_itself(each, compiled, now, used_tags):
                found[way] = each
                break
    return found


def _by_itself(
    rule: RuleSpec, compiled: CompiledRules, now: datetime.datetime, used_tags: frozenset[int]
) -> DeadRule | None:
    checks = {
        DeadReason.BROKEN: rule.id in compiled.broken,
        DeadReason.NO_KEYWORDS: rule.trigger is Trigger.KEYWORD and not rule.keywords,
        DeadReason.OVER: rule.window.ends is not None and rule.window.ends <= now,
        DeadReason.NOBODY: bool(rule.audience.tags) and not rule.audience.tags & used_tags,
    }
    return next((DeadRule(rule, why) for why, true in checks.items() if true), None)


def _covered(
    rule: RuleSpec, compiled: CompiledRules, now: datetime.datetime, used_tags: frozenset[int]
) -> DeadRule | None:
    first = answered_first(rule, compiled, now, used_tags)
    if len(first) < len(set(ways(rule))):
        return None
    return DeadRule(rule, DeadReason.COVERED, tuple(dict.fromkeys(first.values())))


def _candidates(way: Way, compiled: CompiledRules) -> Sequence[RuleSpec]:
    """Returns the rules that may cover a trigger, first those that are tried first.

    What covers a keyword fits its text. An expression is covered by others than those that fit its spelling.
    """
    if isinstance(way, KeywordSpec) and way.compare is not Compare.REGEX:
        return compiled.fitting(way.text)
    return compiled.specs


def _covers(earlier: RuleSpec, rule: RuleSpec, way: Way) -> bool:
    answers = earlier.enabled and not earlier.in_shadow and _is_no_narrower(earlier, rule)
    return answers and any(_implies(way, its) for its in ways(earlier))


def _is_no_narrower(earlier: RuleSpec, rule: RuleSpec) -> bool:
    return earlier.window in (Window(), rule.window) and earlier.audience in (Audience(), rule.audience)


def ways(rule: RuleSpec) -> Sequence[Way]:
    """Returns all triggers of the rule, one by one."""
    match rule.trigger:
        case Trigger.KEYWORD:
            return rule.keywords
        case Trigger.FOLLOW:
            return (("follow", "first"), ("follow", "again"))
        case Trigger.FOLLOW_FIRST:
            return (("follow", "first"),)
        case Trigger.FOLLOW_AGAIN:
            return (("follow", "again"),)
        case Trigger.MESSAGE_TYPE:
            return (("kind", rule.message_kind),)
        case Trigger.EVENT:
            return (("event", rule.event, rule.event_key),)
        case Trigger.SCAN:
            return (("scan", rule.scene),)
    return (("default",),)


def _implies(way: Way, other: Way) -> bool:
    """Returns whether everything that fits the first trigger fits the other as well."""
    if isinstance(other, KeywordSpec):
        if way == ("kind", "text"):
            return other.fits_anything
        return isinstance(way, KeywordSpec) and _keyword_implies(way, other)
    if isinstance(way, KeywordSpec) or way[0] != other[0]:
        return False
    if way[0] == "event":
        return way[1] == other[1] and other[2] in ("", way[2])
    return way == other


def _keyword_implies(keyword: KeywordSpec, other: KeywordSpec) -> bool:
    if other.compare is Compare.REGEX:
        fits = keyword.compare is Compare.EQUALS and other.fits(keyword.text)
        return keyword == other or fits or other.fits_anything
    if keyword.compare is Compare.REGEX:
        return False
    text, part = plain(keyword.text), plain(other.text)
    match other.compare:
        case Compare.CONTAINS:
            return part in text
        case Compare.STARTS_WITH:
            return keyword.compare is not Compare.CONTAINS and text.startswith(part)
    return keyword.compare is Compare.EQUALS and text == part
