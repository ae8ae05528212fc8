"""The compiled rules of all accounts, cached in the process for callbacks."""

import logging
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from django.db.models import QuerySet

from accounts.official.models import OfficialAccount
from wechat.contents.scripts import Script
from wechat.inbox.routing import InboundEvent
from wechat.kernel.versioned_cache import Cached
from wechat.replies import handovers
from wechat.replies.matching import CompiledRules, compile_rules
from wechat.replies.models import Rule
from wechat.replies.specs import Audience, Compare, KeywordSpec, RuleSpec, Trigger, Window
from wechat.sdk.content import Content, Text
from wechat.sdk.content_limits import validate
from wechat.sdk.errors import ContentError
from wechat.sdk.stored_content import from_dict

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Book:
    """The rules of one account, with their scripts and handovers by the rule's primary key."""

    compiled: CompiledRules = field(default_factory=lambda: compile_rules([]))
    scripts: Mapping[int, Script] = field(default_factory=dict)
    hands_to: Mapping[int, str] = field(default_factory=dict)

    def is_on(self, rule_id: int) -> bool:
        """Returns whether the rule exists, is enabled, and has replies that can be sent."""
        found = any(spec.id == rule_id and spec.enabled for spec in self.compiled.specs)
        return found and rule_id not in self.compiled.broken


EMPTY = Book()


def of(account: OfficialAccount) -> Book:
    return _books.get().get(account.pk, EMPTY)


def book(rules: Sequence[Rule]) -> Book:
    """Returns the book of these rules; never raises an error.

    A rule that is no longer valid is logged and answers nobody.
    """
    specs, scripts = [], {}
    for rule in rules:
        contents = contents_of(rule)
        scripts[rule.pk] = _script(rule, contents or ())
        specs.append(spec_of(rule, contents))
    compiled = compile_rules(specs)
    for rule_id in sorted(compiled.broken):
        log.error("rule_broken", extra={"rule": rule_id})
    return Book(compiled, scripts, {rule.pk: rule.hands_to for rule in rules if rule.hands_to})


def handed_to(event: InboundEvent) -> str:
    """Returns the name of the service to which a recorded message was handed over, or the empty text."""
    mark, _colon, rest = event.row.answered_by.partition(":") if event.row else ("", "", "")
    if mark == "rule":
        rule_id = int(rest) if rest.isdecimal() else None
    else:
        behind = handovers.RULES_BEHIND.find(mark)
        rule_id = behind(event) if behind else None
    return of(event.account).hands_to.get(rule_id, "") if rule_id is not None else ""


def _script(rule: Rule, contents: tuple[Content, ...]) -> Script:
    """Returns the script of a rule: its replies, or the away text while its handover service is closed."""
    one_at_random = rule.strategy == Rule.Strategy.RANDOM
    handover = handovers.HANDOVERS.find(rule.hands_to)
    if handover is None or not rule.away_text:
        return Script(contents, one_at_random)
    return Script(contents, one_at_random, Script((Text(rule.away_text),)), handover.is_open)


def loaded(rules: QuerySet[Rule]) -> QuerySet[Rule]:
    """Returns the rules with all relations prefetched that a spec is made of."""
    return rules.prefetch_related("keywords", "replies__asset", "replies__cover", "tags", "adds_tags")


def spec_of(rule: Rule, contents: tuple[Content, ...] | None) -> RuleSpec:
    """Returns the rule as a value; ``contents`` is the result of ``contents_of``."""
    return RuleSpec(
        id=rule.pk,
        name=rule.name,
        position=rule.position,
        enabled=rule.enabled,
        in_shadow=rule.in_shadow,
        trigger=Trigger(rule.trigger),
        keywords=tuple(KeywordSpec(Compare(each.compare), each.text) for each in rule.keywords.all()),
        message_kind=rule.message_kind,
        event=rule.event,
        event_key=rule.event_key,
        scene=rule.scene,
        window=window_of(rule),
        audience=Audience(frozenset(tag.pk for tag in rule.tags.all()), rule.new_follower_days),
        broken=contents is None,
    )


def window_of(rule: Rule) -> Window:
    return Window(
        begins=rule.valid_from,
        ends=rule.valid_until,
        weekdays=frozenset(rule.weekdays),
        opens=rule.opens_at,
        closes=rule.closes_at,
    )


def contents_of(rule: Rule) -> tuple[Content, ...] | None:
    """Returns the contents of the rule's replies in order; ``None`` if one of them cannot be sent."""
    try:
        contents = tuple(from_dict(reply.complete) for reply in rule.replies.all())
        for content in contents:
            validate(content)
    except ContentError as error:
        log.error("reply_broken", extra={"rule": rule.pk, "error": error.message})
        return None
    return contents


def _build() -> Mapping[int, Book]:
    """Returns the books of all accounts by primary key.

    Disabled accounts are included, because enabling one does not edit its rules. Their callbacks are refused
    anyway.
    """
    by_account: dict[int, list[Rule]] = defaultdict(list)
    for rule in loaded(Rule.objects.all()):
        by_account[rule.account_id].append(rule)
    return {account_id: book(rules) for account_id, rules in by_account.items()}


_books = Cached("rules", _build)
