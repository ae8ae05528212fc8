"""The warnings about a rule's answers and keywords, in sentences for staff."""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence

from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from accounts.official.models import OfficialAccount
from wechat.console.phrases import listed
from wechat.contents.scripts import ReplyPlan
from wechat.pushes import windows
from wechat.pushes.handlers import ACTIONS
from wechat.replies import describing
from wechat.replies.models import Rule
from wechat.replies.reach import Way
from wechat.replies.specs import Compare, KeywordSpec, RuleSpec, Trigger
from wechat.sdk.messages import Message, View

# The separators with which people write several words in one field.
SEVERAL = re.compile(r"[、，,；;]")


def of(account: OfficialAccount, message: Message, answers: Sequence[ReplyPlan]) -> list[str]:
    """Returns a sentence for each problem that may keep an answer from arriving."""
    cautions = []
    if isinstance(message, View):
        cautions.append(_("WeChat shows no reply to a tap on a link button."))
    later = max((len(answer.later) for answer in answers), default=0)
    return [*cautions, _about_later(account, message, later)] if later else cautions


def of_catch_alls(rules: Iterable[Rule]) -> list[str]:
    """Returns a sentence for each enabled keyword rule that fits every text and so hides those below."""
    sentence = _(
        "“%(keyword)s” fits every text, so that keyword rules below this one never answer. "
        "A default rule answers what no other rule fits."
    )
    found = (next(iter(_catch_alls(rule)), None) for rule in rules if rule.enabled)
    return [sentence % {"keyword": keyword} for keyword in found if keyword is not None]


def of_lists(rules: Iterable[Rule]) -> list[str]:
    """Returns a sentence for each keyword that looks like several in one field."""
    sentence = _(
        "“%(keyword)s” is one keyword: it fits only what has all of it as it stands here. "
        "If these are several, add each by itself."
    )
    keywords = (each for rule in rules if rule.trigger == Trigger.KEYWORD for each in rule.keywords.all())
    found = (each.text for each in keywords if each.compare != Compare.REGEX and SEVERAL.search(each.text))
    return [sentence % {"keyword": text} for text in found]


def of_earlier(rule: RuleSpec, first: Mapping[Way, RuleSpec]) -> Iterator[SafeString]:
    """Yields sentences that name the earlier rules that answer what triggers this one, with links to them.

    ``first`` is what ``tester.answered_earlier`` found.
    """
    for earlier in dict.fromkeys(first.values()):
        lost = [way for way, each in first.items() if each == earlier and isinstance(way, KeywordSpec)]
        sentence = (
            _("“%(rule)s” does not answer %(keywords)s: “%(earlier)s” above it always answers that first.")
            if lost
            else _("“%(rule)s” never answers: “%(earlier)s” above it always answers first.")
        ) % {
            "rule": rule.name,
            "earlier": earlier.name,
            "keywords": listed(f"“{describing.marked(each.compare, each.text)}”" for each in lost),
        }
        address = reverse("admin:replies_rule_change", args=[earlier.id])
        yield format_html('{} <a class="link" href="{}">{}</a>', sentence, address, earlier.name)


def _catch_alls(rule: Rule) -> list[str]:
    """Returns the regular expressions of a keyword rule that fit every text."""
    if rule.trigger != Trigger.KEYWORD:
        return []
    keywords = (KeywordSpec(Compare(each.compare), each.text) for each in rule.keywords.all())
    return [keyword.text for keyword in keywords if keyword.fits_anything]


def _about_later(account: OfficialAccount, message: Message, later: int) -> str:
    if account.abilities.get("service_messages", {}).get("able") is False:
        return _(
            "This account cannot send customer-service messages because it is not verified: "
            "the follower gets the first reply only."
        )
    trigger = next((trigger for kinds, trigger in ACTIONS if isinstance(message, kinds)), None)
    grant = windows.grants(account).get(trigger) if trigger else None
    if grant is None:
        return _("After this event WeChat takes no customer-service messages: only the first reply arrives.")
    if later > grant.messages:
        return _(
            "WeChat takes %(most)d customer-service messages after this and the rule has %(later)d: "
            "the last ones are lost."
        ) % {"most": grant.messages, "later": later}
    return _used(grant, later)


def _used(grant: windows.Grant, later: int) -> str:
    minutes = int(grant.within.total_seconds() // 60)
    within = (
        ngettext("%d hour", "%d hours", minutes // 60) % (minutes // 60)
        if minutes >= 60
        else ngettext("%d minute", "%d minutes", minutes) % minutes
    )
    return _(
        "Uses %(later)d of the %(most)d customer-service messages that WeChat takes within %(within)s."
    ) % {"later": later, "most": grant.messages, "within": within}
