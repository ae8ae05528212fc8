"""The platform's API: one file per topic, each registering its calls with `@api`."""

from simulator.api import (
    account,
    blacklist,
    customer_service,
    followers,
    materials,
    media,
    qrcodes,
    tags,
    templates,
    tokens,
)

TOPICS = (
    account,
    blacklist,
    customer_service,
    followers,
    materials,
    media,
    qrcodes,
    tags,
    templates,
    tokens,
)
