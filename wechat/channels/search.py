"""The search source of channels."""

from collections.abc import Iterator

from django.utils.translation import gettext_lazy

from accounts.official.models import OfficialAccount
from accounts.staff.rights import Area
from accounts.staff.search import MOST, Found, page_of, source
from wechat.channels.models import Channel
from wechat.console.by_name import named


@source("channels.channels", gettext_lazy("Channels"), "qr_code_2", Area.CONTENT)
def channels(account: OfficialAccount, wanted: str) -> Iterator[Found]:
    for row in named(Channel.objects.filter(account=account), "name", wanted, MOST):
        yield Found(str(row), row.place, page_of(row))
