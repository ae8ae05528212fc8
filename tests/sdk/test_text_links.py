"""Tests of the links in texts that can be tapped."""

import pytest

from wechat.sdk.text_links import Link, parts_of, visible_text

PAGE = "https://a.example/?x=1&y=2"


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("没有链接", ["没有链接"]),
        (f'看<a href="{PAGE}">这里</a>吧', ["看", Link("这里", PAGE), "吧"]),
        (f"<A class='x' HREF='{PAGE}'>这里</A>", [Link("这里", PAGE)]),
        (
            f'<a data-miniprogram-appid="wx12" data-miniprogram-path="pages/a?b=1" href="{PAGE}">小程序</a>',
            [Link("小程序", PAGE, "wx12", "pages/a?b=1")],
        ),
        (f"打开{PAGE}，谢谢", ["打开", Link(PAGE, PAGE), "，谢谢"]),
        ('<a href="javascript:alert(1)">点</a>', ['<a href="javascript:alert(1)">点</a>']),
        ('<a href="data:text/html,x">点</a>', ['<a href="data:text/html,x">点</a>']),
        ("<a>点</a> 1 < 2 <b>粗</b>", ["<a>点</a> 1 < 2 <b>粗</b>"]),
    ],
)
def test_links_are_found_and_all_else_is_text(text: str, parts: list[str | Link]) -> None:
    assert [part for part in parts_of(text) if part] == parts


def test_the_words_of_a_text_are_what_is_read() -> None:
    assert visible_text(f'看<a href="{PAGE}">这里</a> 1 < 2') == "看这里 1 < 2"
