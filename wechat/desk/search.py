"""The search source of canned answers."""

from collections.abc import Iterator

from django.utils.translation import gettext_lazy

from accounts.official.models import OfficialAccount
from accounts.staff.rights import Area
from accounts.staff.search import MOST, Found, page_of, source
from wechat.console.by_name import named
from wechat.desk.models import CannedAnswer


@source("desk.canned", gettext_lazy("Canned answers"), "quickreply", Area.MESSAGES)
def canned(account: OfficialAccount, wanted: str) -> Iterator[Found]:
    for row in named(CannedAnswer.objects.filter(account=account), "shortcut", wanted, MOST):
        yield Found(str(row), "", page_of(row))
