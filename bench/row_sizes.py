"""The benchmark of the size of rows in Postgres: ``make bench ARGS=row_sizes``.

Messages, followers and sent messages of the usual length: bytes on disk with their indexes, and bytes in the
write-ahead log.
"""

import argparse
import os
from dataclasses import dataclass

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
django.setup()

from django.db import connection  # noqa: E402

from accounts.official.models import OfficialAccount  # noqa: E402
from bench.database import make_tables  # noqa: E402

# A text in WeChat's format, with the answer of a rule.
MESSAGES = """
INSERT INTO inbox_inboundmessage (account_id, key, openid, kind, event, text, body, answer, answered_by,
    sent_at, received_at, month, late, handled_at, attempts, error, trace)
SELECT %(account)s, (24000000000000000 + n)::text, 'oBench' || lpad((n %% 200000)::text, 22, '0'), 'text', '',
    '你们几点开门？', '<xml><ToUserName><![CDATA[gh_0123456789ab]]></ToUserName><FromUserName><![CDATA[oBench'
    || lpad((n %% 200000)::text, 22, '0') || ']]></FromUserName><CreateTime>1795884156</CreateTime><MsgType>'
    || '<![CDATA[text]]></MsgType><Content><![CDATA[你们几点开门？]]></Content><MsgId>'
    || 24000000000000000 + n || '</MsgId></xml>',
    '{"type": "text", "content": "我们每天 9:00 到 21:00 营业，欢迎光临。"}',
    'rule:12', now(), now(), date_trunc('month', now() AT TIME ZONE 'UTC')::date, false, now(), 0, '',
    '00-' || md5(n::text) || '-' || left(md5(n::text), 16) || '-00'
FROM generate_series(1, %(rows)s::bigint) AS n
"""
FOLLOWERS = """
INSERT INTO followers_follower
    (account_id, openid, unionid, subscribed, subscribe_scene, last_seen_kind, last_seen_at, remark)
SELECT %(account)s, 'oBench' || lpad(n::text, 22, '0'), 'oUnion' || lpad(n::text, 22, '0'), true,
    'ADD_SCENE_QR_CODE', 'message', now() - n * interval '1 minute', ''
FROM generate_series(1, %(rows)s::bigint) AS n
"""
PUSHES = """
INSERT INTO pushes_push (account_id, openid, kind, template, content, key, due_at, created_at, trace, cause,
    state, reason, attempts, error, bulk, sent_at, msgid)
SELECT %(account)s, 'oBench' || lpad(n::text, 22, '0'), 'template', 'Vq0aDhKzNzYyBqJyV1Yp0fB2dCkVn3T9bWl6',
    '{"template_id": "Vq0aDhKzNzYyBqJyV1Yp0fB2dCkVn3T9bWl6", "values": {"thing4": "天河店", "time2": "10"}}',
    'bench:' || n, NULL, now(), '', 'campaign:1', 'delivered', '', 1, '', true, now(), 3000000000 + n
FROM generate_series(1, %(rows)s::bigint) AS n
"""
# For a table partitioned by month, the sum over its partitions.
SIZES = """
SELECT sum(pg_table_size(part)), sum(pg_indexes_size(part)), pg_current_wal_lsn() - %(before)s::pg_lsn
FROM (
    SELECT %(table)s::regclass UNION ALL SELECT inhrelid FROM pg_inherits
    WHERE inhparent = %(table)s::regclass
) AS parts(part)
"""
# By table: the function that fills it, and the one that deletes the rows.
TABLES = {
    "inbox_inboundmessage": MESSAGES,
    "followers_follower": FOLLOWERS,
    "pushes_push": PUSHES,
}


@dataclass(frozen=True)
class Cost:
    """The cost of one row, in bytes."""

    table: float
    indexes: float
    log: float


def cost_of(table: str, account: OfficialAccount, rows: int) -> Cost:
    """Returns the cost of one row of the table, measured by creating ``rows`` rows."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_current_wal_lsn()")
        (before,) = cursor.fetchone()
        cursor.execute(TABLES[table], {"account": account.pk, "rows": rows})
        cursor.execute(SIZES, {"table": table, "before": before})
        sizes = cursor.fetchone()
    return Cost(*(float(size) / rows for size in sizes))


def main(rows: int) -> None:
    make_tables()
    account = OfficialAccount.objects.create(
        name="行", slug="row-sizes", appid="wx" + "9" * 16, mode="plain", token="benchtoken"
    )
    print(f"bytes a row, of {rows:,}: table, indexes, write-ahead log")
    for table in TABLES:
        cost = cost_of(table, account, rows)
        print(f"{table:24} {cost.table:8.0f} {cost.indexes:8.0f} {cost.log:8.0f}")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--rows", type=int, default=200_000)
    main(parser.parse_args().rows)
