"""The filters of texts put together: ``{{ label|labelled:text }}``, ``{{ sentence|and_then:another }}``."""

import re
from collections.abc import Iterable
from typing import Any

from django import template
from django.utils.html import conditional_escape
from django.utils.safestring import SafeString

from wechat.console import phrases

register = template.Library()

CHINESE = "[\u4e00-\u9fff]"
BLANKS_IN_CHINESE = re.compile(f"(?<={CHINESE}) +(?={CHINESE})")

# What is put together is escaped before, and may be HTML.


@register.filter
def labelled(label: Any, text: Any) -> SafeString:
    """Returns a text after its label."""
    return SafeString(phrases.labelled(conditional_escape(label), conditional_escape(text)))


@register.filter
def joined(sentences: Iterable[Any]) -> SafeString:
    """Returns whole sentences after each other."""
    return SafeString(phrases.joined(map(conditional_escape, sentences)))


@register.filter
def and_then(sentence: Any, another: Any) -> SafeString:
    """Returns two sentences after each other; only the one that there is."""
    return joined(each for each in (sentence, another) if each)


@register.filter(is_safe=True)
def without_chinese_blanks(html: str) -> str:
    """Returns the HTML without the blanks that a template puts between two words, which Chinese has not."""
    return BLANKS_IN_CHINESE.sub("", html)
