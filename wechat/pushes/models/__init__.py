from wechat.pushes.models.days import PushDay
from wechat.pushes.models.event_templates import EventTemplate
from wechat.pushes.models.ledgers import NoticeGrant, NoticeRefusal, SendWindow
from wechat.pushes.models.pictures import ConversationPicture
from wechat.pushes.models.push import Push
from wechat.pushes.models.receipts import Receipt
from wechat.pushes.models.send_rates import SendRate
from wechat.pushes.models.staff_notices import StaffNotice
from wechat.pushes.models.templates import LibraryJob, Template

__all__ = [
    "ConversationPicture",
    "EventTemplate",
    "LibraryJob",
    "NoticeGrant",
    "NoticeRefusal",
    "Push",
    "PushDay",
    "Receipt",
    "SendRate",
    "SendWindow",
    "StaffNotice",
    "Template",
]
