"""The search source of templates."""

from collections.abc import Iterator

from django.utils.translation import gettext_lazy

from accounts.official.models import OfficialAccount
from accounts.staff.rights import Area
from accounts.staff.search import MOST, Found, page_of, source
from wechat.console.by_name import named
from wechat.pushes.models import Template


@source("pushes.templates", gettext_lazy("Templates"), "description", Area.SENDING)
def templates(account: OfficialAccount, wanted: str) -> Iterator[Found]:
    for row in named(Template.objects.filter(account=account), "title", wanted, MOST):
        yield Found(str(row), str(row.get_kind_display()), page_of(row))
