"""The door of uploads by a member of staff, on all pages that accept files."""

import json
from collections.abc import Callable, Mapping
from random import Random

from bench.fuzz.inputs import CSRF, Input, headers, multipart, word
from bench.fuzz.mutations import TOKENS, as_json, changed_json, repacked, scrambled
from bench.fuzz.world import OPENID, World

Fields = dict[str, bytes]
Files = dict[str, tuple[str, bytes]]
BOUNDARY = "fuzz-boundary"
RULES = {"format": "wechat-console-rules", "version": 1, "rules": [{"key": "a", "name": "n", "keywords": []}]}
MARKDOWN = "# 标题\n\n![](data:image/png;base64,AA==)\n\n<p style='color:red'>x</p>\n".encode() * 3


def uploads(world: World, random: Random) -> Input:
    path = random.choice(list(PAGES))
    fields, files = PAGES[path](world, random)
    if random.random() < 0.1:
        files = {name: (word(random).replace('"', ""), content) for name, (_file, content) in files.items()}
    account = str(world.account.pk)
    body = multipart({"account": account.encode(), **fields}.items(), files, BOUNDARY)
    sent = headers(random, f"multipart/form-data; boundary={BOUNDARY}") | {
        "Cookie": f"sessionid={world.session}; csrftoken={CSRF}",
        "X-CSRFToken": CSRF,
    }
    target = f"/admin/{path}?account={account}&kind=image"
    return Input("POST", target, scrambled(random, body) if random.random() < 0.1 else body, sent)


def _followers(world: World, random: Random) -> tuple[Fields, Files]:
    return {}, {"file": _table(world, random)}


def _campaign(world: World, random: Random) -> tuple[Fields, Files]:
    fields = {
        "name": b"c", "way": b"service", "audience": b"file", "per_second": b"10", "cap_days": b"0",
        "held_out": b"0",
    }  # fmt: skip
    return fields, {"table": _table(world, random)}


def _mass_send(world: World, random: Random) -> tuple[Fields, Files]:
    fields = {"kind": b"text", "text": b"x", "target": b"list", "name": b"m"}
    return fields, {"openid_file": _table(world, random)}


def _menus(world: World, random: Random) -> tuple[Fields, Files]:
    content = as_json(random, changed_json(random, json.loads(world.menu_file)))
    return {}, {"file": ("menus.json", content)}


def _rules(world: World, random: Random) -> tuple[Fields, Files]:
    return {}, {"file": ("rules.json", as_json(random, changed_json(random, RULES)))}


def _article(world: World, random: Random) -> tuple[Fields, Files]:
    fields = {"kind": b"news", "title": b"t", "content": b"x", "focus_x": b"50", "focus_y": b"50"}
    text = scrambled(random, MARKDOWN)
    if random.random() < 0.5:
        return fields | {"content": text}, {}
    return fields, {"import_file": (random.choice(["a.md", "a.html"]), text)}


def _material(world: World, random: Random) -> tuple[Fields, Files]:
    return {"kind": b"image", "name": b"n", "permanent": b"on"}, {"file": _picture(world, random)}


def _poster(world: World, random: Random) -> tuple[Fields, Files]:
    return {"name": b"p"}, {"background": _picture(world, random), "picture": _picture(world, random)}


PAGES: Mapping[str, Callable[[World, Random], tuple[Fields, Files]]] = {
    "accounts/follower/import/": _followers,
    "campaigns/campaign/add/": _campaign,
    "campaigns/masssend/add/": _mass_send,
    "channels/channel/batch/": _followers,
    "menus/menu/import/": _menus,
    "replies/rule/import/": _rules,
    "articles/draft/add/": _article,
    "materials/asset/add/": _material,
    "materials/asset/receive/": _material,
    "channels/poster/add/": _poster,
}


def _picture(world: World, random: Random) -> tuple[str, bytes]:
    content = scrambled(random, world.picture) if random.random() < 0.9 else random.choice(TOKENS)
    return "picture.png", content


def _table(world: World, random: Random) -> tuple[str, bytes]:
    if random.random() < 0.5:
        return "table.xlsx", repacked(random, world.xlsx)
    text = f"openid,remark,城市\n{OPENID},老王,杭州\noB,x,16.0\n"
    encoding = random.choice(["utf-8", "utf-8-sig", "utf-16", "gb18030"])
    return "table.csv", scrambled(random, text.encode(encoding))
