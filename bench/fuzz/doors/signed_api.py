"""The door of calls by a business system with all permissions: each operation, mutated, then signed."""

from random import Random
from typing import Any

from bench.fuzz.inputs import Input, changed_query, headers, part, with_query
from bench.fuzz.mutations import as_json, changed_json
from bench.fuzz.world import OPENID, World

Operation = tuple[str, str, dict[str, str], Any]
DEMO = {"account": "demo"}
KINDS = [
    "", ";", "application/json;;", "application/json; charset", "text/plain",
    "application/x-www-form-urlencoded",
    "multipart/form-data", "multipart/form-data; boundary=", "multipart/form-data; boundary=x", "a" * 3_000,
]  # fmt: skip
LATER, LATER_STILL = "2027-01-01T00:00:00Z", "2027-02-01T00:00:00Z"


def signed_api(world: World, random: Random) -> Input:
    method, path, query, value = random.choice(_operations(world, random))
    target = with_query(f"/api/v1/{path}", changed_query(random, query))
    changed = value if random.random() < 0.1 else changed_json(random, value)
    body = b"" if value is None else as_json(random, changed)
    bare, _, asked = target.partition("?")
    kind = "application/json" if random.random() < 0.95 else random.choice(KINDS)
    sent = headers(random, kind) | world.signed(method, bare, asked, body)
    sent |= {"Idempotency-Key": f"fuzz-{random.getrandbits(64)}"}
    if random.random() < 0.05:
        sent |= {random.choice(list(sent)): random.choice(["", "x", "é", "9" * 400])}
    return Input(method, target, body, sent)


def _operations(world: World, random: Random) -> list[Operation]:
    """Returns a call of each operation, valid except for the parts of its path."""
    return [*_of_followers(world, random), *_of_messages(world, random), *_of_orders(world, random)]


def _of_followers(world: World, random: Random) -> list[Operation]:
    follower, tag = part(random, OPENID), part(random, str(world.tag.pk))
    segment = part(random, str(world.segment.pk))
    return [
        ("GET", "followers/", DEMO | {"tag": "VIP", "subscribed": "true", "limit": "10"}, None),
        ("GET", f"followers/{follower}/", DEMO, None),
        ("PATCH", f"followers/{follower}/", DEMO, {"remark": "老王"}),
        ("GET", "tags/", DEMO, None),
        ("POST", "tags/", DEMO, {"name": "新客"}),
        ("GET", f"tags/{tag}/", DEMO, None),
        ("POST", f"tags/{tag}/followers/", DEMO, {"add": [OPENID], "remove": ["oB"]}),
        ("GET", "segments/", DEMO, None),
        ("GET", f"segments/{segment}/", DEMO, None),
        ("GET", f"segments/{segment}/followers/", DEMO, None),
        ("POST", "auth/exchange/", DEMO, {"code": "x" * 32}),
    ]


def _of_messages(world: World, random: Random) -> list[Operation]:
    menu, channel = part(random, str(world.menu.pk)), part(random, "1")
    text = {"to": OPENID, "content": {"type": "text", "content": "好"}, "reference": "r", "at": LATER}
    template = {"to": OPENID, "template": "Vq0demo", "values": {"thing4": "店"}, "url": "https://example.com"}
    button = {"uid": "aaaa", "name": "会员卡", "kind": "view", "url": "https://example.com/card"}
    draft = {"revision": 1, "buttons": [button, button | {"uid": "bbbb"}]}
    return [
        ("POST", "push", DEMO, {"messages": [text, template]}),
        ("POST", "push", DEMO, text),
        ("GET", "push", DEMO | {"cursor": "cD0x"}, None),
        ("GET", f"push/{part(random, '1')}", {}, None),
        ("POST", "push/event", DEMO, {"event": "order.shipped", "to": OPENID, "values": {"a": "b"}}),
        ("PUT", "push/webhook", DEMO, {"url": "https://example.com/hook"}),
        ("PUT", "webhook", DEMO, {"url": "https://example.com/hook", "events": ["order.paid"]}),
        ("GET", "webhook", DEMO, None),
        ("POST", "access-token/", DEMO, {}),
        ("GET", "access-token/", DEMO, None),
        ("GET", "channels/", DEMO | {"scene": "1"}, None),
        ("GET", f"channels/{channel}/", DEMO, None),
        ("GET", "menus/", DEMO, None),
        ("PUT", f"menus/{menu}/draft/", DEMO, draft),
        ("GET", f"menus/{menu}/problems/", DEMO, None),
        ("POST", f"menus/{menu}/publications/", DEMO, {"at": LATER, "until": LATER_STILL}),
        ("POST", "channels/", DEMO, {"name": "天河店", "group": "店", "note": "n"}),
        ("GET", f"channels/{channel}/report/", DEMO | {"since": "2026-01-01", "until": "2026-02-01"}, None),
    ]


def _of_orders(world: World, random: Random) -> list[Operation]:
    number = part(random, world.order.out_trade_no)
    goods = {"merchant_goods_id": "1", "goods_name": "x", "quantity": 1, "unit_price": 100}
    order = {
        "merchant": "demo", "way": "native", "total": 100, "description": "会员卡", "attach": "a",
        "item": "卡", "openid": OPENID, "lifetime": 600, "client_ip": "203.0.113.7", "goods": [goods],
    }  # fmt: skip
    parcel = {"company": "SF", "number": "SF1", "contact": "13800138000"}
    shipping = {"how": "express", "parcels": [parcel, parcel | {"number": "SF2"}], "more_to_come": True}
    refund = {"out_trade_no": world.order.out_trade_no, "amount": 1, "reason": "售完"}
    return [
        ("POST", "orders", DEMO, order),
        ("POST", f"orders/{number}/close", DEMO, {}),
        ("GET", f"orders/{number}/shipping", DEMO, None),
        ("POST", f"orders/{number}/shipping", DEMO, shipping),
        ("GET", "refunds", DEMO | {"out_trade_no": "WC1"}, None),
        ("GET", "orders", DEMO | {"key": "k", "state": "paid"}, None),
        ("GET", f"orders/{number}", DEMO, None),
        ("POST", "refunds", DEMO, refund),
        ("GET", f"refunds/{number}", DEMO, None),
    ]
