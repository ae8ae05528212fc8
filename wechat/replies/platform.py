"""The translation of the platform's own auto-replies into rules as plain data.

Source: the answer of ``get_current_autoreply_info``.
"""

import json
from collections import Counter
from collections.abc import Iterable, Iterator
from typing import Any

from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _

from wechat.console.phrases import joined
from wechat.contents.checks import MOST_REPLIES, check_content, check_together, check_variables
from wechat.contents.variables import VARIABLES
from wechat.replies.portable import Portable
from wechat.replies.specs import LONGEST_KEYWORD, Compare, Trigger
from wechat.replies.validation import check_keyword
from wechat.sdk.answers import flag, number, part, rows, text
from wechat.sdk.errors import ContentError
from wechat.sdk.stored_content import from_dict

MEDIA = {"img": "image", "image": "image", "voice": "voice", "video": "video"}
COMPARES = {"contain": Compare.CONTAINS, "equal": Compare.EQUALS}
LONGEST_NAME = 60


class _Foreign(Exception):
    """The error for an auto-reply of the platform that our rules cannot express."""


def described(info: dict[str, Any], account_name: str) -> Iterator[tuple[str, Portable]]:
    """Yields pairs of the key that names a rule in every import, and the rule."""
    follow, default = part(info, "add_friend_autoreply_info"), part(info, "message_default_autoreply_info")
    if follow:
        on = bool(flag(info, "is_add_friend_reply_open"))
        yield "platform:follow", _rule(_("Welcome"), Trigger.FOLLOW, [follow], account_name, enabled=on)
    on = bool(flag(info, "is_autoreply_open"))
    yield from _keyword_rules(info, on, account_name)
    if default:
        yield "platform:default", _rule(_("Default"), Trigger.DEFAULT, [default], account_name, enabled=on)


def _keyword_rules(info: dict[str, Any], on: bool, account_name: str) -> Iterator[tuple[str, Portable]]:
    twins: Counter[str] = Counter()
    for listed in rows(part(info, "keyword_autoreply_info"), "list"):
        key = f"platform:keyword:{number(listed, 'create_time')}"
        twins[key] += 1
        rule = _rule(
            text(listed, "rule_name") or _("Without name"),
            Trigger.KEYWORD,
            rows(listed, "reply_list_info"),
            account_name,
            enabled=on,
            keywords=rows(listed, "keyword_list_info"),
            random=text(listed, "reply_mode") == "random_one",
        )
        yield f"{key}:{twins[key]}", rule


def _rule(
    name: str,
    trigger: Trigger,
    replies: list[Any],
    account_name: str,
    *,
    enabled: bool,
    keywords: Iterable[Any] = (),
    random: bool = False,
) -> Portable:
    """Returns a rule with all that our rules can express; whatever cannot be taken over is in its note.

    A rule that lacks anything is not enabled.
    """
    notes: list[str] = []
    kept_keywords = [kept for each in keywords for kept in _keyword(each, notes)]
    taken = [list(_replies(each, account_name, notes)) for each in replies]
    in_links = random or sum(map(len, taken)) > MOST_REPLIES
    kept_replies = [kept for several in taken for kept in _as_few(several, in_links=in_links)]
    if not random:
        # A video can be the passive reply, but not a customer-service message, which would need a cover.
        kept_replies.sort(key=lambda kept: kept["type"] != "video")
    _check_together(kept_replies, random, notes)
    lacking = not kept_replies or (trigger is Trigger.KEYWORD and not kept_keywords)
    return {
        "name": name[:LONGEST_NAME],
        "enabled": enabled and not notes and not lacking,
        "trigger": trigger.value,
        "strategy": "random" if random else "all",
        "keywords": [each for at, each in enumerate(kept_keywords) if each not in kept_keywords[:at]],
        "replies": kept_replies,
        "note": "\n".join(notes),
    }


def _check_together(replies: list[dict[str, Any]], random: bool, notes: list[str]) -> None:
    contents = [from_dict(each) for each in replies]
    try:
        check_together(contents, one_at_random=random)
        check_variables(contents, VARIABLES.by_name())
    except ValidationError as error:
        notes.extend(error.messages)


def _keyword(listed: dict[str, Any], notes: list[str]) -> Iterator[dict[str, str]]:
    word, compare = text(listed, "content").strip(), COMPARES.get(text(listed, "match_mode"))
    try:
        if compare is None or len(word) > LONGEST_KEYWORD:
            raise _Foreign
        check_keyword(compare, word)
    except (_Foreign, ValidationError):
        notes.append(_("This keyword could not be taken over: %(what)s") % {"what": _json(listed)})
    else:
        yield {"compare": compare.value, "text": word}


def _replies(listed: dict[str, Any], account_name: str, notes: list[str]) -> Iterator[dict[str, Any]]:
    try:
        contents = list(_contents(listed))
        for content in contents:
            check_content(from_dict(content), account_name)
    except (_Foreign, ContentError, ValidationError) as error:
        why = joined(error.messages) if isinstance(error, ValidationError) else ""
        sentence = _("This reply could not be taken over: %(what)s") % {"what": _json(listed)}
        notes.append(f"{sentence} {why}".strip())
    else:
        yield from contents


def _contents(listed: dict[str, Any]) -> Iterator[dict[str, Any]]:
    kind, body = text(listed, "type"), text(listed, "content")
    if kind == "text":
        yield {"type": "text", "content": body}
    elif kind in MEDIA and not body.startswith(("http://", "https://")):
        yield {"type": MEDIA[kind], "media_id": body}
    elif kind == "news" and (articles := rows(part(listed, "news_info"), "list")):
        yield from map(_article, articles)
    else:
        raise _Foreign


def _as_few(replies: list[dict[str, Any]], *, in_links: bool) -> list[dict[str, Any]]:
    """Returns the replies for one auto-reply of the platform.

    Several articles become the links of one text if a reply is drawn at random, or if they are too many.
    """
    if len(replies) < 2 or not in_links:
        return replies
    articles = [reply["articles"][0] for reply in replies]
    links = (f'<a href="{each["url"]}">{each["title"]}</a>' for each in articles)
    return [{"type": "text", "content": "\n".join(links)}]


def _article(listed: dict[str, Any]) -> dict[str, Any]:
    """Returns the reply for one article; a reply has only one, so several become several replies."""
    article = {
        "title": text(listed, "title"),
        "description": text(listed, "digest"),
        "pic_url": text(listed, "cover_url"),
        "url": text(listed, "content_url"),
    }
    return {"type": "news", "articles": [article]}


def _json(listed: Any) -> str:
    return json.dumps(listed, ensure_ascii=False)
