# Copyright (c) 2026 The catalog.mail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A scripted SMTP server for cases that no real server produces on request: odd codes, replies without an end, disconnects."""

from __future__ import annotations

import contextlib
import socket
import threading
from collections.abc import Iterator, Mapping
from typing import BinaryIO

# The replies by command; "" is the greeting and "." the end of the message.
REPLIES = {
    "": b"220 odd.test ESMTP\r\n", "EHLO": b"250-odd.test\r\n250 AUTH PLAIN LOGIN\r\n", "HELO": b"250 odd.test\r\n",
    "AUTH": b"235 2.7.0 Ok\r\n", "DATA": b"354 go on\r\n", ".": b"250 2.0.0 Taken\r\n", "QUIT": b"221 Bye\r\n",
}  # fmt: skip
OK = b"250 Ok\r\n"


class ScriptedSmtpServer:
    """Gives the reply that `script` has for a command, else the usual one.

    A reply that ends with `{close}` closes the connection, and one that ends with `{endless}` is repeated for ever. A list has
    the replies to a command that is given several times.
    """

    def __init__(self, script: Mapping[str, bytes | list[bytes]]) -> None:
        self.script = dict(script)
        self.heard: list[str] = []
        self.taken: list[bytes] = []
        self.connections = 0
        self._listener = socket.create_server(("127.0.0.1", 0))
        threading.Thread(target=self._serve, daemon=True).start()

    @property
    def port(self) -> int:
        port: int = self._listener.getsockname()[1]
        return port

    def close(self) -> None:
        self._listener.close()

    def _serve(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                connection, _address = self._listener.accept()
                self.connections += 1
                threading.Thread(target=self._talk, args=(connection,), daemon=True).start()

    def _talk(self, connection: socket.socket) -> None:
        with contextlib.suppress(OSError), connection:
            reader = connection.makefile("rb")
            if not self._reply(connection, ""):
                return
            for line in reader:
                words = line.decode("utf-8", "replace").split()
                self.heard.append(" ".join(words))
                name = (words[0] if words else "").upper().partition(":")[0]
                goes_on = name == "DATA" and self._reply_to(name).startswith(b"354")
                if not self._reply(connection, name):
                    return
                if goes_on:
                    content = self._content(reader)
                    if content is None:
                        return
                    self.taken.append(content)
                    if not self._reply(connection, "."):
                        return

    def _content(self, reader: BinaryIO) -> bytes | None:
        """Return a message's content; None when the client closes the connection before its end."""
        lines = []
        while (line := reader.readline()) != b".\r\n":
            if not line:
                return None
            lines.append(line)
        return b"".join(lines)

    def _reply_to(self, name: str) -> bytes:
        reply = self.script.get(name, REPLIES.get(name, OK))
        return reply[0] if isinstance(reply, list) else reply

    def _reply(self, connection: socket.socket, name: str) -> bool:
        reply = self._reply_to(name)
        several = self.script.get(name)
        if isinstance(several, list) and len(several) > 1:
            several.pop(0)
        connection.sendall(reply.removesuffix(b"{close}").removesuffix(b"{endless}"))
        while reply.endswith(b"{endless}"):
            connection.sendall(reply.removesuffix(b"{endless}"))
        if name == "QUIT" or reply.endswith(b"{close}"):
            connection.shutdown(socket.SHUT_RDWR)
            return False
        return True


@contextlib.contextmanager
def scripted_smtp(script: Mapping[str, bytes | list[bytes]]) -> Iterator[ScriptedSmtpServer]:
    """Run such a server."""
    server = ScriptedSmtpServer(script)
    try:
        yield server
    finally:
        server.close()
