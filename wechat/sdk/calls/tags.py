"""The calls for the tags of an account, and for tagging followers. WeChat reference 6.5."""

from collections.abc import Sequence
from dataclasses import dataclass

from wechat.sdk.answers import MOST, count, length, number, part, rows, text
from wechat.sdk.client import Client
from wechat.sdk.errors import TransportError

# The most openids one tagging call takes, tags an account has, and tags a follower has.
TAGGING_BATCH = 50
MOST_TAGS = 100
MOST_OF_A_FOLLOWER = 20
LONGEST_NAME = 30


@dataclass(frozen=True, slots=True)
class PlatformTag:
    """A tag; ``count`` is the number of followers with it; ids 0 to 2 are the platform's own tags.

    The name is empty if the platform did not tell it.
    """

    id: int
    name: str
    count: int = 0


@dataclass(frozen=True, slots=True)
class TagList:
    """The tags of an account; if the list ``is_whole``, a tag that is not among them was deleted."""

    tags: Sequence[PlatformTag]
    is_whole: bool = True


def create(client: Client, name: str) -> int:
    """Creates a tag and returns its id.

    Raises ApiError 45056 for 100 tags there already, 45157 for a name used or not allowed, 45158 for one that
    is too long.
    """
    tag_id = number(part(client.post("/cgi-bin/tags/create", {"tag": {"name": name}}), "tag"), "id")
    if tag_id <= 0:
        raise TransportError("/cgi-bin/tags/create answered no id", outcome_unknown=True)
    return tag_id


def get(client: Client) -> TagList:
    answer = client.get("/cgi-bin/tags/get")
    listed = [
        PlatformTag(number(tag, "id", -1), text(tag, "name"), count(tag, "count"))
        for tag in rows(answer, "tags")
    ]
    found = [tag for tag in listed if 0 <= tag.id <= MOST]
    is_whole = isinstance(answer.get("tags"), list) and len(found) == length(answer, "tags")
    return TagList([*{tag.id: tag for tag in found}.values()], is_whole)


def update(client: Client, tag_id: int, name: str) -> None:
    client.post("/cgi-bin/tags/update", {"tag": {"id": tag_id, "name": name}})


def delete(client: Client, tag_id: int) -> None:
    """Deletes a tag. Raises ApiError 45057 while more than 100,000 followers have it."""
    client.post("/cgi-bin/tags/delete", {"tag": {"id": tag_id}})


def tag(client: Client, tag_id: int, openids: Sequence[str]) -> None:
    """Tags at most ``TAGGING_BATCH`` followers.

    Raises ApiError 45171, whose ``failed_openids`` are those that were not tagged.
    """
    client.post("/cgi-bin/tags/members/batchtagging", {"openid_list": list(openids), "tagid": tag_id})


def untag(client: Client, tag_id: int, openids: Sequence[str]) -> None:
    client.post("/cgi-bin/tags/members/batchuntagging", {"openid_list": list(openids), "tagid": tag_id})
