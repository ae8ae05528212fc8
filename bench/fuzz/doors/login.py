"""The door of logins: staff, followers in WeChat, followers in a browser, mini programs."""

import base64
from random import Random

from bench.fuzz.inputs import CSRF, Input, changed_query, headers, multipart, part, with_query, word
from bench.fuzz.mutations import TOKENS, as_json, changed_json, scrambled
from bench.fuzz.world import World

FORM = "application/x-www-form-urlencoded"
SPENT = "a" * 32 + ".1." + "b" * 64


def login(world: World, random: Random) -> Input:
    # Fewer logins of staff, because the hash of a password is deliberately expensive.
    draw = random.random()
    if draw < 0.12:
        return _of_staff(random)
    if draw < 0.45:
        return _in_wechat(world, random)
    if draw < 0.55:
        return _by_scanning(random)
    return _by_call(world, random)


def _of_staff(random: Random) -> Input:
    fields = {
        "csrfmiddlewaretoken": CSRF.encode(),
        "username": b"somebody%d" % random.getrandbits(20),
        "password": b"wrong",
        "next": b"/admin/",
    }
    fields[random.choice(list(fields))] = random.choice(TOKENS)
    if random.random() < 0.5:
        body, kind = multipart(fields.items(), {}, "x"), "multipart/form-data; boundary=x"
        body = scrambled(random, body) if random.random() < 0.4 else body
    else:
        body, kind = b"&".join(name.encode() + b"=" + value for name, value in fields.items()), FORM
    return Input("POST", "/admin/login/", body, headers(random, kind) | {"Cookie": f"csrftoken={CSRF}"})


def _in_wechat(world: World, random: Random) -> Input:
    query = {"next": "/h5/demo/shop/", "scope": "snsapi_base", "code": "x" * 20, "state": "y" * 40}
    sent = {
        "Host": "127.0.0.1",
        "Cookie": f"wc_oauth={word(random)}; wc_visitor_{world.account.pk}={word(random)}",
        "User-Agent": random.choice(["MicroMessenger/8", "x", word(random)]),
    }
    path = f"/wechat/{part(random, 'demo')}/oauth/{random.choice(['start', 'done'])}"
    return Input("GET", with_query(path, changed_query(random, query)), b"", sent)


def _by_scanning(random: Random) -> Input:
    scene = f"{random.getrandbits(80):x}" if random.random() < 0.8 else part(random, "x")
    path = f"/h5/demo/login/{random.choice(['', f'{scene}/state/', f'{scene}/finish/'])}"
    body = f"csrfmiddlewaretoken={CSRF}".encode() if path.endswith("finish/") else b""
    sent = headers(random, FORM) | {"Cookie": f"csrftoken={CSRF}; wc_scan={word(random)}"}
    target = with_query(path, changed_query(random, {"next": "/h5/demo/shop/"}))
    return Input("POST" if body else "GET", target, body, sent)


def _by_call(world: World, random: Random) -> Input:
    profile = {
        "encryptedData": base64.b64encode(b"x" * 64).decode(),
        "iv": base64.b64encode(b"i" * 16).decode(),
        "rawData": "{}",
        "signature": "a" * 40,
    }
    path, value = random.choice(
        [
            ("miniprogram/", {"account": "demo-mini", "code": "x" * 20}),
            ("miniprogram/phone/", {"code": "x" * 20}),
            ("miniprogram/profile/", profile),
            ("web/", {"account": "demo"}),
            ("refresh/", {"account": "demo", "refresh_token": random.choice([SPENT, world.refresh])}),
            ("logout/", {"account": "demo", "refresh_token": SPENT}),
        ]
    )
    sent = headers(random, "application/json") | {
        "Authorization": f"Bearer {world.access}",
        "Origin": random.choice(["http://127.0.0.1", "null", word(random)]),
        "Cookie": f"wc_visitor_{world.account.pk}={word(random)}; wc_refresh={word(random)}",
    }
    return Input("POST", f"/api/v1/auth/{path}", as_json(random, changed_json(random, value)), sent)
