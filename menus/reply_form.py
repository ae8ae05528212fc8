"""The form of a button's reply: that of rules, for a value instead of a row."""

from typing import Any

from menus.buttons import ButtonReply
from menus.models import MenuItem
from wechat.contents.form import AnswerForm


class ButtonReplyForm(AnswerForm):
    class Meta:
        model = MenuItem
        fields = ()


def form_for(reply: ButtonReply | None, account_id: int, data: Any = None) -> ButtonReplyForm:
    """Returns the form for a reply, bound to ``data`` if there is any."""
    item = MenuItem(content={})
    if reply:
        item = MenuItem(content=dict(reply.content), asset_id=reply.asset, cover_id=reply.cover)
    return ButtonReplyForm(data, instance=item, account_id=account_id)


def reply_of(form: ButtonReplyForm) -> ButtonReply:
    """Returns the reply from a valid form."""
    item: MenuItem = form.instance
    return ButtonReply(item.content, item.asset_id, item.cover_id)
