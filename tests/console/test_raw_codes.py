"""Tests that internal codes, such as ``qrscene_…`` or ``rule:12``, are in no text of the console.

OpenIDs and scenes are one click away: folded, or copied by a button.
"""

import re
from typing import Any

import lxml.html
import pytest

from tests.cast import Cast
from tests.console.table import table
from tests.console.visiting import Visitor, address_of
from tests.console.world import World
from wechat.channels.models import Channel
from wechat.inbox.models import InboundMessage

pytestmark = pytest.mark.django_db

RAW = re.compile(
    r"qrscene_\w+|\bch_[a-z0-9]{5,}"
    r"|\b(?:rule|sequence|campaign|mass|channel|receipt|shop|api|staff|exception):\d+"
    r"|\b[A-Z]\w+(?:Error|Exception)\b|\b(?:None|True|False)\b|__proxy__|&lt;|\bo[A-Z]\w{24,}"
)
# What is typed into, what a script reads, and what is folded until somebody asks.
ELSEWHERE = "//script | //style | //template | //textarea | //input | //text-editor | //details"
SCAN = (
    "<xml><ToUserName>gh_0123456789ab</ToUserName><FromUserName>{openid}</FromUserName>"
    "<CreateTime>1764000000</CreateTime><MsgType>event</MsgType><Event>subscribe</Event>"
    "<EventKey>qrscene_{scene}</EventKey><Ticket>gQ==</Ticket></xml>"
)


@pytest.fixture
def scanned(ours: World) -> World:
    """The world in which somebody came by a channel's code."""
    message, scene = ours["inbox.inboundmessage"], Channel.objects.get(account=ours.account).scene
    body = SCAN.format(openid=message.openid, scene=scene)
    InboundMessage.objects.filter(pk=message.pk).update(
        kind="event", event="subscribe", text=f"qrscene_{scene}", body=body, answered_by="channel:1"
    )
    return ours


@pytest.mark.parametrize("who", ["owner", "auditor"])
def test_no_page_shows_a_raw_code(scanned: World, staff: Cast, who: str) -> None:
    visitor = Visitor(getattr(staff, who), scanned.account)
    wrong, read = [], 0
    for name, page in table().items():
        answer = visitor.visit("GET", address_of(name, page, scanned), {})
        if answer.status != 200 or 'id="content"' not in answer.text:
            continue
        read += 1
        root: Any = lxml.html.fromstring(answer.text)
        for part in root.xpath(ELSEWHERE):
            part.drop_tree()
        found = sorted(set(RAW.findall(root.get_element_by_id("content").text_content())))
        wrong += [f"{name}: {found}"] if found else []
    assert not wrong, "\n".join(wrong)
    assert read > 100
