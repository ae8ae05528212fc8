"""Judging replies: the sample replies pass, wild ones are refused with a reason (WeChat reference 3)."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from simulator import recipients
from simulator.errors import ApiError
from simulator.replies import Question, RefusedError, judge
from simulator.windows import Grant, grant, spend, usable
from simulator.world import Account, Media
from tests.simulator.conftest import APPID, OPENID, ORIGINAL_ID, OWNER

SAMPLES = sorted((Path(__file__).parents[1] / "data/wechat/replies").glob("*.xml"))
MEDIA = {"Image": "image", "Voice": "voice", "Video": "video", "Thumb": "thumb"}


def question(mode: str = "plain", format_: str = "xml", *, is_event: bool = False) -> Question:
    account = Account(APPID, token=OWNER["token"], aes_key=OWNER["aes_key"], original_id=ORIGINAL_ID)
    account.mode, account.format = mode, format_
    for name, kind in MEDIA.items():
        media_id = f"{kind[0] if kind != 'image' else 'm'}Z1x0demoReply{name}"
        media_id = media_id.replace("vZ1x0demoReplyVideo", "dZ1x0demoReplyVideo")
        account.media[media_id] = Media(media_id, kind, name, "", b"", 0, permanent=True)
    return Question(account, recipients.own(account), OPENID, is_event, 1769907603.0)


@pytest.mark.parametrize("sample", SAMPLES, ids=lambda path: path.stem)
def test_each_sample_reply_is_accepted(sample: Path) -> None:
    mode = "safe" if "encrypted" in sample.stem else "plain"
    reply = judge(question(mode), sample.read_bytes())
    assert reply is not None
    assert reply.fields["ToUserName"] == OPENID


@given(st.binary(max_size=300))
def test_wild_bytes_are_refused_or_mean_nothing(body: bytes) -> None:
    for mode in ("plain", "safe"):
        for format_ in ("xml", "json"):
            refused_or_silent(question(mode, format_), body)


ELEMENTS = st.sampled_from(
    ["ToUserName", "FromUserName", "MsgType", "Content", "Image", "Articles", "item", "Encrypt"]
)
TREES = st.recursive(
    st.text("abc<&>1", max_size=4).map(lambda text: text.replace("&", "&amp;").replace("<", "&lt;")),
    lambda inner: st.lists(st.tuples(ELEMENTS, inner), max_size=4).map(
        lambda pairs: "".join(f"<{name}>{text}</{name}>" for name, text in pairs)
    ),
    max_leaves=12,
)


@given(TREES)
def test_wild_elements_are_refused_or_mean_nothing(inner: str) -> None:
    refused_or_silent(question(), f"<xml>{inner}</xml>".encode())


def refused_or_silent(asked: Question, body: bytes) -> None:
    """Checks that a body is refused, or says nothing; whatever else is an error here."""
    with suppress(RefusedError):
        assert judge(asked, body) is None


ACTIONS = st.lists(
    st.tuples(st.sampled_from(["message", "menu", "follow", "scan", "send", "wait"]), st.integers(1, 90)),
    max_size=30,
)


@given(ACTIONS)
def test_sending_is_allowed_exactly_as_often_as_the_phone_says(actions: list[tuple[str, int]]) -> None:
    grants: dict[str, Grant] = {}
    now = 0.0
    for action, seconds in actions:
        now += seconds
        if action not in ("send", "wait"):
            grant(grants, action, now)
        left = sum(each.left for each in usable(grants, now))
        if action == "send" and left:
            spend(grants, now)
            assert sum(each.left for each in usable(grants, now)) == left - 1
        elif action == "send":
            with pytest.raises(ApiError):
                spend(grants, now)
