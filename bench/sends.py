"""The benchmark of more workers, and of urgent messages during a campaign: ``make bench ARGS=sends``.

Messages a second of 1, 2 and 4 worker processes while each call to the platform takes 100 ms. Then the delay
of a single message while a campaign is being sent and each call takes two seconds, with one Celery worker in
the shipped configuration.
"""

import argparse
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
django.setup()

from accounts.official.models import OfficialAccount  # noqa: E402
from bench.database import make_tables  # noqa: E402
from bench.pushes_speed import TEMPLATE, Bench, simulated  # noqa: E402
from wechat.kernel.work import waking  # noqa: E402
from wechat.pushes.models import Push  # noqa: E402
from wechat.pushes.queueing import queue_template  # noqa: E402
from wechat.sdk.template_messages import TemplateMessage  # noqa: E402

LATENCY_MS = 100
SLOW_MS = 2_000
GIVEN_UP_SECONDS = 60
CELERY = ["celery", "--quiet", "-A", "config", "worker", "--queues", "interactive,bulk"]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--messages", type=int, default=8_000, help="for each number of workers")
    parser.add_argument("--workers", type=int, nargs="+", default=[1, 2, 4])
    parser.add_argument("--answers", type=int, default=5)
    options = parser.parse_args()
    make_tables()
    OfficialAccount.objects.filter(slug="speed").delete()
    with simulated() as bench:
        first = None
        for number in options.workers:
            speed = bench.ours(options.messages, LATENCY_MS, number)
            first = first or speed.per_second
            print(f"{number} workers, {LATENCY_MS} ms  {speed}  {speed.per_second / first:.2f} of the first")
        waited = sorted(_answers(bench, options.answers))
        shown = ", ".join(f"{seconds:.2f}" for seconds in waited)
        print(f"answers of people left after {shown} s while a campaign was sent at {SLOW_MS} ms a call")


def _answers(bench: Bench, count: int) -> Iterator[float]:
    """Yields the seconds between queueing and sending, for one message after the other."""
    bench.world(20_000, SLOW_MS)
    bench.enable(enabled=False)
    bench.queue(20_000)
    with _celery(bench.base):
        bench.enable(enabled=True)
        waking.publish("pushes.send_bulk")
        _until(Push.objects.exclude(state="pending").exists)
        for number in range(count):
            openid = f"oBench{number + 1:022d}"
            message = TemplateMessage(template_id=TEMPLATE, values={"thing4": "天河店"})
            began = time.perf_counter()
            push = queue_template(
                account=bench.account, openid=openid, message=message, key=f"answer:{bench.runs}:{number}"
            )
            _until(Push.objects.filter(pk=push.pk).exclude(state="pending").exists)
            yield time.perf_counter() - began


@contextmanager
def _celery(base: str) -> Iterator[None]:
    worker = subprocess.Popen(
        [sys.executable, "-m", *CELERY, "--concurrency", "3"],
        env=os.environ | {"WECHAT_API_BASE": base},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        yield
    finally:
        worker.terminate()
        worker.wait(60)


def _until(is_so: Callable[[], bool]) -> None:
    deadline = time.monotonic() + GIVEN_UP_SECONDS
    while not is_so():
        if time.monotonic() > deadline:
            raise SystemExit(f"nothing was sent in {GIVEN_UP_SECONDS} s")
        time.sleep(0.005)


if __name__ == "__main__":
    main()
