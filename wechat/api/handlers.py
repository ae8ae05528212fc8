"""The registrations of the API app."""

from collections.abc import Iterator

from accounts.official.models import OfficialAccount
from accounts.operations.token_readers import SOURCES, Reader
from wechat.api.models import TokenAccess

SHOWN = 20


@SOURCES.register
def token_readers(account: OfficialAccount) -> Iterator[Reader]:
    """Yields the API clients that recently read the account's access token."""
    rows = TokenAccess.objects.filter(account=account).select_related("client").order_by("-id")
    for each in rows[:SHOWN]:
        yield Reader(each.client.name, each.address or "", each.at)
