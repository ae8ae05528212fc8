"""The conditions on which rules recently answered a follower, for segments and branches of sequences."""

import datetime
from collections.abc import Iterator
from functools import partial

from django.db.models import Q, QuerySet
from django.utils.translation import gettext as _

from accounts.followers.comparisons import LATELY, days, lately
from accounts.followers.segments import ConditionKind, family
from accounts.official.models import OfficialAccount
from wechat.inbox.models import InboundMessage
from wechat.kernel import rows_by_time
from wechat.replies.models import Rule

# A longer list could not be searched by eye.
MOST = 300


@family
def keyword_rules(account: OfficialAccount) -> Iterator[ConditionKind]:
    """Yields a condition for each keyword rule of the account: the follower sent one of its keywords."""
    rules = Rule.objects.filter(account=account, trigger=Rule.TriggerChoice.KEYWORD).order_by("name")
    for pk, name in rules.values_list("pk", "name")[:MOST]:
        label = _("sent a keyword of the rule “%(name)s”") % {"name": name}
        yield ConditionKind(f"rule.{pk}", label, LATELY, days, partial(_answered, pk))


def _answered(rule_id: int, account: OfficialAccount, compare: str, value: int) -> Q:
    return lately(compare, value, partial(_askers, account, rule_id))


def _askers(
    account: OfficialAccount, rule_id: int, since: datetime.datetime
) -> QuerySet[InboundMessage, str]:
    rows = InboundMessage.objects.filter(account=account, answered_by=f"rule:{rule_id}")
    return rows_by_time.between(rows, "received_at", since, None).order_by().values_list("openid", flat=True)
