"""The personal data that the shop keeps: the answers that buyers filled in."""

from django.utils.translation import ngettext

from accounts.followers import erasing
from accounts.followers.erasing import Holding
from accounts.followers.models import Follower
from payments.shop.models import Item, Sale


@erasing.holds
def answers(follower: Follower) -> Holding | None:
    """Returns a follower's answers, such as names, telephone numbers and addresses."""
    items = Item.objects.filter(account=follower.account_id)
    rows = Sale.objects.filter(item__in=list(items.values_list("pk", flat=True)), openid=follower.openid)
    rows = rows.exclude(answers=[], fulfilment_note="")
    if not (count := rows.count()):
        return None
    what = ngettext("what they filled in for %d order", "what they filled in for %d orders", count)
    return Holding(what % count, lambda: rows.update(answers=[], fulfilment_note=""))
