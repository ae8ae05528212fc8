"""The command ``wechat-simulator`` (``python -m simulator``), which runs the platform in one process."""

from __future__ import annotations

import argparse
import errno
import socket
import sys
from pathlib import Path

from simulator import accounts_file, addresses, app, saving, serving, tls
from simulator.whole_numbers import whole_number
from simulator.world import State, World

ANYWHERE = "0.0.0.0"  # noqa: S104 - compared with, not bound to
DESCRIPTION = "The WeChat platform on your own machine: official accounts, mini programs, WeChat Pay."


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="wechat-simulator", description=DESCRIPTION)
    parser.add_argument("--host", default="127.0.0.1", help="address to listen at (%(default)s)")
    parser.add_argument("--port", type=port, default=8800, help="port of http (%(default)s)")
    parser.add_argument("--state", type=Path, help="file everything is loaded from and saved to")
    parser.add_argument(
        "--accounts", type=Path, metavar="FILE", help="TOML file of accounts and merchants to begin with"
    )
    parser.add_argument(
        "--public-url",
        action="append",
        default=[],
        metavar="URL",
        help="what addresses in answers begin with: URL for all, api=URL, pay=URL, open=URL or mp=URL for "
        "one, or wechat for WeChat's own host names; may be given several times",
    )
    parser.add_argument(
        "--tls", type=Path, metavar="FOLDER", help="serve https too, with an authority kept in this folder"
    )
    parser.add_argument("--tls-port", type=port, default=8843, help="port of https (%(default)s)")
    parser.add_argument(
        "--callback-ca", type=Path, metavar="FILE", help="authority that https callbacks are checked with"
    )
    return parser.parse_args()


def port(text: str) -> int:
    number = whole_number(text)
    if number is None or not 0 < number < 65_536:
        raise argparse.ArgumentTypeError(f"{text} is no port: give a number from 1 to 65535")
    return number


def unusable(host: str, port: int) -> str:
    """Returns why no server can listen on this address, or the empty text if one can."""
    with socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as error:
            if error.errno == errno.EADDRINUSE:
                return f"port {port} is taken; stop what uses it, or choose another with --port"
            return f"cannot listen at {host}:{port}: {error.strerror}"
    return ""


def state_of(path: Path) -> State:
    try:
        return saving.read(path)
    except (ValueError, OSError) as error:
        raise ValueError(f"{path} cannot be read: {error}") from error


def world_of(given: argparse.Namespace) -> World:
    """Returns the world that the command line's arguments describe.

    Raises ValueError or OSError with a message for the user.
    """
    host = "127.0.0.1" if given.host == ANYWHERE else given.host
    found = addresses.read(given.public_url, f"http://{host}:{given.port}")
    world = World(found, tls.authority(given.tls) if given.tls else None)
    if given.callback_ca:
        world.callback_ca = str(given.callback_ca.resolve(strict=True))
    if given.state:
        world.replace_state(state_of(given.state))
    if given.accounts:
        accounts_file.load(world, given.accounts)
    return world


def server_of(world: World, given: argparse.Namespace) -> serving.Server:
    application = app.create(world, given.state)
    secondary = None
    if ca := world.authority:
        own = tls.server_certificate(ca, world.addresses.hosts)
        secondary = serving.secure(application, given.host, given.tls_port, ca, own)
        print(f"wechat-simulator: https on port {given.tls_port}; trust {ca.path}", flush=True)
    return serving.Server(world, serving.plain(application, given.host, given.port), secondary)


def main() -> None:
    given = arguments()
    for number in (given.port, *([given.tls_port] if given.tls else [])):
        if problem := unusable(given.host, number):
            sys.exit(f"simulator: {problem}")
    try:
        world = world_of(given)
    except OSError as error:
        sys.exit(f"simulator: {error.filename}: {error.strerror}")
    except ValueError as error:
        sys.exit(f"simulator: {error}")
    server_of(world, given).run()


if __name__ == "__main__":
    main()
