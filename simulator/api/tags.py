"""The API of tags and their followers (WeChat reference 6.5)."""

from __future__ import annotations

from typing import Any

from simulator.api.calls import OK, Answer, Call, api, verified
from simulator.api.followers import as_page
from simulator.errors import ApiError
from simulator.follower_list import page
from simulator.world import Follower

FIRST_ID = 100
MOST_TAGS = 100
LONGEST_NAME = 30
MOST_OF_A_FOLLOWER = 20
BATCH = 50
UNDELETABLE = 100_000
SYSTEM = {2: "星标组"}


@api("POST", "/cgi-bin/tags/create", right=verified)
def create(call: Call) -> Answer:
    name = new_name(call, call.object("tag"))
    if len(call.account.tags) >= MOST_TAGS:
        raise ApiError(45056)
    number = max((int(each) for each in call.account.tags), default=FIRST_ID - 1) + 1
    call.account.tags[str(number)] = name
    return {"tag": {"id": number, "name": name}}


def new_name(call: Call, tag: dict[str, Any]) -> str:
    name = tag.get("name")
    if not isinstance(name, str) or not name.strip():
        raise ApiError(45157)
    if len(name) > LONGEST_NAME:
        raise ApiError(45158)
    if name in call.account.tags.values():
        raise ApiError(45157)
    return name


@api("GET", "/cgi-bin/tags/get", right=verified)
def listed(call: Call) -> Answer:
    counts: dict[int, int] = {}
    for follower in call.account.followers.values():
        if follower.subscribed:
            for tag in follower.tags or ():
                counts[tag] = counts.get(tag, 0) + 1
    known = {**SYSTEM, **{int(number): name for number, name in call.account.tags.items()}}
    return {
        "tags": [{"id": each, "name": name, "count": counts.get(each, 0)} for each, name in known.items()]
    }


@api("POST", "/cgi-bin/tags/update", right=verified)
def update(call: Call) -> Answer:
    tag = call.object("tag")
    number = own(call, tag.get("id"))
    if call.account.tags[str(number)] != tag.get("name"):
        call.account.tags[str(number)] = new_name(call, tag)
    return OK


@api("POST", "/cgi-bin/tags/delete", right=verified)
def delete(call: Call) -> Answer:
    number = own(call, call.object("tag").get("id"))
    having = [each for each in call.account.followers.values() if number in (each.tags or ())]
    if len(having) > UNDELETABLE:
        raise ApiError(45057)
    for follower in having:
        without(follower, number)
    del call.account.tags[str(number)]
    return OK


def own(call: Call, number: Any) -> int:
    """Returns the id of a tag that may be changed.

    Raises 45058 for a tag of the platform, 45159 for an unknown one.
    """
    if not isinstance(number, int):
        raise ApiError(47001)
    if number <= max(SYSTEM):
        raise ApiError(45058)
    if str(number) not in call.account.tags:
        raise ApiError(45159)
    return number


@api("POST", "/cgi-bin/user/tag/get", right=verified)
def followers(call: Call) -> Answer:
    number, cursor = known(call), call.optional_text("next_openid", 40003)
    try:
        everybody = call.world.follower_list(call.account).after(cursor)
        having = (each for each in everybody if number in (each.tags or ()))
        return as_page(page(having, call.world.settings.user_page_size))
    except KeyError:
        raise ApiError(40003) from None


def known(call: Call) -> int:
    number = call.number("tagid")
    if number not in SYSTEM and str(number) not in call.account.tags:
        raise ApiError(45159)
    return number


@api("POST", "/cgi-bin/tags/members/batchtagging", right=verified)
def batch_tag(call: Call) -> Answer:
    """Adds a tag to followers: to none if one is unknown; lists the openids that already have 20 tags."""
    number, chosen = known(call), followers_of(call, BATCH)
    full = [each for each in chosen if number not in (each.tags or ()) and is_full(each)]
    if len(full) == len(chosen) == 1:
        raise ApiError(45059)
    for follower in chosen:
        if number not in (follower.tags or ()) and follower not in full:
            follower.tags = [*(follower.tags or ()), number]
    if full:
        raise ApiError(45171, more={"fail_openid_list": [each.openid for each in full]})
    return OK


def is_full(follower: Follower) -> bool:
    return len(follower.tags or ()) >= MOST_OF_A_FOLLOWER


@api("POST", "/cgi-bin/tags/members/batchuntagging", right=verified)
def batch_untag(call: Call) -> Answer:
    number, chosen = known(call), followers_of(call, BATCH)
    for follower in chosen:
        without(follower, number)
    return OK


def without(follower: Follower, number: int) -> None:
    # A new list, because followers of the same seed share one.
    follower.tags = [each for each in follower.tags or () if each != number] or None


def followers_of(call: Call, most: int) -> list[Follower]:
    """Returns the followers that a call names.

    Raises 40032 for none or too many, 40003 for unknown openids, 49003 for somebody who no longer follows.
    """
    openids = call.texts("openid_list")
    if not 0 < len(openids) <= most:
        raise ApiError(40032)
    found = [call.account.follower(each) for each in dict.fromkeys(openids)]
    if not all(each.subscribed for each in found):
        raise ApiError(49003)
    return found


@api("POST", "/cgi-bin/tags/getidlist", right=verified)
def of_follower(call: Call) -> Answer:
    return {"tagid_list": call.account.follower(call.text("openid", 41009)).tags or []}
