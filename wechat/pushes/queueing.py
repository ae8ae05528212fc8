"""How the other parts of the project ask for a message to be sent."""

from django.db import transaction
from django.utils import timezone

from accounts.models import OfficialAccount
from wechat.inbox.models import InboundMessage
from wechat.kernel import due
from wechat.pushes.models import Push
from wechat.pushes.tasks import send
from wechat.sdk.content import Content, to_dict


def queue(
    *,
    account: OfficialAccount,
    openid: str,
    content: Content,
    key: str,
    cause: str = "",
    inbound: InboundMessage | None = None,
) -> Push:
    """Have a worker send the content once; asking again with the same ``key`` gives the first push.

    ``key`` is unique within the account, as ``later:812:0``; ``cause`` names what asks, as ``rule:12``. If
    the follower's actions allow no message when its turn comes, the push is skipped with the reason.
    """
    push, made = Push.objects.get_or_create(
        account=account,
        key=key,
        defaults={
            "openid": openid,
            "content": to_dict(content),
            "cause": cause,
            "inbound": inbound,
            "due_at": timezone.now(),
        },
    )
    if made:
        transaction.on_commit(lambda: due.ring(send))
    return push
