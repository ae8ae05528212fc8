"""`python -m simulator --port 8800`: the platform in one process."""

from __future__ import annotations

import argparse
import asyncio
import signal
import socket
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import uvicorn

from simulator import app, saving
from simulator.world import World


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="simulator", description="A stand-in for the WeChat platform.")
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=8800)
    parser.add_argument("--state", type=Path, help="file the world is loaded from and saved to")
    return parser.parse_args()


class Server(uvicorn.Server):
    """Open phone pages would keep the server waiting, so they are told to go first."""

    def __init__(self, world: World, config: uvicorn.Config) -> None:
        super().__init__(config)
        self.world = world

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        loop = asyncio.get_running_loop()
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            loop.add_signal_handler(number, self.stop)
        yield

    def stop(self) -> None:
        self.world.live.close()
        self.should_exit = True


def server(world: World, given: argparse.Namespace) -> Server:
    config = uvicorn.Config(
        app.create(world, given.state),
        host=given.host,
        port=given.port,
        log_level="error",
        access_log=False,
        server_header=False,
        timeout_graceful_shutdown=2,
    )
    return Server(world, config)


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
    server(world, given).run()


if __name__ == "__main__":
    main()
