"""The QR codes that could not be made, for the page of failures."""

from django.db.models import QuerySet
from django.urls import reverse
from django.utils.translation import gettext_lazy

from accounts.official.models import OfficialAccount
from accounts.operations.failures import SOURCES, FailureSource
from accounts.staff.rights import Area
from wechat.channels import making
from wechat.channels.models import Code
from wechat.kernel import work


def _failed(account: OfficialAccount) -> QuerySet[Code]:
    rows = Code.objects.filter(channel__account=account, state=Code.State.FAILED)
    return rows.select_related("channel")


def _make_again(rows: QuerySet[Code]) -> int:
    codes = list(rows)
    for code in codes:
        making.make_again(code)
    work.wake("channels.make_codes")
    return len(codes)


def _page(code: Code) -> str:
    return reverse("admin:channels_channel_change", args=[code.channel_id])


def _title(code: Code) -> str:
    return str(code.channel)


SOURCES.add(
    "codes",
    FailureSource(gettext_lazy("Making QR codes"), Area.CONTENT, _failed, _make_again, _page, title=_title),
)
