"""The rows for the walk over the console's pages: one of each kind, for each account."""

import datetime
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django.contrib.auth.models import User
from django.core.files.base import ContentFile
from django.db.models import Model
from django.utils import timezone

from accounts.approvals.models import Approval
from accounts.followers.models import AutoTag, Avatar, BulkJob, CustomField, Follower, Segment, Tag
from accounts.official.models import OfficialAccount
from accounts.staff.models import AuditEntry, SignInLimit, StaffRight
from menus import drafts
from menus.models import Menu, MiniProgram, Publication, Version
from payments.bills.models import Bill, Discrepancy
from payments.merchants.models import Merchant
from payments.notifications.models import Notification
from payments.orders.mismatches import MismatchKind
from payments.orders.models import Order, Refund
from payments.shop.models import Item, Sale
from tests.articles.conftest import picture
from wechat.api.models import ApiClient, TokenAccess
from wechat.articles.models import Article, Draft
from wechat.campaigns.models import Campaign, Enrolment, MassSend, Sequence, SequenceStep, Variant
from wechat.channels.models import Channel, Code, Poster
from wechat.desk.models import CannedAnswer, Thread
from wechat.inbox.models import InboundMedia, InboundMessage
from wechat.login.models import AllowedSite, Visitor
from wechat.materials.models import Asset
from wechat.pushes.models import ConversationPicture, EventTemplate, Push, Template
from wechat.replies.models import Keyword, Reply, Rule
from wechat.webhooks.models import Delivery, Endpoint, new_secret

TEXT = {"type": "text", "content": "你好"}


@dataclass(frozen=True)
class World:
    """The rows of an account, by the label of their model."""

    account: OfficialAccount
    rows: dict[str, Model]

    def __getitem__(self, label: str) -> Any:
        return self.rows[label]


def build(account: OfficialAccount) -> World:
    """Creates one row of every kind that has a page."""
    world = World(account, {"official.officialaccount": account})
    add(world, 0)
    return world


def add(world: World, number: int) -> None:
    """Adds one more row of every kind; pages are opened for the first row of a kind."""
    made: dict[str, Model] = {"official.officialaccount": world.account}
    for part in (_people, _conversation, _content, _sending, _menus, _money, _settings):
        part(world.account, number, made)
    for label, row in made.items():
        world.rows.setdefault(label, row)


Made = dict[str, Any]
_Part = Callable[[OfficialAccount, int, Made], None]


def openid_of(account: OfficialAccount, number: int) -> str:
    return f"oWalk{account.pk:08d}{number:015d}"


def _file(name: str, body: bytes = b"a,b\n1,2\n") -> ContentFile[Any]:
    return ContentFile(body, name)


def _people(account: OfficialAccount, number: int, made: Made) -> None:
    openid = openid_of(account, number)
    made["followers.follower"] = Follower.objects.create(
        account=account, openid=openid, subscribed=True, remark=f"粉丝{number}"
    )
    made["followers.tag"] = tag = Tag.objects.create(account=account, name=f"标签{number}")
    made["followers.follower"].tags.add(tag)
    made["followers.segment"] = segment = Segment.objects.create(account=account, name=f"分组{number}")
    made["followers.customfield"] = CustomField.objects.create(account=account, name=f"字段{number}")
    made["followers.autotag"] = AutoTag.objects.create(account=account, segment=segment, tag=tag)
    made["followers.bulkjob"] = BulkJob.objects.create(
        account=account, kind="export", result=_file("followers.csv"), details={"masked": True}
    )
    made["followers.avatar"] = Avatar.objects.create(
        account=account, openid=openid, url="https://example.com/a.png", file=_file("a.png", picture((8, 8)))
    )
    made["login.visitor"] = Visitor.objects.create(account=account, openid=openid)


def _conversation(account: OfficialAccount, number: int, made: Made) -> None:
    now, openid = timezone.now(), openid_of(account, number)
    made["inbox.inboundmessage"] = message = InboundMessage.objects.create(
        account=account, key=f"walk:{account.pk}:{number}", openid=openid, kind="text", text=f"问题{number}",
        body="<xml/>", sent_at=now, received_at=now, handled_at=now, answered_by=f"rule:{number + 1}",
    )  # fmt: skip
    made["inbox.inboundmedia"] = InboundMedia.objects.create(
        message=message, media_id=f"m{number}", kind="image", state="fetched", due_at=None,
        content_type="image/png", file=_file("m.png", picture((8, 8))),
    )  # fmt: skip
    made["desk.thread"] = Thread.objects.create(
        account=account, openid=openid, newest_id=message.pk, newest_at=now
    )
    made["desk.cannedanswer"] = CannedAnswer.objects.create(
        account=account, shortcut=f"hello{number}", content=TEXT
    )
    made["pushes.push"] = Push.objects.create(
        account=account, openid=openid, content=TEXT, key=f"walk:{number}", kind=Push.Kind.SERVICE,
        state=Push.State.FAILED, reason=Push.Reason.REFUSED, due_at=None, cause=f"rule:{number + 1}",
    )  # fmt: skip
    made["pushes.conversationpicture"] = ConversationPicture.objects.create(
        account=account, openid=openid, push=made["pushes.push"], content_type="image/png",
        file=_file("c.png", picture((8, 8))),
    )  # fmt: skip


def _content(account: OfficialAccount, number: int, made: Made) -> None:
    made["materials.asset"] = asset = Asset.objects.create(
        account=account, name=f"图片{number}", kind="image", content_type="image/png", size=100,
        state=Asset.State.UPLOADED, due_at=None, media_id=f"media{account.pk}-{number}",
        file=_file("p.png", picture((8, 8))),
    )  # fmt: skip
    made["replies.rule"] = rule = Rule.objects.create(
        account=account, name=f"规则{number}", enabled=True, position=number
    )
    Keyword.objects.create(rule=rule, text=f"词{number}")
    Reply.objects.create(rule=rule, content=TEXT)
    made["channels.channel"] = channel = Channel.objects.create(account=account, name=f"渠道{number}")
    Code.objects.create(
        channel=channel, state="ready", ticket="t", url="http://weixin.qq.com/q/walk", due_at=None
    )
    made["channels.poster"] = Poster.objects.create(
        account=account,
        name=f"海报{number}",
        background=_file("b.png", picture((40, 40))),
        width=40,
        height=40,
    )
    made["articles.draft"] = draft = Draft.objects.create(account=account)
    Article.objects.create(draft=draft, title=f"文章{number}", content="<p>正文</p>", cover=asset)


def _sending(account: OfficialAccount, number: int, made: Made) -> None:
    now, author = timezone.now(), User.objects.filter(is_superuser=True).first()
    made["pushes.template"] = template = Template.objects.create(
        account=account, kind=Template.Kind.TEMPLATE, platform_id=f"tpl{account.pk}-{number}",
        title=f"模板{number}", content="预约：{{first.DATA}}",
    )  # fmt: skip
    made["pushes.eventtemplate"] = EventTemplate.objects.create(
        account=account, event=f"payments.walk{number}", template=template
    )
    made["campaigns.campaign"] = campaign = Campaign.objects.create(
        account=account, name=f"活动{number}", author=author, way="service"
    )
    made["campaigns.variant"] = Variant.objects.create(campaign=campaign, letter="A")
    made["campaigns.masssend"] = MassSend.objects.create(account=account, name=f"群发{number}", content=TEXT)
    made["campaigns.sequence"] = sequence = Sequence.objects.create(account=account, name=f"旅程{number}")
    made["campaigns.sequencestep"] = SequenceStep.objects.create(
        sequence=sequence, content=TEXT, template=template
    )
    made["campaigns.enrolment"] = Enrolment.objects.create(
        sequence=sequence, account=account, openid=openid_of(account, number), occasion="follow",
        since=now, began_at=now, due_at=now,
    )  # fmt: skip


def _menus(account: OfficialAccount, number: int, made: Made) -> None:
    if number == 0:
        made["menus.menu"] = drafts.default_menu(account)
    menu = Menu.objects.filter(account=account).first()
    assert menu is not None
    version = Version.objects.create(menu=menu, number=number + 1, state=Version.State.SUPERSEDED)
    Menu.objects.create(account=account, name=f"菜单{number}", conditional=True, position=number + 1)
    made["menus.conditional"] = Menu.objects.filter(account=account, conditional=True).first()
    made["menus.miniprogram"] = MiniProgram.objects.create(
        account=account, appid=f"wx{account.pk:06d}{number:010d}", name=f"小程序{number}"
    )
    made["menus.publication"] = Publication.objects.create(
        account=account, menu=menu, version=version, starts_at=timezone.now(), due_at=None,
        state=Publication.State.PUBLISHED,
    )  # fmt: skip


def _money(account: OfficialAccount, number: int, made: Made) -> None:
    now, suffix = timezone.now(), f"{account.pk}-{number}"
    merchant = Merchant.objects.filter(accounts=account).first()
    if merchant is None:
        merchant = Merchant.objects.create(
            slug=f"shop{account.pk}", name="商户", mchid=f"19{account.pk:08d}", serial_no="A" * 40
        )
        merchant.accounts.add(account)
    made["merchants.merchant"] = merchant
    made["shop.item"] = Item.objects.create(
        account=account, merchant=merchant, title=f"商品{number}", price=100
    )
    made["orders.order"] = order = Order.objects.create(
        account=account, merchant=merchant, out_trade_no=f"WALK{suffix}", source="test", key=suffix,
        way=Order.Way.JSAPI, description="会员年卡", total=100, expires_at=now,
        openid=openid_of(account, number),
        state="paid", paid_at=now, transaction_id=suffix, reserved=10,
        due_at=None,
    )  # fmt: skip
    made["shop.sale"] = Sale.objects.create(
        order=order, item=made["shop.item"], openid=openid_of(account, number), answers=[["姓名", "小雨"]]
    )
    made["orders.refund"] = Refund.objects.create(
        account=account, order=order, out_refund_no=f"BACK{suffix}", source="staff", key=suffix, amount=10,
        state="waiting", due_at=None,
    )  # fmt: skip
    made["bills.bill"] = bill = Bill.objects.create(
        merchant=merchant, kind="trade", day=datetime.date(2026, 1, 1) + datetime.timedelta(days=number),
        file=_file("bill.gz"), state=Bill.State.MATCHED, due_at=None,
    )  # fmt: skip
    made["bills.discrepancy"] = Discrepancy.objects.create(
        merchant=merchant, account=account, order=order, bill=bill, kind=MismatchKind.values[0],
        subject=suffix,
    )  # fmt: skip
    made["notifications.notification"] = Notification.objects.create(
        merchant=merchant, notification_id=suffix, event_type="TRANSACTION.SUCCESS", raw="{}", resource={},
        order=order, state=Notification.State.APPLIED,
    )  # fmt: skip


def _settings(account: OfficialAccount, number: int, made: Made) -> None:
    client = ApiClient(name=f"系统{account.pk}-{number}")
    client.make_secret()
    client.save()
    client.accounts.add(account)
    made["api.apiclient"] = client
    made["api.tokenaccess"] = TokenAccess.objects.create(client=client, account=account)
    made["login.allowedsite"] = AllowedSite.objects.create(
        account=account, host=f"shop{number}.example.com", client=client
    )
    made["webhooks.endpoint"] = endpoint = Endpoint.objects.create(
        account=account, url=f"https://example.com/{number}", secret=new_secret(), events=["order.paid"]
    )
    made["webhooks.delivery"] = Delivery.objects.create(
        account=account, endpoint=endpoint, event="order.paid", key=f"walk:{number}", body="{}",
        state=Delivery.State.FAILED,
    )  # fmt: skip
    made["approvals.approval"] = Approval.objects.create(
        account=account, action="article_publication", kind="articles.draft",
        object_id=str(made["articles.draft"].pk), title=f"文章{number}", size=1,
        expires_at=timezone.now(), due_at=timezone.now(), state="waiting",
    )  # fmt: skip
    made["staff.signinlimit"] = SignInLimit.objects.get_or_create(
        kind="name",
        value=f"somebody-{account.pk}-{number}",
        defaults={"open_at": timezone.now(), "failed_at": timezone.now()},
    )[0]
    made["staff.auditentry"] = AuditEntry.objects.create(
        account=account, actor="somebody", kind="replies.rule", object_id=str(number + 1), note="changed"
    )
    colleague = User.objects.create_user(f"colleague-{account.pk}-{number}", is_staff=True)
    made["auth.user"] = colleague
    made["staff.staffright"] = StaffRight.objects.create(
        user=colleague, account=account, role=StaffRight.Role.EDITOR
    )
