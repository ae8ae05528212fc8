from wechat.pushes.models.lanes import Lane
from wechat.pushes.models.ledgers import SendWindow
from wechat.pushes.models.push import Push

__all__ = ["Lane", "Push", "SendWindow"]
