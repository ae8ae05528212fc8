"""The platform's API: one file per topic, each registering its calls with `@api`."""

from simulator.api import (
    account,
    customer_service,
    followers,
    materials,
    media,
    notices,
    qrcodes,
    templates,
    tokens,
)

TOPICS = (account, customer_service, followers, materials, media, notices, qrcodes, templates, tokens)
