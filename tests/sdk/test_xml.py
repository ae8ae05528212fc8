import pytest
from hypothesis import given
from hypothesis import strategies as st

from wechat.sdk.errors import MalformedMessage
from wechat.sdk.text import clean
from wechat.sdk.xml import MAX_BODY, cdata, parse, tree

BOMB = b"""<!DOCTYPE xml [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;">]><xml>&b;</xml>"""
OUTSIDE = b"""<!DOCTYPE xml [<!ENTITY f SYSTEM "file:///etc/hostname">]><xml><Content>&f;</Content></xml>"""
DTD = b"""<!DOCTYPE xml SYSTEM "http://127.0.0.1:9/x.dtd"><xml><Content>1</Content></xml>"""


@pytest.mark.parametrize("body", [BOMB, OUTSIDE, DTD, BOMB.decode().encode("utf-16")])
def test_a_document_type_is_refused(body: bytes) -> None:
    with pytest.raises(MalformedMessage) as refused:
        parse(body)
    assert refused.value.raw == body


@pytest.mark.parametrize(
    "body", [b"", b"hello", b"<xml>", b"<xml>&nbsp;</xml>", b"\xff\xfe\xff", b"<a/><b/>"]
)
def test_broken_xml_is_refused_and_kept(body: bytes) -> None:
    with pytest.raises(MalformedMessage) as refused:
        parse(body)
    assert refused.value.raw == body


def test_a_huge_document_is_refused() -> None:
    with pytest.raises(MalformedMessage):
        parse(b"<xml>" + b" " * MAX_BODY + b"</xml>")


def test_a_document_nested_beyond_sense_is_refused() -> None:
    with pytest.raises(MalformedMessage):
        parse(b"<a>" * 10_000 + b"</a>" * 10_000)


def test_control_characters_typed_by_a_follower_do_not_lose_the_message() -> None:
    assert (
        parse("<xml><Content><![CDATA[a\x0bb\x00c\uffffd]]></Content></xml>".encode()).findtext("Content")
        == "abcd"
    )


@given(text=st.text())
def test_any_text_comes_back_from_a_parser_and_forges_nothing(text: str) -> None:
    root = parse(f"<xml><Content>{cdata(text)}</Content></xml>".encode())
    assert [child.tag for child in root] == ["Content"]
    assert clean(root.findtext("Content") or "") == clean(text).replace("\r\n", "\n").replace("\r", "\n")


@given(pieces=st.lists(st.sampled_from(["]]>", "]", ">", "<![CDATA[", "</Content><Forged/>", "&lt;", "\r"])))
def test_text_made_to_break_out_stays_inside(pieces: list[str]) -> None:
    text = "".join(pieces)
    root = parse(f"<xml><Content>{cdata(text)}</Content></xml>".encode())
    assert [child.tag for child in root] == ["Content"]
    assert (root.findtext("Content") or "") == text.replace("\r", "\n")


@given(text=st.text(st.characters(blacklist_categories=["Cc", "Cs", "Cn"])))
def test_ordinary_text_is_not_changed_at_all(text: str) -> None:
    assert clean(text) == text


def test_repeated_siblings_become_a_list_and_known_ones_always() -> None:
    several = tree(parse(b"<xml><L>1</L><L>2</L><L>3</L><List><A>1</A></List><fail_idx>4</fail_idx></xml>"))
    assert several == {"L": ["1", "2", "3"], "List": [{"A": "1"}], "fail_idx": ["4"]}
