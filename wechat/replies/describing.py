"""The short descriptions of rules, for lists and reports."""

import datetime

from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext
from django_stubs_ext import StrOrPromise

from wechat.console import codes
from wechat.console.phrases import listed
from wechat.replies.models import Rule
from wechat.replies.reach import DeadReason
from wechat.replies.specs import Compare, Reason, Trigger

SHOWN = 3

REASONS: dict[Reason, StrOrPromise] = {
    Reason.WON: gettext_lazy("Answers."),
    Reason.SHADOWED: gettext_lazy("Fits too, but stands further down."),
    Reason.DISABLED: gettext_lazy("It is off."),
    Reason.BROKEN: gettext_lazy(
        "A reply cannot be sent, or its file is not on WeChat yet: open it and save it."
    ),
    Reason.IN_SHADOW: gettext_lazy("It fits, but runs in shadow."),
    Reason.OTHER_KIND: gettext_lazy("It answers to something else."),
    Reason.KEYWORD: gettext_lazy("No keyword of it is in the message."),
    Reason.EVENT_KEY: gettext_lazy("It is for another event key."),
    Reason.SCENE: gettext_lazy("It is for another channel."),
    Reason.NOT_BEGUN: gettext_lazy("It is not valid yet."),
    Reason.OVER: gettext_lazy("It is no longer valid."),
    Reason.WEEKDAY: gettext_lazy("It does not answer on this day of the week."),
    Reason.HOURS: gettext_lazy("It does not answer at this hour."),
    Reason.FIRST_TIME: gettext_lazy(
        "It is for those who come back; this follower is here for the first time."
    ),
    Reason.AGAIN: gettext_lazy("It is for the first time; this follower has been here before."),
    Reason.TAGS: gettext_lazy("The follower has none of its tags."),
    Reason.NOT_NEW: gettext_lazy("The follower is not new enough."),
}
DEAD: dict[DeadReason, StrOrPromise] = {
    DeadReason.BROKEN: gettext_lazy(
        "A reply cannot be sent, or its file is not on WeChat yet: open it and save it."
    ),
    DeadReason.NO_KEYWORDS: gettext_lazy("It has no keyword: add one."),
    DeadReason.OVER: gettext_lazy("Its time is over: switch it off or move “valid until”."),
    DeadReason.NOBODY: gettext_lazy("No follower has one of its tags."),
    DeadReason.COVERED: gettext_lazy("Rules above it always answer first: move it up, or delete it."),
}
MARKS = {Compare.EQUALS: "= {}", Compare.STARTS_WITH: "{}…", Compare.REGEX: "/{}/", Compare.CONTAINS: "{}"}


def answers_to(rule: Rule) -> str:
    """Returns what triggers the rule, in words."""
    match rule.trigger:
        case Trigger.KEYWORD:
            return _several([marked(each.compare, each.text) for each in rule.keywords.all()])
        case Trigger.MESSAGE_TYPE:
            return str(rule.get_message_kind_display())
        case Trigger.EVENT:
            return " · ".join(filter(None, [str(rule.get_event_display()), rule.event_key]))
        case Trigger.SCAN:
            return codes.scenes.name_of(rule.account_id, rule.scene) if rule.scene else _("any channel")
    return ""


def marked(compare: str, text: str) -> str:
    """Returns a keyword with a sign for the way it is compared."""
    return MARKS[Compare(compare)].format(text)


def replies(rule: Rule) -> str:
    return _several([str(reply) for reply in rule.replies.all()])


def limits(rule: Rule) -> list[str]:
    """Returns when and whom the rule answers, in words; an empty list if everybody at any time."""
    found = [tag.name for tag in rule.tags.all()]
    if rule.new_follower_days:
        days = rule.new_follower_days
        found.append(ngettext("new for %d day", "new for %d days", days) % days)
    if rule.weekdays and len(rule.weekdays) < 7:
        found.append(" ".join(str(Rule.Weekday(day).label) for day in sorted(rule.weekdays)))
    if rule.opens_at or rule.closes_at:
        found.append(f"{_clock(rule.opens_at, '00:00')}–{_clock(rule.closes_at, '24:00')}")
    if rule.valid_from or rule.valid_until:
        found.append(f"{_day(rule.valid_from)}–{_day(rule.valid_until)}")
    return found


def _clock(time: datetime.time | None, otherwise: str) -> str:
    return f"{time:%H:%M}" if time else otherwise


def _day(moment: datetime.datetime | None) -> str:
    return f"{timezone.localtime(moment):%Y-%m-%d}" if moment else ""


def _several(texts: list[str]) -> str:
    more = len(texts) - SHOWN
    shown = listed(texts[:SHOWN])
    return (
        shown
        if more <= 0
        else ngettext("%(shown)s and %(more)d more", "%(shown)s and %(more)d more", more)
        % {
            "shown": shown,
            "more": more,
        }
    )
