"""The benchmark of the simulator's API calls on one core, with 100,000 followers; including signed calls.

    make bench ARGS='simulator_calls --followers 100000 --calls 20000 --connections 32'

The simulator is pinned to the first core and the load to the others, if the system allows it. Calls a
CPU-second are those of an exclusive core, which are more meaningful on a busy machine.
"""

from __future__ import annotations

import argparse
import asyncio
import base64
import json
import os
import secrets
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from statistics import quantiles

import requests
from Crypto.Hash import SHA256
from Crypto.PublicKey import RSA
from Crypto.Signature import pkcs1_15

from simulator.ports import free_port

APPID = "wx7d4e1f90ab23c586"
MCHID = "1900000109"
OWNER = {"appid": APPID, "secret": "s", "original_id": "gh_5c1e07ab93d2"}


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--followers", type=int, default=100_000)
    parser.add_argument("--calls", type=int, default=20_000)
    parser.add_argument("--orders", type=int, default=3_000, help="each is ordered once and asked for once")
    parser.add_argument("--connections", type=int, default=32)
    return parser.parse_args()


def prepare(base: str, followers: int, calls: int) -> tuple[str, list[str]]:
    """Creates an account whose followers have enough quota; returns its token and their openids."""
    for _ in range(100):
        try:
            requests.get(f"{base}/_sim/health", timeout=5)
            break
        except requests.ConnectionError:
            time.sleep(0.1)
    requests.post(f"{base}/_sim/accounts", json=OWNER, timeout=5).raise_for_status()
    added = requests.post(
        f"{base}/_sim/accounts/{APPID}/followers", json={"count": followers}, timeout=60
    ).json()
    each_gets = -(-calls // followers)
    state = requests.get(f"{base}/_sim/state", timeout=60).json()
    for follower in state["accounts"][APPID]["followers"].values():
        follower["grants"] = {"message": {"left": each_gets, "ends_at": time.time() + 48 * 3600}}
    requests.put(f"{base}/_sim/state", json=state, timeout=60).raise_for_status()
    query = {"grant_type": "client_credential", "appid": APPID, "secret": "s"}
    token = requests.get(f"{base}/cgi-bin/token", params=query, timeout=5).json()["access_token"]
    return token, added["openids"]


def request(token: str, openid: str) -> bytes:
    body = {"touser": openid, "msgtype": "text", "text": {"content": "您的课程将于明天 10:00 开始"}}
    data = json.dumps(body, ensure_ascii=False).encode()
    path = f"/cgi-bin/message/custom/send?access_token={token}"
    head = f"POST {path} HTTP/1.1\r\nHost: x\r\nContent-Length: {len(data)}\r\n\r\n"
    return head.encode() + data


async def one_connection(port: int, work: Iterator[bytes], took: list[float]) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    for each in work:
        started = time.perf_counter()
        writer.write(each)
        head = await reader.readuntil(b"\r\n\r\n")
        length = int(head.lower().split(b"content-length: ")[1].split(b"\r\n")[0])
        answer = await reader.readexactly(length)
        took.append(time.perf_counter() - started)
        if b"200" not in head[:15] or (b'"errcode"' in answer and b'"errcode":0' not in answer):
            raise RuntimeError(answer.decode())
    writer.close()


async def load(port: int, requests_made: list[bytes], connections: int) -> tuple[float, list[float]]:
    work, took = iter(requests_made), list[float]()
    started = time.perf_counter()
    await asyncio.gather(*(one_connection(port, work, took) for _ in range(connections)))
    return time.perf_counter() - started, took


def orders(base: str, count: int) -> tuple[list[bytes], list[bytes]]:
    """Returns signed requests, prepared before the measurement: prepays, and queries of the same orders."""
    merchant = requests.post(
        f"{base}/_sim/merchants",
        json={"mchid": MCHID, "appids": [APPID], "apiv3_key": secrets.token_hex(16)},
        timeout=30,
    ).json()
    key, serial = RSA.import_key(merchant["private_key"]), merchant["serial_no"]
    prepays, queries = [], []
    for number in range(count):
        body = {
            "appid": APPID,
            "mchid": MCHID,
            "description": "会员年卡",
            "out_trade_no": f"SO{number:010}",
            "notify_url": f"{base}/nowhere",
            "amount": {"total": 100},
            "payer": {"openid": "oQc7a6KfXn2tR9vLw0Yp3dUbHs1M"},
        }
        data = json.dumps(body, ensure_ascii=False).encode()
        prepays.append(signed(key, serial, "POST", "/v3/pay/transactions/jsapi", data))
        target = f"/v3/pay/transactions/out-trade-no/SO{number:010}?mchid={MCHID}"
        queries.append(signed(key, serial, "GET", target, b""))
    return prepays, queries


def signed(key: RSA.RsaKey, serial: str, method: str, target: str, data: bytes) -> bytes:
    moment, nonce = str(int(time.time())), secrets.token_hex(16)
    message = f"{method}\n{target}\n{moment}\n{nonce}\n".encode() + data + b"\n"
    signature = base64.b64encode(pkcs1_15.new(key).sign(SHA256.new(message))).decode()
    head = (
        f"{method} {target} HTTP/1.1\r\nHost: x\r\nAccept: */*\r\nUser-Agent: bench\r\n"
        f'Authorization: WECHATPAY2-SHA256-RSA2048 mchid="{MCHID}",nonce_str="{nonce}",'
        f'signature="{signature}",timestamp="{moment}",serial_no="{serial}"\r\n'
        f"Content-Length: {len(data)}\r\n\r\n"
    )
    return head.encode() + data


def report(name: str, seconds: float, took: list[float], cpu: float) -> None:
    cuts = [each * 1000 for each in quantiles(took, n=100)]
    a_second = f"{len(took) / cpu:,.0f} calls a CPU-second; " if cpu else ""
    print(
        f"{name}: {len(took) / seconds:,.0f} calls/s; {a_second}p50 {cuts[49]:.1f} ms, p99 {cuts[98]:.1f} ms"
    )


def cpu_seconds(pid: int) -> float:
    """Returns the CPU seconds used by a process; 0 if the system does not report them."""
    stat = Path(f"/proc/{pid}/stat")
    if not stat.exists():
        return 0.0
    fields = stat.read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def main() -> None:
    given, port = arguments(), free_port()
    cores = sorted(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else []
    running = subprocess.Popen([sys.executable, "-m", "simulator", "--port", str(port)])
    try:
        base = f"http://127.0.0.1:{port}"
        token, openids = prepare(base, given.followers, given.calls)
        prepays, queries = orders(base, given.orders)
        if len(cores) > 1:
            for thread in Path(f"/proc/{running.pid}/task").iterdir():
                os.sched_setaffinity(int(thread.name), {cores[0]})
            os.sched_setaffinity(0, set(cores[1:]))
        made = [request(token, openids[number % len(openids)]) for number in range(given.calls)]
        print(f"{given.followers} followers, {given.connections} connections, one core")
        for name, work in (("custom/send", made), ("prepay", prepays), ("query", queries)):
            before = cpu_seconds(running.pid)
            seconds, took = asyncio.run(load(port, work, given.connections))
            report(name, seconds, took, cpu_seconds(running.pid) - before)
    finally:
        running.terminate()
        running.wait(15)


if __name__ == "__main__":
    main()
