"""`python -m simulator --port 8800`: the platform in one process."""

from __future__ import annotations

import argparse
import asyncio
import os
import signal
import socket
import sys
from pathlib import Path

from granian.constants import Interfaces
from granian.server.embed import Server

from simulator import app, saving
from simulator.world import World


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="simulator", description="A stand-in for the WeChat platform.")
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=8800)
    parser.add_argument("--state", type=Path, help="file the world is loaded from and saved to")
    return parser.parse_args()


async def serve(world: World, given: argparse.Namespace) -> None:
    server = Server(
        app.create(world, given.state),
        address=given.host,
        port=given.port,
        interface=Interfaces.ASGI,
        backlog=1024,
        log_enabled=False,
    )
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        loop.add_signal_handler(number, stop, world, server)
    await server.serve()


def stop(world: World, server: Server) -> None:
    """Open phone pages would keep the server waiting, so they are told to go first."""
    world.live.close()
    server.stop()  # type: ignore[no-untyped-call]  # the method carries no annotations


def taken(host: str, port: int) -> bool:
    with socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError:
            return True
    return False


def main() -> None:
    given = arguments()
    host = "127.0.0.1" if given.host == "0.0.0.0" else given.host  # noqa: S104
    world = World(f"http://{host}:{given.port}")
    if taken(given.host, given.port):
        sys.exit(f"simulator: port {given.port} is taken; stop what uses it, or choose another with --port")
    if given.state:
        try:
            world.enter(saving.read(given.state))
        except (ValueError, OSError) as error:
            sys.exit(f"simulator: {given.state} cannot be read: {error}")
    asyncio.run(serve(world, given))
    # The state is saved by now; the server's own threads may still wind up and would abort a slow exit.
    sys.stdout.flush()
    os._exit(0)


if __name__ == "__main__":
    main()
