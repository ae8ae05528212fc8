"""The benchmark of the work for a message after its answer: ``make bench ARGS=reactions``.

Texts as recorded by callbacks, with the answer of a rule, are handled by all reactions of the console: the
CPU time of the worker for each, and that of Postgres.
"""

import argparse
import os
import time

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
django.setup()

import psutil  # noqa: E402
from django.db import connection  # noqa: E402
from django.utils import timezone  # noqa: E402

from accounts.official.models import OfficialAccount  # noqa: E402
from bench.database import make_tables  # noqa: E402
from config.celery import app  # noqa: E402
from wechat.inbox.models import month_of  # noqa: E402
from wechat.inbox.recording import insert  # noqa: E402
from wechat.inbox.records import Record  # noqa: E402
from wechat.kernel import work  # noqa: E402

BODY = (
    "<xml><ToUserName><![CDATA[gh_0123456789ab]]></ToUserName><FromUserName><![CDATA[{openid}]]></FromUserName>"
    "<CreateTime>{at}</CreateTime><MsgType><![CDATA[text]]></MsgType>"
    "<Content><![CDATA[你们几点开门？]]></Content><MsgId>{number}</MsgId></xml>"
)
ANSWER = {"type": "text", "content": "我们每天 9:00 到 21:00 营业。"}
BATCH = 256


def fill(account: OfficialAccount, rows: int) -> None:
    """Creates ``rows`` due messages, from ten thousand followers in turn."""
    at = timezone.now()
    for first in range(0, rows, BATCH):
        insert(
            [_record(account, number, at.timestamp()) for number in range(first, min(first + BATCH, rows))]
        )


def _record(account: OfficialAccount, number: int, at: float) -> Record:
    moment = timezone.now()
    openid, now, month = f"oBench{number % 10_000:022}", moment.isoformat(), month_of(moment).isoformat()
    body = BODY.format(openid=openid, at=int(at), number=24 * 10**15 + number)
    key = str(24 * 10**15 + number)
    record = Record(account.pk, key, month, openid, "text", "", "你们几点开门？", body, now, now)
    record.answer, record.answered_by = ANSWER, "rule:1"
    return record


def cpu_of_postgres() -> float:
    """Returns the CPU seconds of the running processes of Postgres, without ended ones."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_backend_pid()")
        (backend,) = cursor.fetchone()
    server = psutil.Process(backend).parent()
    assert server is not None
    return sum(sum(process.cpu_times()[:2]) for process in server.children())


def main(rows: int) -> None:
    make_tables()
    app.loader.import_default_modules()
    account = OfficialAccount.objects.create(
        name="反应", slug="reactions", appid="wx" + "8" * 16, mode="plain", token="benchtoken"
    )
    fill(account, rows)
    cpu, postgres, started = time.process_time(), cpu_of_postgres(), time.perf_counter()
    taken = 0
    while done := work.run("inbox.react"):
        taken += done
    seconds = time.perf_counter() - started
    worker, server = time.process_time() - cpu, cpu_of_postgres() - postgres
    print(f"{taken} messages in {seconds:.1f} s, one after the other")
    print(f"CPU a message: worker {worker / taken * 1e6:.0f} µs, Postgres {server / taken * 1e6:.0f} µs")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--rows", type=int, default=5_000)
    main(parser.parse_args().rows)
