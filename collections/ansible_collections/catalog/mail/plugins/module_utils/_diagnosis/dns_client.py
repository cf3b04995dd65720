# Copyright (c) 2026 The catalog.mail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to this collection: it may change without notice.
"""Ask the name servers of this host, by UDP, and by TCP for what does not fit. An edge."""

from __future__ import annotations

import secrets
import socket
import struct
import time
from typing import List, Sequence, Tuple

from .dns_answer import FAILED, MISSING, Answer
from .dns_message import Malformed, Reply, parse, question

RESOLV_CONF = "/etc/resolv.conf"
SECONDS = 3.0
"""Seconds for the answer of one server; each server is asked twice."""
_PORT = 53
_MAX_UDP = 4096
_MAX_TCP = 65535
_TRIES = 2


class Resolver:
    """Implements ``dns_answer.Dns`` with its own messages, since modules have only the standard library."""

    def __init__(self, servers: Sequence[Tuple[str, int]] = (), seconds: float = SECONDS) -> None:
        """``servers`` are addresses and ports; without any, those of /etc/resolv.conf are asked."""
        self._servers = list(servers) or [(address, _PORT) for address in _configured()]
        self._seconds = seconds

    def look_up(self, name: str, kind: str) -> Answer:
        """Return the records of a name; the first server that answers counts."""
        for server in self._servers * _TRIES:
            try:
                reply = self._ask(server, name, kind)
            except (OSError, Malformed):
                continue
            if not reply.failed:
                return Answer(reply.records) if reply.exists else MISSING
        return FAILED

    def _ask(self, server: Tuple[str, int], name: str, kind: str) -> Reply:
        number = secrets.randbelow(1 << 16)
        asked = question(number, name, kind)
        reply = self._by_udp(server, asked, (number, name, kind))
        if reply.truncated:
            reply = parse(self._by_tcp(server, asked), number, name, kind)
        return reply

    def _by_udp(self, server: Tuple[str, int], asked: bytes, about: Tuple[int, str, str]) -> Reply:
        """Return the answer; datagrams that are not for this question are dropped until the time is over."""
        end = time.monotonic() + self._seconds
        with _socket(server, socket.SOCK_DGRAM) as connection:
            connection.connect(server)  # so that only this server's datagrams arrive, and its refusals
            connection.send(asked)
            while True:
                connection.settimeout(max(0.001, end - time.monotonic()))
                try:
                    return parse(connection.recv(_MAX_UDP), *about)
                except Malformed:
                    if time.monotonic() >= end:
                        raise

    def _by_tcp(self, server: Tuple[str, int], asked: bytes) -> bytes:
        """Return the answer, which its length precedes (RFC 1035, 4.2.2)."""
        end = time.monotonic() + self._seconds
        with _socket(server, socket.SOCK_STREAM) as connection:
            connection.settimeout(self._seconds)
            connection.connect(server)
            connection.sendall(struct.pack(">H", len(asked)) + asked)
            (length,) = struct.unpack(">H", _read(connection, 2, end))
            return _read(connection, min(length, _MAX_TCP), end)


def _read(connection: socket.socket, size: int, end: float) -> bytes:
    data = b""
    while len(data) < size:
        connection.settimeout(max(0.001, end - time.monotonic()))
        more = connection.recv(size - len(data))
        if not more:
            raise Malformed("the answer is cut off")
        data += more
    return data


def _socket(server: Tuple[str, int], kind: int) -> socket.socket:
    return socket.socket(socket.AF_INET6 if ":" in server[0] else socket.AF_INET, kind)


def _configured() -> List[str]:
    """Return the name servers of /etc/resolv.conf (resolv.conf(5): at most three; this host when there are none)."""
    try:
        with open(RESOLV_CONF, encoding="utf-8", errors="replace") as stream:
            rows = [line.split() for line in stream]
    except OSError:
        rows = []
    return [row[1].partition("%")[0] for row in rows if len(row) > 1 and row[0] == "nameserver"][:3] or ["127.0.0.1"]
