"""The versions of rules with their keywords, replies and tags: description and restoration."""

from collections.abc import Mapping
from typing import Any

from django.utils.text import capfirst
from django.utils.translation import gettext as _

from accounts.followers.models import Tag
from wechat.console.versions import words_of
from wechat.materials.models import Asset
from wechat.replies.describing import marked
from wechat.replies.models import Keyword, Reply, Rule

TAGS = ("tags", "adds_tags")
# The fields that a restoration leaves as they are, such as the rule's position.
KEPT = ("id", "account", "position", "source_key", "source_digest")


def note_tags(rule: Rule) -> None:
    """Stores the tags with the newest version; called after all parts of a change are stored."""
    newest = rule.history.first()
    if newest is not None:
        newest.tag_ids = {name: [tag.pk for tag in getattr(rule, name).all()] for name in TAGS}
        newest.save(update_fields=["tag_ids"])


def words(rule: Rule, version: Any = None) -> Mapping[str, str]:
    """Returns the fields of the rule, or of a version of it, in words by label."""
    tracked = [field for field in Rule.history.model.tracked_fields if field.name not in KEPT]
    by_label = words_of(version.instance if version else rule, tracked)
    keywords = _parts(Keyword, version) if version else list(rule.keywords.all())
    replies = _parts(Reply, version) if version else list(rule.replies.all())
    by_label[_called(Keyword)] = " · ".join(marked(each.compare, each.text) for each in keywords)
    files = Asset.objects.in_bulk({each.asset_id for each in replies if each.asset_id})
    by_label[_called(Reply)] = "\n".join(
        Reply(content=each.content, asset=files.get(each.asset_id)).words for each in replies
    )
    for name in TAGS:
        field: Any = Rule._meta.get_field(name)
        label = str(capfirst(field.verbose_name))
        by_label[label] = _(", ").join(tag.name for tag in _tags(rule, version, name))
    return by_label


def bring_back(rule: Rule, version: Any) -> None:
    """Restores the rule to a version. Raises ``ValidationError``; runs in the caller's transaction."""
    former = version.instance
    for field in Rule.history.model.tracked_fields:
        if field.name not in KEPT:
            setattr(rule, field.attname, getattr(former, field.attname))
    tags = {name: _tags(rule, version, name) for name in TAGS}
    keywords, replies = _parts(Keyword, version), _parts(Reply, version)
    rule.full_clean(exclude=["secret_id"])
    rule.save()
    for name, chosen in tags.items():
        getattr(rule, name).set(chosen)
    rule.keywords.all().delete()
    rule.replies.all().delete()
    for each in keywords:
        Keyword.objects.create(rule=rule, compare=each.compare, text=each.text)
    kept = Asset.objects.filter(account=rule.account_id).in_bulk(
        {key for each in replies for key in (each.asset_id, each.cover_id) if key}
    )
    for each in replies:
        files = {"asset": kept.get(each.asset_id), "cover": kept.get(each.cover_id)}
        Reply.objects.create(rule=rule, position=each.position, content=each.content, **files)
    note_tags(rule)


def _called(model: type[Keyword] | type[Reply]) -> str:
    return str(capfirst(model._meta.verbose_name))


def _parts(model: type[Keyword] | type[Reply], version: Any) -> list[Any]:
    """Returns the parts of a version, which are stored after the rule and before the next version."""
    rows = model.history.filter(rule_id=version.id)
    following = version.next_record
    if following is not None:
        rows = rows.filter(history_date__lt=following.history_date)
    newest: dict[int, Any] = {row.id: row for row in rows.order_by("history_date", "history_id")}
    there = [row for row in newest.values() if row.history_type != "-"]
    return sorted(there, key=lambda row: (getattr(row, "position", 0), row.id))


def _tags(rule: Rule, version: Any, name: str) -> list[Tag]:
    """Returns the tags of a version that still exist; today's tags if the version did not store any."""
    if version is None or version.tag_ids is None:
        return list(getattr(rule, name).all())
    return list(Tag.objects.filter(account=rule.account_id, pk__in=version.tag_ids.get(name, [])))
