"""Values put into texts: once, and percent-encoded where they become part of an address."""

import pytest

from wechat.kernel.placeholders import fill, fill_address, fill_all, names_in, needed_in
from wechat.sdk.content import News, NewsArticle

WORDS = {"name": "张 三&", "号": "A/1", "inner": "{name}", "empty": "", "site": "https://a.example/?x=1"}


@pytest.mark.parametrize(
    ("text", "filled"),
    [
        ("{name} 您好", "张 三& 您好"),
        ("{inner}{号}", "{name}A/1"),
        ("{colour} {} { name }", "{colour} {} { name }"),
        ("{empty|朋友}您好，{name|朋友}", "朋友您好，张 三&"),
        ("{empty}{empty|}{colour|红}", "{colour|红}"),
        (
            "看 https://x.example/?n={name}，{name}",
            "看 https://x.example/?n=%E5%BC%A0%20%E4%B8%89%26，张 三&",
        ),
        (
            '<a href="https://x.example/{号}?n={empty|访 客}">{号}</a>',
            '<a href="https://x.example/A%2F1?n=%E8%AE%BF%20%E5%AE%A2">A/1</a>',
        ),
        ("打开 {site}", "打开 https://a.example/?x=1"),
    ],
)
def test_a_text_is_read_once(text: str, filled: str) -> None:
    assert fill(text, WORDS) == filled


def test_a_value_becomes_part_of_an_address_or_is_one() -> None:
    assert fill_address("pages/order?id={号}", WORDS) == "pages/order?id=A%2F1"
    assert fill_address("{site}", WORDS) == WORDS["site"]


def test_the_addresses_of_a_content_are_known_by_their_names() -> None:
    article = NewsArticle(
        "{name}", "{inner}", pic_url="https://p.example/{号}.png", url="https://x.example/{name}"
    )
    (filled,) = fill_all(News((article,)), WORDS).articles
    assert (filled.title, filled.description) == ("张 三&", "{name}")
    assert filled.pic_url == "https://p.example/A%2F1.png"
    assert filled.url == "https://x.example/%E5%BC%A0%20%E4%B8%89%26"
    stored = {"articles": [{"title": "{号}", "url": "https://x.example/{号}"}], "count": 3}
    assert fill_all(stored, WORDS) == {
        "articles": [{"title": "A/1", "url": "https://x.example/A%2F1"}],
        "count": 3,
    }


def test_names_are_found_wherever_they_are() -> None:
    parts = ("{a} {b|x}", {"url": "https://x.example/{c}"}, News((NewsArticle(title="{d}", url=""),)))
    assert names_in(*parts) == {"a", "b", "c", "d"}
    assert needed_in(*parts) == {"a", "c", "d"}
