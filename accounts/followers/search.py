"""What search finds of followers: people by remark, name or OpenID; tags and segments by name."""

from collections.abc import Iterator

from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.followers.models import Follower, Segment, Tag
from accounts.official.models import OfficialAccount
from accounts.staff import personal_data
from accounts.staff.rights import Area
from accounts.staff.search import MOST, Found, page_of, source
from wechat.console.by_name import named

# A part of a name in Chinese has no index; those that have one are few, and the newest of them are looked at.
LOOKED_AT = 50_000


@source("followers.followers", gettext_lazy("Followers"), "person", Area.FOLLOWERS)
def followers(account: OfficialAccount, wanted: str) -> Iterator[Found]:
    rows = Follower.objects.filter(account=account)
    found = list(rows.filter(openid=wanted))
    if not found and not personal_data.hidden(account.pk):
        newest = rows.exclude(remark="").order_by("-id").values("pk")[:LOOKED_AT]
        found = list(rows.filter(pk__in=newest, remark__icontains=wanted)[:MOST])
    for follower in found:
        state = _("follows") if follower.subscribed else _("unfollowed")
        yield Found(str(follower), state, page_of(follower))


@source("followers.tags", gettext_lazy("Tags"), "sell", Area.FOLLOWERS)
def tags(account: OfficialAccount, wanted: str) -> Iterator[Found]:
    listed = reverse("admin:followers_follower_changelist")
    for tag in named(Tag.objects.filter(account=account), "name", wanted, MOST):
        yield Found(tag.name, f"{tag.count:,}", f"{listed}?tag={tag.pk}")


@source("followers.segments", gettext_lazy("Segments"), "filter_alt", Area.FOLLOWERS)
def segments(account: OfficialAccount, wanted: str) -> Iterator[Found]:
    for segment in named(Segment.objects.filter(account=account), "name", wanted, MOST):
        yield Found(segment.name, "", page_of(segment))
