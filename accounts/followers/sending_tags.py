"""The creation, renaming and deletion of tags on the platform. Reference: WeChat reference 6.5."""

import datetime
from collections.abc import Callable

from django.utils.translation import gettext_lazy

from accounts.followers.models import Tag
from accounts.official.clients import client_for
from wechat.kernel import work
from wechat.sdk.calls import tags
from wechat.sdk.client import Client
from wechat.sdk.errors import ApiError

TAGS = work.Kind(
    "followers.send_tags",
    lambda: Tag.objects.select_related("account"),
    label=gettext_lazy("Making tags on WeChat"),
    lease=datetime.timedelta(minutes=1),
    queue=work.BULK,
)
NAME_TAKEN = 45157
UNKNOWN = 45159


@TAGS.each
def send_tag(tag: Tag) -> None:
    """Creates, renames or deletes a tag on the platform."""
    outcome = _action(tag)(client_for(tag.account), tag)
    if outcome is None:
        tag.delete()
    elif not tag.done(platform_id=outcome, state=Tag.State.THERE):
        # Renamed or deleted meanwhile: that change is due already, but needs the platform's number.
        Tag.objects.filter(pk=tag.pk).update(platform_id=outcome)


def _action(tag: Tag) -> Callable[[Client, Tag], int | None]:
    """Returns the function that creates, renames or deletes the tag on the platform.

    That function returns the tag's number there, or ``None`` once the tag is deleted.
    """
    if tag.state == Tag.State.DELETING:
        return _delete
    return _create if tag.platform_id is None else _rename


def _create(client: Client, tag: Tag) -> int:
    try:
        return tags.create(client, tag.name)
    except ApiError as error:
        # The tag may have been created by an attempt whose response was lost.
        found = [each.id for each in tags.get(client).tags if each.name == tag.name]
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
