"""The command ``python -m simulator.conformance [--table FILE]``: runs all clients and prints the table.

The clients are installed, unmodified, into a temporary folder. They use WeChat's own host names, which a
proxy (for Node a preloaded module) routes to the simulator; the usual environment variables make them trust
the authority of its ``--tls``. Root is not needed.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from simulator.conformance import proxy, table
from simulator.conformance.environment import APPID, Environment, running_environment

FOLDER = Path(__file__).parent / "clients"
SECONDS = 240


@dataclass(frozen=True, slots=True)
class Client:
    """A client. ``package`` is its name in the registry, ``script`` the driver in the folder ``clients``."""

    name: str
    package: str
    script: str
    pay: bool = False


PYTHON = (
    Client("wechatpy", "wechatpy[cryptography]", "wechatpy_flows.py"),
    Client("WeRoBot", "werobot", "werobot_flows.py"),
    Client("wechatpayv3", "wechatpayv3", "wechatpayv3_flows.py", pay=True),
)
NODE = (
    Client("co-wechat-api", "co-wechat-api", "co_wechat_api.js"),
    Client("wechat-api", "wechat-api", "wechat_api.js"),
    Client("wechat-oauth", "wechat-oauth", "wechat_oauth.js"),
    Client("wechat", "wechat", "wechat_server.js"),
    Client("co-wechat", "co-wechat", "co_wechat_server.js"),
    Client("wechatpay-node-v3", "wechatpay-node-v3", "wechatpay_node_v3.js", pay=True),
    Client("wechatpay-axios-plugin", "wechatpay-axios-plugin", "wechatpay_axios_plugin.js", pay=True),
)
# Further packages, which the drivers of servers need.
BESIDE = ("koa",)
WIRE = Client("requests of PHP, Go and Java clients", "", "wire_flows.py")


@dataclass(slots=True)
class Installed:
    """The interpreters with the installed clients, and the version of each client."""

    python: Path
    node: Path | None
    versions: dict[str, str] = field(default_factory=dict)


def install(folder: Path) -> Installed:
    run(sys.executable, "-m", "venv", str(folder / "venv"))
    python = folder / "venv" / "bin" / "python"
    run(str(python), "-m", "pip", "install", "-q", "requests", *(each.package for each in PYTHON))
    if shutil.which("npm"):
        modules = folder / "npm"
        modules.mkdir()
        run("npm", "install", "--silent", "--no-audit", "--no-fund", "--prefix", str(modules),
            *(each.package for each in NODE), *BESIDE)  # fmt: skip
    return known(folder)


def run(*command: str) -> None:
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)  # noqa: S603


def output(*command: str) -> str:
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip()  # noqa: S603


@contextmanager
def environment(here: Environment) -> Iterator[dict[str, str]]:
    """Yields the environment variables of every client's process."""
    with proxy.running(here.tls_port) as leading:
        address = f"http://127.0.0.1:{leading.port}"
        yield {
            **os.environ,
            "HTTPS_PROXY": address,
            "https_proxy": address,
            "NO_PROXY": "127.0.0.1",
            "no_proxy": "127.0.0.1",
            "REQUESTS_CA_BUNDLE": str(here.ca),
            "SSL_CERT_FILE": str(here.ca),
            "NODE_EXTRA_CA_CERTS": str(here.ca),
            "NODE_OPTIONS": f"--require {FOLDER / 'redirect.cjs'}",
            "SIMULATOR": here.base,
            "SIMULATOR_TLS_PORT": str(here.tls_port),
            "APPID": APPID,
        }


def drive(client: Client, installed: Installed, here: Environment, env: dict[str, str]) -> dict[str, str]:
    """Runs a client; returns the result by flow: empty if it passed, else the reason."""
    here.prepare()
    more = {"MERCHANT": str(here.merchant())} if client.pay else {}
    script = str(FOLDER / client.script)
    if client.script.endswith(".js"):
        if installed.node is None:
            return {}
        more["NODE_PATH"] = str(installed.node)
        command = ["node", script]
    else:
        command = [str(installed.python), script]
    done = subprocess.run(  # noqa: S603
        command, env={**env, **more}, capture_output=True, text=True, timeout=SECONDS, check=False
    )
    results = [json.loads(line[1:]) for line in done.stdout.split("\n") if line.startswith("\x1e")]
    if not results:
        sys.stderr.write(done.stderr)
        return {"starts": (done.stderr.strip() or "no output").splitlines()[-1]}
    return {each["flow"]: each["reason"] for each in results}


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m simulator.conformance")
    parser.add_argument("--table", type=Path, help="file whose table is written anew")
    parser.add_argument("--only", help="name of the one client to drive")
    parser.add_argument("--installed", type=Path, help="folder of an earlier installation, or for this one")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as scratch:
        folder = given.installed or Path(scratch)
        installed = install(folder) if not (folder / "venv").exists() else known(folder)
        with running_environment(Path(scratch) / "ca") as here, environment(here) as env:
            chosen = [each for each in (*PYTHON, *NODE, WIRE) if given.only in (None, each.name)]
            found = {each.name: drive(each, installed, here, env) for each in chosen}
    pay = {each.name for each in (*PYTHON, *NODE) if each.pay}
    text = table.written(found, installed.versions, pay)
    print(text)
    if given.table:
        table.keep(given.table, text)
    return 0


def known(folder: Path) -> Installed:
    node = folder / "npm" / "node_modules"
    found = Installed(folder / "venv" / "bin" / "python", node if node.exists() else None)
    for each in PYTHON:
        name = each.package.partition("[")[0]
        asked = f"import importlib.metadata as m; print(m.version({name!r}))"
        found.versions[each.name] = output(str(found.python), "-c", asked)
    for each in NODE if found.node else ():
        package = json.loads((node / each.package / "package.json").read_text())
        found.versions[each.name] = package["version"]
    return found


if __name__ == "__main__":
    sys.exit(main())
