"""The reply of a button: the form that rules have, around a value instead of a row."""

from typing import Any

from menus.buttons import Reply
from menus.models import Item
from wechat.contents.form import AnswerForm


class ReplyForm(AnswerForm):
    class Meta:
        model = Item
        fields = ()


def form_for(reply: Reply | None, account_id: int, data: Any = None) -> ReplyForm:
    """Bound to ``data``, or showing the reply."""
    item = Item(content={})
    if reply:
        item = Item(content=dict(reply.content), asset_id=reply.asset, cover_id=reply.cover)
    return ReplyForm(data, instance=item, account_id=account_id)


def reply_of(form: ReplyForm) -> Reply:
    """Returns what a valid form says."""
    item: Item = form.instance
    return Reply(item.content, item.asset_id, item.cover_id)
