"""The generator of up to millions of followers, with dates, scenes and tags."""

from __future__ import annotations

import random
from collections import Counter
from dataclasses import dataclass

from simulator.chat import act
from simulator.clock import day_number
from simulator.push import Pusher
from simulator.user_actions import Actor
from simulator.world import Account, Follower, World, openid_of

DAY = 86_400
# The sources of followers, with realistic weights.
SCENES = {
    "ADD_SCENE_SEARCH": 30,
    "ADD_SCENE_QR_CODE": 30,
    "ADD_SCENE_PROFILE_CARD": 8,
    "ADD_SCENE_PROFILE_LINK": 12,
    "ADD_SCENE_PAID": 10,
    "ADD_SCENE_CHANNELS": 6,
    "ADD_SCENE_OTHERS": 4,
}
# The usual actions of followers, with weights.
HABITS: dict[str, dict[str, int]] = {
    "chatty": {"text": 9, "click": 1},
    "tapper": {"click": 8, "text": 2},
    "scanner": {"scan": 7, "text": 3},
    "silent": {"view": 1},
    "fickle": {"unfollow": 1, "text": 3},
}
QUESTIONS = ("你们几点开门？", "怎么预约？", "价格是多少", "在哪里", "谢谢", "人工")
STORES = 40


@dataclass(slots=True)
class Seeding:
    """The followers to add: ``tags`` are names, created if missing; ``tagged`` is the share with any tag."""

    count: int = 1000
    seed: int = 1
    tags: list[str] | None = None
    tagged: float = 0.4
    days: int = 730
    unionids: bool = False


def seed(world: World, account: Account, wanted: Seeding) -> int:
    """Adds followers, the oldest first; returns the number of current followers.

    A million takes some seconds and 400 MB.
    """
    chance = random.Random(wanted.seed)  # noqa: S311 - people, not keys
    combinations = tag_sets(account, wanted, chance)
    habits, scenes = list(HABITS), list(SCENES)
    weights, start = list(SCENES.values()), int(world.now) - wanted.days * DAY
    stores = [f"store-{number:04}" for number in range(STORES)]
    for number in range(wanted.count):
        openid = openid_of(account.appid, f"persona/{wanted.seed}/{number}")
        scene = chance.choices(scenes, weights)[0]
        at = start + number * wanted.days * DAY // wanted.count
        if openid not in account.followers:
            account.growth.change(day_number(at), scene).came += 1
        account.followers[openid] = Follower(
            openid,
            subscribed_at=at,
            subscribe_scene=scene,
            qr_scene_str=chance.choice(stores) if scene == "ADD_SCENE_QR_CODE" else "",
            tags=chance.choice(combinations),
            unionid=openid_of("union", f"persona/{wanted.seed}/{number}") if wanted.unionids else "",
            habit=habits[number % len(habits)],
        )
    world.follower_lists.pop(account.appid, None)
    return world.follower_list(account).total


def tag_sets(account: Account, wanted: Seeding, chance: random.Random) -> list[list[int] | None]:
    """Returns a hundred sets of tags to draw from; followers share them, so they must not be modified."""
    numbers = [tag_number(account, name) for name in wanted.tags or ()]
    if not numbers:
        return [None]
    tagged = round(wanted.tagged * 100)
    some = [sorted(chance.sample(numbers, chance.randint(1, min(3, len(numbers))))) for _ in range(tagged)]
    return [*some, *([None] * (100 - tagged))]


def tag_number(account: Account, name: str) -> int:
    for known, taken in account.tags.items():
        if taken == name:
            return int(known)
    number = max((int(each) for each in account.tags), default=99) + 1
    account.tags[str(number)] = name
    return number


async def act_some(pusher: Pusher, account: Account, count: int) -> dict[str, int]:
    """Performs usual actions of ``count`` random followers; returns the number of actions by kind."""
    chance, done = random.Random(), Counter[str]()  # noqa: S311 - people, not keys
    actors = [each for each in account.followers.values() if each.habit and each.subscribed]
    for actor in chance.sample(actors, min(count, len(actors))):
        actions = HABITS[actor.habit]
        action = chance.choices(list(actions), list(actions.values()))[0]
        given = {
            "type": action,
            "content": chance.choice(QUESTIONS),
            "key": "hours",
            "scene": f"store-{chance.randrange(STORES):04}",
            "url": "https://example.com/",
        }
        await act(pusher, Actor(pusher.world, account, actor.openid), given)
        done[action] += 1
    return dict(done)
