"""The modules with background work on followers: see ``wechat.kernel.work``."""

from accounts.followers import (
    auto_tagging,
    avatars,
    export_approval,
    jobs,
    retention,
    sending_changes,
    sending_tags,
    sync_requests,
    syncing,
)

__all__ = [
    "auto_tagging",
    "avatars",
    "export_approval",
    "jobs",
    "retention",
    "sending_changes",
    "sending_tags",
    "sync_requests",
    "syncing",
]
