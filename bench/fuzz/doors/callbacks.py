"""The door of callbacks: encrypted for one account and plain for another, in XML and JSON."""

from collections.abc import Mapping
from random import Random
from time import time

from bench.fuzz.inputs import Input, changed_query, headers, with_query
from bench.fuzz.mutations import as_json, changed_json, scrambled
from bench.fuzz.world import OPENID, World
from config.embedded import PROJECT

MESSAGES = [path.read_bytes() for path in sorted((PROJECT / "tests/data/wechat/callbacks").glob("*.xml"))]


def callback(world: World, random: Random) -> Input:
    slug = random.choice(["demo", "plain"])
    platform = world.platforms[slug]
    message = _message(random, platform.original_id)
    push = platform.safe(message) if slug == "demo" else platform.plain("")
    body = push.body if slug == "demo" else message
    query: Mapping[str, str | list[str]] = push.query
    if random.random() < 0.15:
        body, query = scrambled(random, body), changed_query(random, push.query)
    method = "GET" if random.random() < 0.03 else "POST"
    path = with_query(f"/wechat/{slug}/callback", query)
    return Input(method, path, body, headers(random, "text/xml"))


def _message(random: Random, original_id: str) -> bytes:
    number = random.randrange(10**17, 10**18)
    if random.random() < 0.25:
        message = {
            "ToUserName": original_id, "FromUserName": OPENID, "CreateTime": int(time()), "MsgType": "text",
            "Content": "价格", "MsgId": number,
        }  # fmt: skip
        return as_json(random, changed_json(random, message))
    seed = random.choice(MESSAGES).replace(b"gh_5c1e07ab93d2", original_id.encode())
    return scrambled(random, seed.replace(b"</xml>", b"<MsgId>%d</MsgId></xml>" % number))
