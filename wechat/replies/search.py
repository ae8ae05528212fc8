"""The search source of rules: by name, and by keyword."""

from collections.abc import Iterator

from django.utils.translation import gettext_lazy

from accounts.official.models import OfficialAccount
from accounts.staff.rights import Area
from accounts.staff.search import MOST, Found, page_of, source
from wechat.console.by_name import named
from wechat.replies.models import Keyword, Rule


@source("replies.rules", gettext_lazy("Rules"), "alt_route", Area.CONTENT)
def rules(account: OfficialAccount, wanted: str) -> Iterator[Found]:
    found = {rule.pk: rule for rule in named(Rule.objects.filter(account=account), "name", wanted, MOST)}
    words = Keyword.objects.filter(rule__account=account).select_related("rule")
    found |= {word.rule_id: word.rule for word in named(words, "text", wanted, MOST)}
    for rule in found.values():
        yield Found(rule.name, rule.note or str(rule.get_trigger_display()), page_of(rule))
