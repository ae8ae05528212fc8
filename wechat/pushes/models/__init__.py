from wechat.pushes.models.lanes import Lane
from wechat.pushes.models.ledgers import NoticeGrant, NoticeRefusal, SendWindow
from wechat.pushes.models.occasions import EventTemplate
from wechat.pushes.models.push import Push
from wechat.pushes.models.receipts import Receipt
from wechat.pushes.models.templates import LibraryJob, Template

__all__ = [
    "EventTemplate",
    "Lane",
    "LibraryJob",
    "NoticeGrant",
    "NoticeRefusal",
    "Push",
    "Receipt",
    "SendWindow",
    "Template",
]
