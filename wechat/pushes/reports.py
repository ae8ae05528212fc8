"""The reports to business systems on the messages they asked for: an event for every final state."""

from collections.abc import Sequence

from django.utils.translation import gettext_lazy as _

from wechat.pushes.models import Push
from wechat.pushes.requested import RequestedPush
from wechat.webhooks import events, outbox
from wechat.webhooks.models import Endpoint

EVENT = "push.closed"
OPEN = (Push.State.PENDING, Push.State.SENDING)

events.register(
    EVENT,
    _("A message that the system asked for was sent, failed or was skipped"),
    {"push": {"id": 1, "to": "oUpF8uMuAJO_M2pxb1Q9zNjWeS6o", "state": "delivered", "reference": "A1"}},
)


def enqueue(push_ids: Sequence[int]) -> None:
    """Queues events on the states of these pushes for their callers, in the transaction that changed them."""
    closed = Push.objects.filter(pk__in=push_ids, caller__isnull=False).exclude(state__in=OPEN)
    pushes = list(closed.select_related("account")) if push_ids else []
    callers = {push.caller_id for push in pushes}
    endpoints = Endpoint.objects.filter(client__in=callers, enabled=True, events__contains=[EVENT])
    by_client = {endpoint.client_id: endpoint for endpoint in endpoints} if callers else {}
    outbox.send_all(
        [
            outbox.prepared(
                by_client[push.caller_id],
                push.account,
                EVENT,
                {"push": described(push)},
                key=f"push:{push.pk}:{push.state}",
                openid=push.openid,
                trace=push.trace,
            )
            for push in pushes
            if push.caller_id in by_client
        ]
    )


def described(push: Push | RequestedPush) -> dict[str, object]:
    """Returns a push as business systems see it; one without a row has no id."""
    return {
        "id": push.pk,
        "account": push.account.slug,
        "to": push.openid,
        "kind": push.kind,
        "template": push.template,
        "reference": push.content.get("reference", ""),
        "state": push.state,
        "reason": push.reason,
        "errcode": push.errcode,
        "created_at": push.created_at.isoformat(),
        "sent_at": push.sent_at.isoformat() if push.sent_at else None,
    }
