"""The tests of rules: a trial of one message, a replay of the last messages, rules that never answer."""

import datetime
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from django.db.models import Exists, OuterRef
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.followers.models import Follower, Tag
from accounts.official.models import OfficialAccount
from accounts.staff import personal_data
from wechat.contents.scripts import ReplyPlan, arrange, filled
from wechat.inbox import answerers, routing
from wechat.inbox.models import InboundMessage
from wechat.replies import cautions, rulebook
from wechat.replies.facts import facts_from, facts_of, followers_of, moment_of, values_of
from wechat.replies.matching import CompiledRules, RuleVerdict
from wechat.replies.models import Rule
from wechat.replies.reach import DeadRule, Way, answered_first, never_answering, ways
from wechat.replies.rulebook import Book
from wechat.replies.specs import FollowerFacts, Reason, RuleSpec, Trigger
from wechat.sdk.errors import MalformedMessage
from wechat.sdk.messages import EVENTS, MESSAGES, Message, Subscribe, Text, Voice

SHOWN_EXAMPLES = 5


@dataclass(frozen=True, slots=True)
class Trial:
    """The outcome of a trial of one message. One of several ``answers`` would be drawn at random.

    ``is_outside``: the service to which the rule hands the follower over is closed.
    """

    message: Message
    verdicts: Sequence[RuleVerdict]
    winner: RuleSpec | None = None
    keyword: str = ""
    answers: Sequence[ReplyPlan] = ()
    hands_to: str = ""
    is_outside: bool = False
    forwarded_to: str = ""
    warnings: Sequence[str] = ()


@dataclass(slots=True)
class ReplayDifference:
    """The messages that ``before`` answers now and ``after`` would answer; ``None``: no rule."""

    before: RuleSpec | None
    after: RuleSpec | None
    count: int = 0
    examples: list[str] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Replay:
    """The result of a replay.

    ``looked_at`` messages were replayed; ``changes`` are the differences, the most frequent first.
    """

    looked_at: int
    changes: Sequence[ReplayDifference]

    @property
    def changed(self) -> int:
        return sum(change.count for change in self.changes)


def compose(what: str, value: str, *, openid: str, at: datetime.datetime) -> Message:
    """Returns a message as it would be received.

    ``what`` is a message type such as ``text``, or an event such as ``event:scan``; ``value`` is the text,
    the event key or the scene. Raises ``KeyError`` for an unknown ``what``.
    """
    common: dict[str, Any] = {"to": "", "openid": openid, "create_time": int(at.timestamp())}
    name = what.removeprefix("event:")
    if name == "subscribe":
        return Subscribe(**common, event_key=f"qrscene_{value}" if value else "")
    if name != what:
        return EVENTS[name](**common, event=name, event_key=value)
    if what == "text":
        return Text(**common, content=value)
    return Voice(**common, recognition=value) if what == "voice" else MESSAGES[what](**common, kind=what)


def try_out(account: OfficialAccount, message: Message, facts: FollowerFacts | None = None) -> Trial:
    """Returns the outcome of a message, without writing anything.

    ``facts`` defaults to those about the message's sender.
    """
    book, moment = _book(account), moment_of(message)
    known = facts_of(account, message) if facts is None else facts
    verdicts = book.compiled.explain(message, moment, known)
    match = book.compiled.match(message, moment, known)
    if match is None:
        return Trial(message, verdicts, warnings=_first_answering(account, message))
    whole = book.scripts[match.rule.id]
    script = whole.at(account, moment)
    values = values_of(account, message, known, script.variables)
    values = replace(values, remark=personal_data.for_reader(values.remark, account.pk))
    spoken = filled(script.contents, values)
    drawn = [[each] for each in spoken] if script.one_at_random else [spoken]
    answers = [arrange(contents) for contents in drawn if contents]
    return Trial(
        message,
        verdicts,
        match.rule,
        match.keyword.text if match.keyword else "",
        answers,
        book.hands_to.get(match.rule.id, ""),
        script is not whole,
        Rule.objects.values_list("forward_url", flat=True).get(pk=match.rule.id),
        [*_first_answering(account, message), *cautions.of(account, message, answers)],
    )


def replay(account: OfficialAccount, candidates: Iterable[Rule], last_n: int = 1000) -> Replay:
    """Returns how the answers to the last messages would differ with the candidates enabled."""
    rules = list(rulebook.loaded(Rule.objects.filter(account=account)))
    today = rulebook.book(rules).compiled
    switched = {candidate.pk for candidate in candidates}
    for rule in rules:
        if rule.pk in switched:
            rule.enabled, rule.in_shadow = True, False
    return _compared(account, today, rulebook.book(rules).compiled, last_n)


def never_fires(account: OfficialAccount) -> list[DeadRule]:
    """Returns the enabled rules that can never answer, each with the rules that answer instead."""
    compiled = _book(account).compiled
    return list(never_answering(compiled, timezone.now(), _used_tags(compiled)))


def answered_earlier(
    account: OfficialAccount, rules: Iterable[Rule]
) -> Iterator[tuple[RuleSpec, Mapping[Way, RuleSpec]]]:
    """Yields those of the rules that earlier ones always forestall, with the triggers and who answers them.

    A keyword rule may lose some of its keywords, a rule of another kind loses all or nothing.
    """
    compiled, now = _book(account).compiled, timezone.now()
    used_tags = _used_tags(compiled)
    chosen = {rule.pk for rule in rules}
    for spec in compiled.specs:
        if not spec.enabled or spec.id not in chosen:
            continue
        first = answered_first(spec, compiled, now, used_tags)
        if first and (spec.trigger is Trigger.KEYWORD or len(first) == len(ways(spec))):
            yield spec, first


def _used_tags(compiled: CompiledRules) -> frozenset[int]:
    """Returns which tags in the audiences of the rules some follower has."""
    named = {tag for rule in compiled.specs for tag in rule.audience.tags}
    some = Follower.tags.through.objects.filter(tag_id=OuterRef("pk"))
    return frozenset(Tag.objects.filter(Exists(some), pk__in=named).values_list("pk", flat=True))


def _book(account: OfficialAccount) -> Book:
    return rulebook.book(list(rulebook.loaded(Rule.objects.filter(account=account))))


def _compared(account: OfficialAccount, today: CompiledRules, then: CompiledRules, last_n: int) -> Replay:
    messages = _last_messages(account, last_n)
    followers = followers_of(account, {message.openid for message in messages})
    changes: dict[tuple[int, int], ReplayDifference] = {}
    for message in messages:
        facts = facts_from(followers.get(message.openid), message)
        before, after = _winner(today, message, facts), _winner(then, message, facts)
        pair = (before.id if before else 0, after.id if after else 0)
        if pair[0] != pair[1]:
            change = changes.setdefault(pair, ReplayDifference(before, after))
            change.count += 1
            example = message.text or message.event or message.kind
            if len(change.examples) < SHOWN_EXAMPLES and example not in change.examples:
                change.examples.append(example)
    return Replay(len(messages), sorted(changes.values(), key=lambda change: -change.count))


def _winner(compiled: CompiledRules, message: Message, facts: FollowerFacts) -> RuleSpec | None:
    match = compiled.match(message, moment_of(message), facts)
    return match.rule if match else None


def _last_messages(account: OfficialAccount, last_n: int) -> list[Message]:
    messages = []
    for row in InboundMessage.objects.filter(account=account).order_by("-id")[:last_n]:
        try:
            messages.append(row.message)
        except MalformedMessage:
            continue
    return messages


def _first_answering(account: OfficialAccount, message: Message) -> list[str]:
    """Returns a warning if a menu or a sign-in, which are asked before the rules, answers the message."""
    answer = routing.answer(routing.InboundEvent(account, message))
    if answer is None or answer.by.startswith("rule:"):
        return []
    by = answerers.names([answer.by]).of(answer.by).name
    return [_("The rules are not asked: “%(by)s” answers this first.") % {"by": by}]


def shadowed(trial: Trial) -> list[RuleVerdict]:
    return [verdict for verdict in trial.verdicts if verdict.reason in (Reason.SHADOWED, Reason.IN_SHADOW)]
