"""The demo's shop item, and a keyword rule that answers with its page."""

from accounts.official.models import OfficialAccount
from payments.orders import ordering
from payments.shop.access import address_of
from payments.shop.models import Item, ItemField
from wechat.replies import portable
from wechat.replies.models import Rule

WORD = "手工课"
Kind = ItemField.Kind


def set_up(account: OfficialAccount) -> None:
    if Item.objects.filter(account=account).exists():
        return
    item = Item.objects.create(
        account=account,
        merchant=ordering.merchant_of(account),
        title="周末手工课",
        description="周六下午两点，两小时，材料都含在内。\n适合 6 岁以上的孩子和大人。",
        price=12800,
        stock=20,
        each_person=2,
    )
    asked = [(Kind.NAME, "姓名", ""), (Kind.PHONE, "手机", ""), (Kind.CHOICE, "场次", "本周六\n下周六")]
    for position, (kind, label, choices) in enumerate(asked):
        ItemField.objects.create(item=item, position=position, kind=kind, label=label, choices=choices)
    _answer_with(account, item)


def _answer_with(account: OfficialAccount, item: Item) -> None:
    text = f'<a href="{address_of(item)}">点这里报名{item.title}</a>'
    described = {
        "name": item.title,
        "keywords": [{"compare": "contains", "text": WORD}],
        "replies": [{"type": "text", "content": text}],
    }
    portable.write(account, Rule(position=Rule.objects.filter(account=account).count()), described)
