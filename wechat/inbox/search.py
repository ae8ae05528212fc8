"""The search source of messages: it finds the newest ones by a part of their text."""

from collections.abc import Iterator

from django.utils.text import Truncator
from django.utils.translation import gettext_lazy

from accounts.official.models import OfficialAccount
from accounts.staff.rights import Area
from accounts.staff.search import MOST, Found, page_of, source
from wechat.console.markup import moment_text
from wechat.inbox.models import InboundMessage

# A part of a text has no index that Chinese could use; the log's own page searches further back.
LOOKED_AT = 20_000


@source("inbox.messages", gettext_lazy("Messages"), "forum", Area.MESSAGES)
def messages(account: OfficialAccount, wanted: str) -> Iterator[Found]:
    rows = InboundMessage.objects.filter(account=account)
    newest = rows.order_by("-pk").values("pk")[:LOOKED_AT]
    for row in rows.filter(pk__in=newest, kind="text", text__icontains=wanted).order_by("-pk")[:MOST]:
        yield Found(Truncator(row.text).chars(60), moment_text(row.received_at), page_of(row))
