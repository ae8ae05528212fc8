"""The search source of the media library."""

from collections.abc import Iterator

from django.utils.translation import gettext_lazy

from accounts.official.models import OfficialAccount
from accounts.staff.rights import Area
from accounts.staff.search import MOST, Found, page_of, source
from wechat.console.by_name import named
from wechat.materials.models import Asset


@source("materials.assets", gettext_lazy("Media library"), "perm_media", Area.CONTENT)
def assets(account: OfficialAccount, wanted: str) -> Iterator[Found]:
    for row in named(Asset.objects.filter(account=account), "name", wanted, MOST):
        yield Found(str(row), str(row.get_kind_display()), page_of(row))
