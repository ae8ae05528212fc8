"""Remarks shown beside rows that know a follower by openid alone."""

from django.db.models import OuterRef, Subquery, Value
from django.db.models.functions import Coalesce

from accounts.followers.models import Follower


def remark_of_row() -> Coalesce:
    """The remark of the follower whose account and openid a row has, or the empty text."""
    known = Follower.objects.filter(account=OuterRef("account"), openid=OuterRef("openid"))
    return Coalesce(Subquery(known.values("remark")[:1]), Value(""))
