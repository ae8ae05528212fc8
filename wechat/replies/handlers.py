"""The registrations of rules: answers, forwarding, tags, counts, and their names for other apps."""

from collections.abc import Iterator, Mapping, Sequence

from django.db.models import Q
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.followers import tagging
from accounts.followers.models import Follower, Tag
from accounts.official import links
from accounts.official.links import PageLink
from accounts.official.models import OfficialAccount
from wechat.console import page_paths
from wechat.contents.models import pages_of
from wechat.inbox.answerers import Answerer, named
from wechat.inbox.models import InboundMessage
from wechat.inbox.routing import Answer, InboundEvent, Precedence, answers, handled, reacts
from wechat.materials import usage
from wechat.materials.models import Asset
from wechat.replies import counting, forwarding, rulebook
from wechat.replies.facts import facts_of, moment_of, perform
from wechat.replies.models import Reply, Rule


@answers(order=Precedence.RULES, quick=True)
def answer_by_rule(event: InboundEvent) -> Answer | None:
    book, moment = rulebook.of(event.account), moment_of(event.message)
    rule, facts = book.compiled.first(event.message, moment), None
    if rule is not None and rule.needs_facts:
        event.needs_rows()
        facts = facts_of(event.account, event.message)
        match = book.compiled.match(event.message, moment, facts)
        rule = match.rule if match else None
    if rule is None:
        return None
    plan = perform(book.scripts[rule.id], event, facts)
    return Answer(f"rule:{rule.id}", plan.now, plan.later)


@reacts()
def forward_to_webhook(event: InboundEvent) -> None:
    if event.row is not None:
        forwarding.enqueue(event.row)


@reacts()
def tag_those_answered(event: InboundEvent) -> None:
    """Adds the tags of the rule that answered to the follower; the rule is known even if it answered late."""
    row = event.row
    mark, _colon, rule_id = row.answered_by.partition(":") if row else ("", "", "")
    if row is None or mark != "rule" or not rule_id.isdecimal():
        return
    followers = Follower.objects.filter(account=event.account, openid=row.openid)
    for tag in Tag.objects.filter(
        pk__in=Rule.adds_tags.through.objects.filter(rule=int(rule_id)).values("tag")
    ):
        tagging.add(tag, followers)


@handled
def count_answers(rows: Sequence[InboundMessage]) -> None:
    counting.count(rows)


@links.used_before
def cards_of_replies(account: OfficialAccount) -> Iterator[PageLink]:
    """Yields the pages to which article cards of the account's rules link, from the newest card on."""
    cards = Reply.objects.filter(rule__account=account, content__type="news").order_by("-pk")[:100]
    for card in cards:
        for article in card.content.get("articles", []):
            if article.get("url"):
                yield PageLink(article["url"], article.get("title") or article["url"], _("Used before"))


@usage.register
def rules_with(asset: Asset) -> list[str]:
    rules = Rule.objects.filter(Q(replies__asset=asset) | Q(replies__cover=asset)).distinct()
    return [_("rule “%(name)s”") % {"name": rule.name} for rule in rules]


@named("rule", gone=gettext_lazy("a rule that was deleted"))
def names(ids: Sequence[str]) -> Mapping[str, Answerer]:
    found = Rule.objects.filter(pk__in=[each for each in ids if each.isdecimal()])
    return {
        str(rule.pk): Answerer(rule.name, reverse("admin:replies_rule_change", args=[rule.pk]))
        for rule in found
    }


@page_paths.used.register
def pages(account_id: int) -> Iterator[page_paths.Pairs]:
    yield pages_of(Reply.objects.filter(rule__account=account_id))
