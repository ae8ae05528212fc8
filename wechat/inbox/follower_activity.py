"""The effect of messages on their followers: who is new, was seen, followed or left."""

from collections.abc import Sequence

from accounts.followers import activity
from accounts.followers.activity import Sighting
from accounts.followers.sync_requests import ask_soon
from wechat.inbox.models import RECEIPTS, InboundMessage

# These come from a helper of the platform or speak of somebody else: nobody was seen.
NOT_BY_THE_FOLLOWER = frozenset(
    {
        *RECEIPTS, "user_info_modified", "user_authorization_revoke",
        "user_authorization_cancellation", "qualification_verify_success", "qualification_verify_fail",
        "naming_verify_success", "naming_verify_fail", "annual_renew", "verify_expired",
        "kf_create_session", "kf_close_session", "kf_switch_session",
    }
)  # fmt: skip


def is_by_follower(row: InboundMessage) -> bool:
    return row.openid != "" and row.event not in NOT_BY_THE_FOLLOWER


def keep_followers_fresh(rows: Sequence[InboundMessage]) -> None:
    """Updates the followers of these messages; safe to repeat, and in any order of messages."""
    by_follower = [row for row in rows if is_by_follower(row)]
    activity.seen(
        Sighting(row.account_id, row.openid, row.sent_at, row.event or row.kind) for row in by_follower
    )
    for row in sorted(by_follower, key=lambda row: row.sent_at):
        if row.event == "subscribe":
            scene = row.message.event_key.removeprefix("qrscene_")
            activity.followed(row.account_id, row.openid, row.sent_at, scene)
        elif row.event == "unsubscribe":
            activity.left(row.account_id, row.openid, row.sent_at)
    if came := {row.account_id for row in by_follower if row.event == "subscribe"}:
        ask_soon(came)
