# Copyright (c) 2026 The catalog.mail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A name server on the loopback, with the records of a test, by UDP and TCP."""

from __future__ import annotations

import socketserver
import struct
import threading
from collections.abc import Mapping
from types import TracebackType
from typing import Any

import dns.flags
import dns.message
import dns.rcode
import dns.rrset

LARGEST_DATAGRAM = 512
Zone = Mapping[tuple[str, str], list[str]]


class NameServer:
    """Answers with `zone`: records by name and type in the form of a zone file. Names without any record do not exist.

    A name in `failing` gets SERVFAIL. What does not fit into a datagram is cut off, so that it is asked for by TCP.
    """

    def __init__(self, zone: Zone, failing: tuple[str, ...] = ()) -> None:
        self.zone = {(name.lower(), kind): records for (name, kind), records in zone.items()}
        self.failing = failing
        self.by_tcp = 0
        names = self

        class Datagram(socketserver.BaseRequestHandler):
            def handle(self) -> None:
                data, connection = self.request
                answer = names.answer(data)
                wire = answer.to_wire()
                if len(wire) > LARGEST_DATAGRAM:
                    answer.answer.clear()
                    answer.flags |= dns.flags.TC
                    wire = answer.to_wire()
                connection.sendto(wire, self.client_address)

        class Stream(socketserver.StreamRequestHandler):
            def handle(self) -> None:
                names.by_tcp += 1
                (length,) = struct.unpack(">H", self.rfile.read(2))
                wire = names.answer(self.rfile.read(length)).to_wire()
                self.wfile.write(struct.pack(">H", len(wire)) + wire)

        self._tcp = socketserver.ThreadingTCPServer(("127.0.0.1", 0), Stream)
        self.port: int = self._tcp.server_address[1]
        self._udp = socketserver.ThreadingUDPServer(("127.0.0.1", self.port), Datagram)

    @property
    def address(self) -> str:
        """Return address and port."""
        return f"127.0.0.1:{self.port}"

    def answer(self, data: bytes) -> Any:
        """Return the answer to a question."""
        asked = dns.message.from_wire(data)
        answer = dns.message.make_response(asked, recursion_available=True)
        question = asked.question[0]
        name, kind = question.name.to_text(omit_final_dot=True).lower(), question.rdtype.name
        if name in self.failing:
            answer.set_rcode(dns.rcode.SERVFAIL)
        elif (name, kind) in self.zone:
            answer.answer.append(dns.rrset.from_text_list(question.name, 60, "IN", kind, self.zone[name, kind]))
        elif not any(one == name or one.endswith(f".{name}") for one, _kind in self.zone):
            answer.set_rcode(dns.rcode.NXDOMAIN)
        return answer

    def __enter__(self) -> NameServer:
        for server in (self._tcp, self._udp):
            threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        for server in (self._tcp, self._udp):
            server.shutdown()
            server.server_close()
