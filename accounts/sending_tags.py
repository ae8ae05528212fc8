"""Tags on their way to the platform: created, renamed, deleted. Reference: WeChat reference 6.5."""

import datetime
from collections.abc import Callable

from celery import shared_task
from django.db.models import F, QuerySet

from accounts import errcodes
from accounts.clients import client_for
from accounts.models import Tag
from accounts.retrying import again_at
from wechat.kernel import due
from wechat.sdk.api import tags
from wechat.sdk.client import Client
from wechat.sdk.errors import ApiError, WeChatError

LEASE = datetime.timedelta(minutes=10)
CLAIMED = 20
NAME_TAKEN = 45157
UNKNOWN = 45159


@shared_task(name="accounts.send_tags")
def send_tags() -> int:
    """Create, rename and delete on the platform what is due; how many tags."""
    waiting = Tag.objects.filter(account__enabled=True).select_related("account")
    return due.work_off(waiting, _send_tag, lease=LEASE, limit=CLAIMED)


def _send_tag(tag: Tag) -> None:
    former = tag.name, tag.state
    try:
        outcome = _deed(tag)(client_for(tag.account), tag)
    except WeChatError as error:
        at = again_at(error, tag.attempts)
        state = {} if at else {"state": Tag.State.FAILED}
        _as_it_was(tag, former).update(
            due_at=at, attempts=F("attempts") + 1, error=errcodes.mark(error), **state
        )
        return
    if outcome is None:
        tag.delete()
        return
    there = _as_it_was(tag, former).update(
        platform_id=outcome, state=Tag.State.THERE, due_at=None, attempts=0, error=""
    )
    if not there:
        # Renamed or deleted meanwhile: its new wish is due already, but needs the number.
        Tag.objects.filter(pk=tag.pk).update(platform_id=outcome)


def _as_it_was(tag: Tag, former: tuple[str, str]) -> QuerySet[Tag]:
    return Tag.objects.filter(pk=tag.pk, name=former[0], state=former[1])


def _deed(tag: Tag) -> Callable[[Client, Tag], int | None]:
    """What the platform is to do; the deed gives the tag's number there, or ``None`` for a deleted one."""
    if tag.state == Tag.State.DELETING:
        return _delete
    return _create if tag.platform_id is None else _rename


def _create(client: Client, tag: Tag) -> int:
    try:
        return tags.create(client, tag.name)
    except ApiError as error:
        # Perhaps made by an attempt whose answer was lost.
        found = [each.id for each in tags.get(client) if each.name == tag.name]
        if error.errcode != NAME_TAKEN or not found:
            raise
        return found[0]


def _rename(client: Client, tag: Tag) -> int:
    number = tag.platform_id or 0
    tags.update(client, number, tag.name)
    return number


def _delete(client: Client, tag: Tag) -> None:
    if tag.platform_id is None:
        return
    try:
        tags.delete(client, tag.platform_id)
    except ApiError as error:
        if error.errcode != UNKNOWN:
            raise
