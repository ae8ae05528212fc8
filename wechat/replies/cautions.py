"""The warnings for staff about answers that consist of more than one passive reply."""

import re
from collections.abc import Iterable, Sequence

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from accounts.official.models import OfficialAccount
from wechat.contents.scripts import ReplyPlan
from wechat.pushes import windows
from wechat.pushes.handlers import ACTIONS
from wechat.replies.models import Rule
from wechat.replies.specs import Compare, KeywordSpec, Trigger
from wechat.sdk.messages import Message, View

# What people write between the words of a list.
SEVERAL = re.compile(r"[、，,；;]")


def of(account: OfficialAccount, message: Message, answers: Sequence[ReplyPlan]) -> list[str]:
    """Returns a sentence for each thing that may keep an answer from arriving; none if all will arrive."""
    cautions = []
    if isinstance(message, View):
        cautions.append(_("WeChat shows no reply to a tap on a link button."))
    later = max((len(answer.later) for answer in answers), default=0)
    return [*cautions, _about_later(account, message, later)] if later else cautions


def of_catch_alls(rules: Iterable[Rule]) -> list[str]:
    """Returns a sentence for each rule that answers and leaves nothing to the rules below it."""
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


def _catch_alls(rule: Rule) -> list[str]:
    """Returns the rule's expressions that fit every text."""
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
