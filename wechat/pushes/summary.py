"""The short descriptions and colours of pushes, for lists, conversations and confirmations."""

from collections.abc import Mapping
from typing import Any

from django.utils.functional import Promise
from django.utils.safestring import SafeString
from django.utils.text import Truncator
from django.utils.translation import gettext_lazy as _
from django_stubs_ext import StrOrPromise

from accounts.official.error_sentences import in_words
from wechat.console.text_links import linked
from wechat.pushes.models import Push
from wechat.pushes.states import PushState
from wechat.sdk.text_links import visible_text

COLOURS: Mapping[PushState, str] = {
    Push.State.PENDING: "plain",
    Push.State.SENDING: "plain",
    Push.State.SENT: "good",
    Push.State.DELIVERED: "good",
    Push.State.FAILED: "bad",
    Push.State.UNCERTAIN: "warn",
    Push.State.SKIPPED: "warn",
}
KINDS: Mapping[str, str | Promise] = {
    "image": _("[Picture]"),
    "voice": _("[Voice]"),
    "video": _("[Video]"),
    "music": _("[Music]"),
    "news": _("[Article]"),
    "transfer_customer_service": _("[Transfer to customer service]"),
    "miniprogrampage": _("[Mini-program card]"),
    "msgmenu": _("[Menu message]"),
    "mpnewsarticle": _("[Published article]"),
    "wxcard": _("[Card]"),
}


def words(content: Mapping[str, Any]) -> str:
    """Returns the content of a push in words.

    That is the text as it is read, the values of a template, or the kind and title of anything else.
    """
    if content.get("type") == "text":
        return visible_text(str(content.get("content", "")))
    if "values" in content:
        return " · ".join(map(str, content["values"].values()))
    kind = str(content.get("type"))
    return f"{KINDS.get(kind, f'[{kind}]')} {_title(content)}".strip()


def rendered(content: Mapping[str, Any]) -> SafeString:
    """Returns the whole content of a push in words, with the links of a text as links."""
    is_text = content.get("type") == "text"
    return linked(str(content.get("content", "")) if is_text else words(content))


def summary(content: Mapping[str, Any]) -> str:
    return Truncator(words(content)).chars(80)


def because(push: Push) -> StrOrPromise:
    """Returns why the push was not sent; for a refusal of the platform, with what to do about it."""
    if push.reason in {"", Push.Reason.REFUSED} and push.errcode is not None:
        return in_words(push.errcode)
    return push.get_reason_display()


def _title(content: Mapping[str, Any]) -> str:
    articles = content.get("articles") or [{}]
    return str(content.get("title") or content.get("head") or articles[0].get("title") or "")
