"""The rules as plain data for export, comparison and import; a rule is imported as a whole or not at all.

Tags are written by name, so that a file works on another installation. Secrets are left out.
"""

import datetime
import json
from collections.abc import Sequence
from typing import Any

from Crypto.Hash import SHA256
from django.core.exceptions import ValidationError
from django.utils.dateparse import parse_datetime, parse_time
from django.utils.translation import gettext as _

from accounts.followers.models import Tag
from accounts.official.models import OfficialAccount
from wechat.contents.checks import check_content, check_together, check_variables, sentence
from wechat.contents.variables import VARIABLES
from wechat.materials.models import Asset
from wechat.replies import versions
from wechat.replies.models import Keyword, Reply, Rule
from wechat.replies.specs import Trigger
from wechat.replies.validation import check_handover
from wechat.sdk.content import Content
from wechat.sdk.errors import ContentError
from wechat.sdk.stored_content import from_dict, to_dict

Portable = dict[str, Any]

PLAIN_FIELDS = {
    "name": str, "enabled": bool, "trigger": str, "message_kind": str, "event": str, "event_key": str,
    "scene": str, "weekdays": list, "strategy": str, "forward_url": str, "note": str,
}  # fmt: skip
TIMES = {
    "valid_from": parse_datetime,
    "valid_until": parse_datetime,
    "opens_at": parse_time,
    "closes_at": parse_time,
}


def portable(rule: Rule) -> Portable:
    # Unused newer features are left out, so that the digests of older rules stay the same.
    adds = sorted(tag.name for tag in rule.adds_tags.all())
    return {
        **({"adds_tags": adds} if adds else {}),
        **({"in_shadow": True} if rule.in_shadow else {}),
        **({"hands_to": rule.hands_to, "away_text": rule.away_text} if rule.hands_to else {}),
        **{name: getattr(rule, name) for name in PLAIN_FIELDS},
        **{name: _iso(getattr(rule, name)) for name in TIMES},
        "new_follower_days": rule.new_follower_days,
        "tags": sorted(tag.name for tag in rule.tags.all()),
        "keywords": [{"compare": each.compare, "text": each.text} for each in rule.keywords.all()],
        "replies": [reply.complete for reply in rule.replies.all()],
    }


def digest(data: Portable) -> str:
    """Returns a digest of the rule's data that ignores whether the rule is enabled."""
    same = {name: value for name, value in data.items() if name != "enabled"}
    return SHA256.new(json.dumps(same, sort_keys=True, ensure_ascii=False).encode()).hexdigest()


def write(account: OfficialAccount, rule: Rule, data: Portable) -> None:
    """Writes the data to the rule. Raises ``ValidationError``; runs in the caller's transaction."""
    for name, kind in PLAIN_FIELDS.items():
        setattr(rule, name, _of_kind(data, name, kind))
    for name, read in TIMES.items():
        setattr(rule, name, _time(data, name, read))
    rule.in_shadow = _of_kind(data, "in_shadow", bool)
    for name in ("hands_to", "away_text"):
        setattr(rule, name, _of_kind(data, name, str))
    rule.new_follower_days = data.get("new_follower_days")
    rule.account = account
    rule.full_clean(exclude=["secret_id"])
    contents = [_content(account, stored) for stored in _list(data, "replies")]
    check_rule(rule, len(_list(data, "keywords")), contents)
    rule.save()
    rule.tags.set([_tag(account, name) for name in _list(data, "tags")])
    rule.adds_tags.set([_tag(account, name) for name in _list(data, "adds_tags")])
    _write_keywords(rule, _list(data, "keywords"))
    _write_replies(rule, contents)
    versions.note_tags(rule)


def check_rule(rule: Rule, keywords: int, contents: Sequence[Content]) -> None:
    """Checks a rule; a disabled one may be incomplete. Raises ``ValidationError`` if it could not work."""
    if not rule.enabled:
        return
    check_together(contents, one_at_random=rule.strategy == Rule.Strategy.RANDOM)
    check_handover(rule.hands_to, contents)
    check_variables([*contents, rule.away_text if rule.hands_to else ""], VARIABLES.by_name())
    if rule.trigger == Trigger.KEYWORD and not keywords:
        raise ValidationError(_("A keyword rule needs a keyword: add one, or choose what else to answer to."))
    if not contents and not rule.forward_url:
        raise ValidationError(_("This rule says nothing: add a reply, or an address to forward to."))


def _write_keywords(rule: Rule, described: list[Any]) -> None:
    rule.keywords.all().delete()
    for each in described:
        keyword = Keyword(rule=rule, compare=each.get("compare", ""), text=str(each.get("text", "")))
        keyword.full_clean()
        keyword.save()


def _write_replies(rule: Rule, contents: Sequence[Content]) -> None:
    rule.replies.all().delete()
    for position, content in enumerate(contents):
        stored = to_dict(content)
        files = {
            "asset": _file(rule, stored.get("media_id", "")),
            "cover": _file(rule, stored.get("thumb_media_id", "")),
        }
        Reply.objects.create(rule=rule, position=position, content=stored, **files)


def _file(rule: Rule, media_id: str) -> Asset | None:
    """Returns the library's file with this media id, or ``None``."""
    return Asset.objects.filter(account=rule.account, media_id=media_id).first() if media_id else None


def _content(account: OfficialAccount, stored: Any) -> Content:
    try:
        content = from_dict(stored)
    except ContentError as error:
        raise ValidationError(
            _("A reply cannot be read: %(what)s") % {"what": sentence(error, None)}
        ) from None
    check_content(content, account.name)
    return content


def _tag(account: OfficialAccount, name: Any) -> Tag:
    found = Tag.objects.filter(account=account, name=str(name)).first()
    if found is None:
        raise ValidationError(
            _("There is no tag “%(name)s”: make it first, then import again.") % {"name": name}
        )
    return found


def _of_kind(data: Portable, name: str, kind: type) -> Any:
    value = data.get(name, getattr(Rule(), name))
    if not isinstance(value, kind):
        raise ValidationError(_("“%(name)s” has the wrong form.") % {"name": name})
    return value


def _time(data: Portable, name: str, read: Any) -> datetime.datetime | datetime.time | None:
    value = data.get(name)
    if value is None:
        return None
    try:
        found: datetime.datetime | datetime.time | None = read(value)
    except (TypeError, ValueError):
        found = None
    if found is None or (isinstance(found, datetime.datetime) and found.tzinfo is None):
        raise ValidationError(_("“%(name)s” is not a time.") % {"name": name})
    return found


def _list(data: Portable, name: str) -> list[Any]:
    value = data.get(name, [])
    form = str if name in {"tags", "adds_tags"} else dict
    if not isinstance(value, list) or not all(isinstance(each, form) for each in value):
        raise ValidationError(_("“%(name)s” has the wrong form.") % {"name": name})
    return value


def _iso(value: datetime.datetime | datetime.time | None) -> str | None:
    return value.isoformat() if value else None
