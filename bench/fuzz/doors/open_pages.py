"""The door of requests without a signature: calls of visitors, pages of followers, the documentation."""

from random import Random

from bench.fuzz.inputs import Input, changed_query, headers, part, with_query, word
from bench.fuzz.mutations import as_json, changed_json
from bench.fuzz.world import World

KINDS = [
    "application/json", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x", "text/plain",
]  # fmt: skip
ACCEPTED = ["*/*", "text/html", "application/vnd.oai.openapi+json", "text/html; x*=bz2''%41"]


def open_api(world: World, random: Random) -> Input:
    path, query = random.choice(_pages(random))
    method = random.choice(["GET", "GET", "GET", "POST", "PUT", "OPTIONS", "HEAD"])
    body = as_json(random, changed_json(random, {"account": "demo", "code": "x"}))
    sent = headers(random, random.choice(KINDS)) | {
        "Authorization": f"Bearer {world.access if random.random() < 0.5 else word(random)}",
        "Accept": random.choice([*ACCEPTED, word(random)]),
        "Accept-Language": random.choice(["zh", "en", "x" * 300, word(random)]),
        "Cookie": f"django_language={word(random)}; sessionid={word(random)}",
    }
    target = with_query(path, changed_query(random, query))
    return Input(method, target, b"" if method in {"GET", "HEAD"} else body, sent)


def _pages(random: Random) -> list[tuple[str, dict[str, str]]]:
    shop = f"/h5/{part(random, 'demo')}/shop/"
    return [
        ("/api/v1/me/", {}),
        ("/api/v1/jssdk/", {"account": "demo", "url": "https://example.com/"}),
        ("/api/schema/", {"lang": "en", "format": "json"}),
        ("/api/docs/", {"lang": "en"}),
        (shop, {}),
        (f"{shop}{part(random, '1')}/", {}),
        (f"{shop}orders/{part(random, 'WC1')}/", {}),
        (f"/l/{part(random, '1')}-{part(random, 'abcdef')}", {}),
        ("/healthz/ready", {}),
        ("/metrics", {"name[]": "x"}),
        (f"/static/{part(random, 'console/console.js')}", {}),
        (f"/{part(random, 'admin')}/", {"next": "/admin/"}),
        ("/i18n/setlang/", {"language": "en", "next": "/"}),
    ]
