# Copyright (c) 2026 The catalog.mail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""python -m emulator: one JSON line {"port": N} on standard output when it listens."""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import json
import secrets
import socket
from pathlib import Path

import uvicorn
from aiosmtpd.smtp import SMTP

from emulator.control.api import Control
from emulator.exchange.delivery import Postman
from emulator.exchange.smtp_in import MailHandler
from emulator.web import Application
from emulator.world import World

LARGEST_MAIL = 150 * 1024 * 1024


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="emulator", description="Entra and Microsoft Graph, emulated.")
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=0, help="0 takes a free one")
    parser.add_argument("--certificate", type=Path, required=True, help="PEM, may hold the key too")
    parser.add_argument("--key", type=Path)
    parser.add_argument("--state", type=Path, required=True, help="folder that keeps all that it knows")
    parser.add_argument("--smtp", type=_address, help="HOST:PORT that mail to other domains goes to")
    parser.add_argument("--smtp-listen", type=_address, help="HOST:PORT on which mail for mailboxes here is taken")
    parser.add_argument("--ca-file", type=Path, help="CA that the SMTP server's certificate is verified against")
    parser.add_argument("--control-token-file", type=Path, required=True, help="made, where it does not exist")
    parser.add_argument("--audience", action="append", default=[], metavar="URL", help="a further address that is Graph here")
    parser.add_argument("--imds-listen", type=_address, help="HOST:PORT of plain HTTP, for managed identity")
    return parser.parse_args()


def _address(text: str) -> tuple[str, int]:
    host, _, port = text.rpartition(":")
    return host.strip("[]"), int(port)


def _token(path: Path) -> str:
    if not path.exists():
        path.touch(mode=0o600)
        path.write_text(secrets.token_urlsafe(32))
    return path.read_text().strip()


async def serve(options: argparse.Namespace) -> None:
    """Until it is stopped."""
    options.state.mkdir(parents=True, exist_ok=True)
    world = World.open(options.state, options.smtp, tuple(url.rstrip("/") for url in options.audience))
    application = Application(world, Control(world, _token(options.control_token_file)))
    listener = _listener(options.host, options.port)
    server = uvicorn.Server(uvicorn.Config(
        application, ssl_certfile=str(options.certificate), ssl_keyfile=str(options.key) if options.key else None,
        log_level="warning", access_log=False, http="h11", lifespan="off", server_header=False, date_header=False,
        timeout_graceful_shutdown=1,
    ))  # fmt: skip
    running = [asyncio.ensure_future(Postman(world, options.ca_file).run())]
    mail = await _mail(world, options.smtp_listen)
    if options.imds_listen:
        running.append(asyncio.ensure_future(_plain(application, options.imds_listen)))
    print(json.dumps({"port": listener.getsockname()[1], "smtp_port": mail}), flush=True)
    try:
        await server.serve([listener])
    finally:
        for task in running:
            task.cancel()


def _listener(host: str, port: int) -> socket.socket:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    # With its protocol named: asyncio sets TCP_NODELAY on no other.
    listener = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    listener.bind((host, port))
    listener.listen(512)
    return listener


async def _mail(world: World, address: tuple[str, int] | None) -> int | None:
    """The port on which mail is taken."""
    if address is None:
        return None
    handler = MailHandler(world)
    server = await asyncio.get_running_loop().create_server(
        lambda: SMTP(handler, data_size_limit=LARGEST_MAIL, enable_SMTPUTF8=True, hostname="emulator"), *address
    )
    return int(server.sockets[0].getsockname()[1])


async def _plain(application: Application, address: tuple[str, int]) -> None:
    server = uvicorn.Server(uvicorn.Config(
        application, log_level="warning", access_log=False, http="h11", lifespan="off", host=address[0], port=address[1],
    ))  # fmt: skip
    server.install_signal_handlers = lambda: None  # type: ignore[attr-defined]
    await server.serve()


if __name__ == "__main__":
    with contextlib.suppress(KeyboardInterrupt):
        asyncio.run(serve(arguments()))
