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
    compiled: CompiledRules, now: datetime.datetime, worn_tags: frozenset[int]
) -> Iterator[DeadRule]:
    """Yields the enabled rules that can never answer; ``worn_tags`` are the tags that some follower has."""
    earlier: list[RuleSpec] = []
    for rule in compiled.specs:
        if not rule.enabled:
            continue
        found = _by_itself(rule, compiled, now, worn_tags) or _covered(rule, earlier)
        if found:
            yield found
        elif not rule.in_shadow:
            earlier.append(rule)


def _by_itself(
    rule: RuleSpec, compiled: CompiledRules, now: datetime.datetime, worn_tags: frozenset[int]
) -> DeadRule | None:
    checks = {
        DeadReason.BROKEN: rule.id in compiled.broken,
        DeadReason.NO_KEYWORDS: rule.trigger is Trigger.KEYWORD and not rule.keywords,
        DeadReason.OVER: rule.window.ends is not None and rule.window.ends <= now,
        DeadReason.NOBODY: bool(rule.audience.tags) and not rule.audience.tags & worn_tags,
    }
    return next((DeadRule(rule, why) for why, true in checks.items() if true), None)


def _covered(rule: RuleSpec, earlier: Sequence[RuleSpec]) -> DeadRule | None:
    broader = [each for each in earlier if _is_no_narrower(each, rule)]
    coverers = []
    for way in _ways(rule):
        found = next((each for each in broader if any(_implies(way, its) for its in _ways(each))), None)
        if found is None:
            return None
        coverers.append(found)
    return DeadRule(rule, DeadReason.COVERED, tuple(dict.fromkeys(coverers)))


def _is_no_narrower(earlier: RuleSpec, rule: RuleSpec) -> bool:
    return earlier.window in (Window(), rule.window) and earlier.audience in (Audience(), rule.audience)


def _ways(rule: RuleSpec) -> Sequence[Way]:
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
