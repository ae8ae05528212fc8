import base64

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wechat.articles import cleaning

WORD = """<html xmlns:o="urn:office"><head><style>p{color:red}</style></head><body>
<!--[if gte mso 9]><xml><w:WordDocument/></xml><![endif]-->
<p class="MsoNormal" style="mso-margin-top-alt:auto;text-align:center"><b>通知</b><o:p></o:p></p>
<script>alert(1)</script></body></html>"""


def test_a_page_pasted_from_word_keeps_its_words_and_loses_the_rest() -> None:
    assert cleaning.clean(WORD) == '<p style="text-align:center"><b>通知</b></p>'


@pytest.mark.parametrize(
    "text",
    [
        "<img src=x onerror=alert(1)>",
        '<a href="javascript:alert(1)">x</a>',
        '<p style="background:url(javascript:alert(1))">x</p>',
        '<iframe src="https://evil.example"></iframe>',
        "<svg><script>alert(1)</script></svg>",
        '<img src="data:text/html;base64,PHNjcmlwdD4=">',
    ],
)
def test_nothing_that_runs_survives(text: str) -> None:
    cleaned = cleaning.clean(text)
    assert not [bad for bad in ("script", "onerror", "iframe", "text/html") if bad in cleaned]


@given(st.text())
def test_cleaning_twice_is_cleaning_once(text: str) -> None:
    once = cleaning.clean(text)
    assert cleaning.clean(once) == once


def test_only_links_to_wechat_articles_can_be_tapped() -> None:
    kept = '<a href="https://mp.weixin.qq.com/s/abc">文章</a>'
    assert cleaning.clean(kept) == kept
    assert cleaning.clean('<a href="https://example.com">别处</a>') == "<a>别处</a>"


def test_markdown_becomes_html() -> None:
    assert cleaning.from_markdown("## 标题\n\n- 一\n- **二**") == (
        "<h2>标题</h2>\n<ul>\n<li>一</li>\n<li><strong>二</strong></li>\n</ul>"
    )


def test_pictures_are_found_and_given_other_addresses() -> None:
    text = '<p>前<img src="a.png">中<img src="b.png">后</p>'
    assert cleaning.picture_addresses(text) == ["a.png", "b.png"]
    moved = cleaning.with_pictures(text, {"a.png": "https://x/a.png", "b.png": None}.get)
    assert moved == '<p>前<img src="https://x/a.png">中后</p>'


def test_a_picture_in_an_address_is_read_or_is_none() -> None:
    assert cleaning.picture_bytes(f"data:image/png;base64,{base64.b64encode(b'abc').decode()}") == b"abc"
    assert cleaning.picture_bytes("data:image/png;base64,=a") is None
    assert cleaning.picture_bytes("https://example.com/a.png") is None
