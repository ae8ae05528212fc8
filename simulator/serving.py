"""The servers of the process: http, and also https if there is an authority."""

from __future__ import annotations

import asyncio
import signal
import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from socket import socket
from typing import Any

import uvicorn
from starlette.types import ASGIApp
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from simulator.tls import Authority, ServerCertificate
from simulator.world import World

COMMON: dict[str, Any] = {
    "log_level": "error",
    "access_log": False,
    "server_header": False,
    "timeout_graceful_shutdown": 2,
}
CLIENT_CERTIFICATE = "client_certificate"


class CertificateProtocol(HttpToolsProtocol):
    """An HTTP protocol that puts the client's certificate into ``scope["state"]``."""

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        shown = transport.get_extra_info("peercert") or {}
        subject = {name: value for part in shown.get("subject", ()) for name, value in part}
        certificate = {"merchant": subject.get("commonName", ""), "serial": shown.get("serialNumber", "")}
        self.app_state = {**self.app_state, CLIENT_CERTIFICATE: certificate if shown else None}
        super().connection_made(transport)


class SecondaryServer(uvicorn.Server):
    """A server that another one starts and stops."""

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


class Server(uvicorn.Server):
    """A server that closes open phone pages when it stops, because it would wait for them."""

    def __init__(
        self, world: World, config: uvicorn.Config, secondary: SecondaryServer | None = None
    ) -> None:
        super().__init__(config)
        self.world = world
        self.secondary = secondary

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        loop = asyncio.get_running_loop()
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            loop.add_signal_handler(number, self.stop)
        yield

    async def serve(self, sockets: list[socket] | None = None) -> None:
        async with asyncio.TaskGroup() as group:
            group.create_task(super().serve(sockets))
            if self.secondary:
                group.create_task(self.secondary.serve())

    def stop(self) -> None:
        self.world.live.close()
        self.should_exit = True
        if self.secondary:
            self.secondary.should_exit = True


def plain(app: ASGIApp, host: str, port: int) -> uvicorn.Config:
    return uvicorn.Config(app, host=host, port=port, **COMMON)


def secure(app: ASGIApp, host: str, port: int, ca: Authority, own: ServerCertificate) -> SecondaryServer:
    """Returns a server with TLS; clients can use a certificate of the authority, as for refunds of API v2."""
    config = uvicorn.Config(
        app,
        host=host,
        port=port,
        http=CertificateProtocol,
        lifespan="off",
        ssl_certfile=own.certificate,
        ssl_keyfile=own.key,
        ssl_ca_certs=str(ca.path),
        ssl_cert_reqs=ssl.CERT_OPTIONAL,
        **COMMON,
    )
    return SecondaryServer(config)
