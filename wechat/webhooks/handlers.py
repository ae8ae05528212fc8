"""The registrations of webhooks: tags that followers get or lose are published as events."""

from collections.abc import Sequence

from django.utils.translation import gettext_lazy as _

from accounts.followers import tagging
from accounts.followers.models import Follower, Tag
from wechat.webhooks import events, outbox
from wechat.webhooks.models import new_message_id

SLICE = 1_000
EXAMPLE = {"openid": "oUpF8uMuAJO_M2pxb1Q9zNjWeS6o", "tag": {"id": 1, "name": "会员"}}

events.register("follower.tagged", _("A follower got a tag"), EXAMPLE)
events.register("follower.untagged", _("A follower lost a tag"), EXAMPLE)


@tagging.listens
def publish_tagging(tag: Tag, follower_ids: Sequence[int], added: bool) -> None:
    event = "follower.tagged" if added else "follower.untagged"
    described, change = {"id": tag.pk, "name": tag.name}, new_message_id()
    for endpoint in outbox.subscribers(tag.account, event):
        for start in range(0, len(follower_ids), SLICE):
            rows = Follower.objects.filter(pk__in=follower_ids[start : start + SLICE])
            outbox.send_all(
                [
                    outbox.prepared(
                        endpoint,
                        tag.account,
                        event,
                        {"openid": openid, "tag": described},
                        key=f"tag:{tag.pk}:{pk}:{change}",
                        openid=openid,
                    )
                    for pk, openid in rows.values_list("pk", "openid")
                ]
            )
