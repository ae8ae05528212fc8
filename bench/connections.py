"""The benchmark of callbacks with 10,000 open connections: ``make bench ARGS=connections``.

It runs against the web processes in the shipped configuration: the connections are opened and left idle for
longer than most servers allow; then callbacks are sent over them at 80 % of the capacity, at twice that rate,
and one over each connection at the same moment. No callback waits for the answer to another, and each answer
is 200, or 503 if it would be too late. Exits with an error if a connection is cut, an answer takes more than
five seconds, or a callback was answered without being recorded.
"""

import argparse
import asyncio
import os
import random
import resource
import sys
from collections import Counter, deque
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import cast

import django
import uvloop

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
django.setup()

from django.db import connection  # noqa: E402

from bench.callbacks import CONNECTIONS, account_with_rules  # noqa: E402
from bench.database import make_tables  # noqa: E402
from bench.pushes import push  # noqa: E402
from bench.web import memory, served, web_command  # noqa: E402
from simulator.ports import free_port  # noqa: E402
from wechat.inbox.models import InboundMessage  # noqa: E402

PATH = "/wechat/bench/callback"
IDLE_SECONDS = 8
# The number of connections opened at a time: the size of the listening socket's queue.
OPENED_TOGETHER = 500
SPARE_FILES = 500
LATEST = 5.0
SHARE, OVERLOAD = 0.8, 2.0


@dataclass(frozen=True, slots=True)
class Answer:
    status: int
    seconds: float


class Connection(asyncio.Protocol):
    """A connection of the platform, with one request at a time."""

    def __init__(self) -> None:
        self._received = b""
        self._status: asyncio.Future[int] | None = None
        self.is_open = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        # The transports of uvloop are not instances of the class Transport.
        self._transport, self.is_open = cast(asyncio.Transport, transport), True

    def connection_lost(self, exc: Exception | None) -> None:
        self.is_open = False
        if self._status is not None:
            self._status.set_exception(ConnectionError("cut while it waited for an answer"))

    def data_received(self, data: bytes) -> None:
        self._received += data
        head, end, body = self._received.partition(b"\r\n\r\n")
        if not end or len(body) < int(head.lower().partition(b"content-length: ")[2].split(b"\r\n")[0]):
            return
        assert self._status is not None
        status, self._status, self._received = self._status, None, b""
        status.set_result(int(head[9:12]))

    async def ask(self, request: bytes) -> int:
        self._status = asyncio.get_running_loop().create_future()
        self._transport.write(request)
        return await self._status

    def close(self) -> None:
        self._transport.close()


class Platform:
    """The platform, which sends the callbacks over connections that stay open."""

    def __init__(self, port: int) -> None:
        self._port = port
        self._connections: list[Connection] = []
        self._free: deque[Connection] = deque()

    async def open(self, count: int) -> None:
        loop = asyncio.get_running_loop()
        for first in range(0, count, OPENED_TOGETHER):
            several = range(min(OPENED_TOGETHER, count - first))
            opened = await asyncio.gather(
                *(loop.create_connection(Connection, "127.0.0.1", self._port) for _ in several)
            )
            self._connections += [protocol for _transport, protocol in opened]
        self._free.extend(self._connections)

    def cut(self) -> int:
        return sum(not each.is_open for each in self._connections)

    def close(self) -> None:
        for each in self._connections:
            each.close()

    async def capacity(self, seconds: float, requests: Iterable[bytes]) -> float:
        """Returns the callbacks recorded a second while ``CONNECTIONS`` callbacks are always in flight."""
        loop, waiting, taken = asyncio.get_running_loop(), iter(requests), 0
        ends = loop.time() + seconds

        async def go_on() -> None:
            nonlocal taken
            while loop.time() < ends and (request := next(waiting, None)):
                answer = await self._answer(request)
                taken += answer.status == 200

        await asyncio.gather(*(go_on() for _ in range(CONNECTIONS)))
        return taken / seconds

    async def at_rate(self, rate: float, requests: Iterable[bytes]) -> list[Answer]:
        """Returns the answers to callbacks sent at this rate, independent of the answers to earlier ones."""
        loop, tasks = asyncio.get_running_loop(), list[asyncio.Task[Answer]]()
        began = loop.time()
        for number, request in enumerate(requests):
            due = began + number / rate
            if (early := due - loop.time()) > 0:
                await asyncio.sleep(early)
            tasks.append(loop.create_task(self._answer(request)))
        return await asyncio.gather(*tasks)

    async def together(self, requests: Iterable[bytes]) -> list[Answer]:
        return await asyncio.gather(*map(self._answer, requests))

    async def _answer(self, request: bytes) -> Answer:
        if not self._free:
            raise SystemExit("Not one of the connections was free: the answers are too late by far.")
        mine, loop = self._free.popleft(), asyncio.get_running_loop()
        sent_at = loop.time()
        status = await mine.ask(request)
        self._free.append(mine)
        return Answer(status, loop.time() - sent_at)


def main() -> int:
    options = _options()
    _allow_files(options.held)
    make_tables()
    account_with_rules()
    port = free_port()
    with served(web_command(port, options.workers), port, {"DEBUG": "0", "SECRET_KEY": "bench"}) as server:
        with _recorded() as answers:
            answers += uvloop.run(_measured(options, port))
        print(f"memory of the web processes {memory(server) / 2**20:.0f} MB")
    return 0


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--held", type=int, default=10_000, help="connections")
    parser.add_argument("--seconds", type=float, default=8, help="of each rate")
    parser.add_argument("--workers", type=int, default=os.cpu_count())
    return parser.parse_args()


def _allow_files(held: int) -> None:
    """Raises this process's limit of open files, which the server that it starts inherits.

    Raises ``SystemExit`` if the system allows fewer files than ``held`` connections need.
    """
    needed, (_soft, hard) = held + SPARE_FILES, resource.getrlimit(resource.RLIMIT_NOFILE)
    if hard != resource.RLIM_INFINITY and hard < needed:
        raise SystemExit(f"{held:,} connections need ulimit -n {needed}.")
    resource.setrlimit(resource.RLIMIT_NOFILE, (needed, hard))


async def _measured(options: argparse.Namespace, port: int) -> list[Answer]:
    platform, held, seconds = Platform(port), options.held, options.seconds
    await platform.open(held)
    await platform.capacity(1, _requests(2_000))  # every worker has imported everything
    await asyncio.sleep(IDLE_SECONDS)
    print(f"{held:,} connections open for {IDLE_SECONDS} s: {platform.cut()} of them cut")
    capacity = await platform.capacity(seconds, _requests(int(seconds * 5_000)))
    print(f"capacity with {CONNECTIONS} callbacks at a time: {capacity:,.0f} a second")
    answers = []
    for share in (SHARE, OVERLOAD):
        rate = capacity * share
        came = await platform.at_rate(rate, _requests(int(rate * seconds)))
        print(f"at {share:.0%} of it: {_summary(came)}", flush=True)
        answers += came
    came = await platform.together(_requests(held))
    print(f"all {held:,} at once: {_summary(came)}")
    cut = platform.cut()
    platform.close()
    if cut:
        raise SystemExit(f"{cut} connections were cut.")
    return answers + came


def _summary(answers: list[Answer]) -> str:
    statuses = Counter(answer.status for answer in answers)
    if set(statuses) - {200, 503}:
        raise SystemExit(f"answers: {dict(statuses)}")
    latest = max(answer.seconds for answer in answers)
    if latest > LATEST:
        raise SystemExit(f"An answer came after {latest:.1f} s.")
    taken = sorted(answer.seconds * 1000 for answer in answers if answer.status == 200)
    half, most = taken[len(taken) // 2], taken[len(taken) * 99 // 100]
    refused = f"{statuses[503]:,} with 503" if statuses[503] else "none refused"
    return (
        f"{statuses[200]:,} answered, p50 {half:.0f} ms, p99 {most:.0f} ms, {refused}; "
        f"the last answer after {latest:.2f} s"
    )


@contextmanager
def _recorded() -> Iterator[list[Answer]]:
    """Yields a list for the answers; then raises ``SystemExit`` if fewer rows than answers were recorded."""
    answers: list[Answer] = []
    before = InboundMessage.objects.count()
    connection.close()
    yield answers
    taken = sum(answer.status == 200 for answer in answers)
    if (rows := InboundMessage.objects.count() - before) < taken:
        raise SystemExit(f"{taken:,} answered, but {rows:,} rows.")


def _requests(count: int) -> list[bytes]:
    """Returns new callbacks, prepared before the measurement."""
    first = random.randrange(10**17, 9 * 10**17)
    return [_request(*push(first + number).split("\t")) for number in range(count)]


def _request(query: str, body: str) -> bytes:
    return (
        f"POST {PATH}?{query} HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: text/xml\r\n"
        f"Content-Length: {len(body)}\r\n\r\n{body}"
    ).encode()


if __name__ == "__main__":
    sys.exit(main())
