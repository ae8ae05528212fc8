"""The subscription quota: how many messages of each template a follower has agreed to.

Every agreement is a row, so that the order in which events are handled does not matter: the unspent
ones after the last refusal count. A long-term template needs one agreement for any number of messages.

Reference: WeChat reference 10.2; 2.2 for the events.
"""

import datetime
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.db import connection
from django.db.models import Count, Exists, OuterRef, Q, QuerySet
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from accounts.official.models import OfficialAccount
from wechat.pushes.models import NoticeGrant, NoticeRefusal, Template

REFUSE = """
INSERT INTO pushes_noticerefusal (account_id, openid, template, refused_at) VALUES (%s, %s, %s, %s)
ON CONFLICT (account_id, template, openid) DO UPDATE
SET refused_at = GREATEST(pushes_noticerefusal.refused_at, excluded.refused_at)
"""
# The agreement is locked as it is selected: a concurrent send that waited for it takes the next one.
SPEND = """
UPDATE pushes_noticegrant spent SET spent_at = %(now)s
FROM unnest(%(openids)s::text[]) AS asked(openid), LATERAL (
    SELECT mine.id FROM pushes_noticegrant mine
    LEFT JOIN pushes_noticerefusal refusal
        ON refusal.account_id = mine.account_id AND refusal.template = mine.template
        AND refusal.openid = mine.openid
    WHERE mine.account_id = %(account)s AND mine.template = %(template)s AND mine.openid = asked.openid
        AND mine.spent_at IS NULL AND (refusal.refused_at IS NULL OR refusal.refused_at < mine.agreed_at)
    ORDER BY mine.agreed_at, mine.id LIMIT 1 FOR NO KEY UPDATE OF mine
) oldest
WHERE spent.id = oldest.id
RETURNING spent.openid, spent.id
"""


def agree(account: OfficialAccount, openid: str, template: str, at: datetime.datetime, key: str) -> None:
    """Records an agreement; ``key`` is the idempotency key of the event."""
    NoticeGrant.objects.bulk_create(
        [NoticeGrant(account=account, openid=openid, template=template, agreed_at=at, key=key)],
        ignore_conflicts=True,
    )


def refuse(account: OfficialAccount, openid: str, template: str, at: datetime.datetime) -> None:
    """Records a refusal: agreements up to that time are no longer valid."""
    with connection.cursor() as cursor:
        cursor.execute(REFUSE, [account.pk, openid, template, at])


def usable(account: OfficialAccount, template: str) -> QuerySet[NoticeGrant]:
    """Returns the agreements that still allow a message."""
    later = NoticeRefusal.objects.filter(
        account=account, template=template, openid=OuterRef("openid"), refused_at__gte=OuterRef("agreed_at")
    )
    found = NoticeGrant.objects.filter(account=account, template=template, spent_at__isnull=True)
    return found.filter(~Exists(later))


def left(account: OfficialAccount, openid: str, templates: Collection[str]) -> dict[str, int]:
    """Returns the number of unspent agreements of the follower by template id."""
    refused = NoticeRefusal.objects.filter(
        account=account,
        template=OuterRef("template"),
        openid=openid,
        refused_at__gte=OuterRef("agreed_at"),
    )
    found = NoticeGrant.objects.filter(
        account=account, template__in=templates, openid=openid, spent_at__isnull=True
    )
    counted = found.filter(~Exists(refused)).values_list("template").annotate(Count("pk"))
    return {**dict.fromkeys(templates, 0), **dict(counted.order_by())}


@dataclass(frozen=True, slots=True)
class Held:
    """The number of a template's messages a follower agreed to; any number if it is long-term."""

    template: Template
    left: int

    def __str__(self) -> str:
        if self.template.is_long_term:
            return _("any number")
        return ngettext("%d message", "%d messages", self.left) % self.left


def held(account: OfficialAccount, openid: str) -> list[Held]:
    """Returns what the follower agreed to, for the templates with an agreement left.

    Templates that WeChat no longer has are left out.
    """
    kinds = (Template.Kind.NOTICE, Template.Kind.SUBSCRIBE)
    templates = Template.objects.filter(account=account, kind__in=kinds, missing_since=None).order_by("pk")
    found = left(account, openid, [template.platform_id for template in templates])
    return [
        Held(template, found[template.platform_id]) for template in templates if found[template.platform_id]
    ]


def spend_each(
    account: OfficialAccount, template: str, openids: Sequence[str], at: datetime.datetime
) -> Mapping[str, int | None]:
    """Takes the oldest agreement of each follower; returns its id by openid, for those who had one.

    The id is ``None`` for a long-term agreement, which is not used up.
    """
    if Template.objects.filter(account=account, platform_id=template, is_long_term=True).exists():
        agreed = usable(account, template).filter(openid__in=openids).values_list("openid", flat=True)
        return dict.fromkeys(agreed)
    with connection.cursor() as cursor:
        parameters: dict[str, Any] = {
            "now": at,
            "account": account.pk,
            "template": template,
            "openids": sorted(set(openids)),
        }
        cursor.execute(SPEND, parameters)
        return dict(cursor.fetchall())


def give_back(grant_id: int | None) -> None:
    """Gives an agreement back that was taken for a message which surely was not sent."""
    NoticeGrant.objects.filter(Q(pk=grant_id)).update(spent_at=None)
