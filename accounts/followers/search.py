"""The sources of search for followers (by remark, name, handle or OpenID), tags and segments (by name)."""

from collections.abc import Iterator

from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.followers import handles, people, searching
from accounts.followers.models import Follower, GivenName, Segment, Tag
from accounts.official.models import OfficialAccount
from accounts.staff import personal_data
from accounts.staff.rights import Area
from accounts.staff.search import MOST, Found, page_of, source
from wechat.console.by_name import named


@source("followers.followers", gettext_lazy("Followers"), "person", Area.FOLLOWERS)
def followers(account: OfficialAccount, wanted: str) -> Iterator[Found]:
    found = _numbered(account, wanted)
    if not personal_data.is_hidden_from_reader(account.pk):
        found |= _named(account, wanted)
    people.attach_people(shown := list(found.values())[:MOST])
    for follower in shown:
        state = _("follows") if follower.subscribed else _("unfollowed")
        yield Found(str(people.of_row(follower)), state, page_of(follower))


def _numbered(account: OfficialAccount, wanted: str) -> dict[int, Follower]:
    """Returns followers found by their whole OpenID or their handle, by id."""
    beginning = handles.digits_of(wanted.rpartition(" ")[2])
    rows = Follower.objects.filter(account=account, openid=wanted)
    if beginning:
        rows = rows.union(searching.of_handle(account.pk, beginning)[:MOST])
    return {row.pk: row for row in rows}


def _named(account: OfficialAccount, wanted: str) -> dict[int, Follower]:
    """Returns followers found by a name that staff or they themselves gave, by id."""
    rows = Follower.objects.filter(account=account)
    found: list[Follower] = []
    for field in ("remark", "nickname"):
        newest = searching.newest_of(rows.exclude(**{field: ""}), searching.LOOKED_AT)
        found += named(newest.order_by("-id"), field, wanted, MOST)
    given = searching.newest_of(GivenName.objects.filter(account=account), searching.LOOKED_AT)
    openids = [each.openid for each in named(given.order_by("-id"), "name", wanted, MOST)]
    return {row.pk: row for row in [*found, *rows.filter(openid__in=openids)]}


@source("followers.tags", gettext_lazy("Tags"), "sell", Area.FOLLOWERS)
def tags(account: OfficialAccount, wanted: str) -> Iterator[Found]:
    listed = reverse("admin:followers_follower_changelist")
    for tag in named(Tag.objects.filter(account=account), "name", wanted, MOST):
        yield Found(tag.name, f"{tag.count:,}", f"{listed}?tag={tag.pk}")


@source("followers.segments", gettext_lazy("Segments"), "filter_alt", Area.FOLLOWERS)
def segments(account: OfficialAccount, wanted: str) -> Iterator[Found]:
    for segment in named(Segment.objects.filter(account=account), "name", wanted, MOST):
        yield Found(segment.name, "", page_of(segment))
