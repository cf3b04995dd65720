# Copyright (c) 2026 The catalog.mail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A scripted IMAP server for cases that no real server produces on request: silence, disconnects, malformed responses."""

from __future__ import annotations

import contextlib
import socket
import threading
from collections.abc import Callable, Iterator

CAPABILITY = b"* CAPABILITY IMAP4rev1 UIDPLUS IDLE LITERAL+\r\n"
SELECTED = b"* 0 EXISTS\r\n* OK [PERMANENTFLAGS (\\Seen \\*)] ok\r\n* OK [UIDVALIDITY 7] ok\r\n"


class ScriptedImapServer:
    """Answers each command with the response that `script` has for its first word after the tag, else with OK.

    A response is sent verbatim, `{tag}` replaced; None closes the connection, `{close}` at the end of a response closes it after
    the response, and "" sends nothing from then on.
    """

    def __init__(self, script: dict[str, bytes | None], greeting: bytes = b"* OK ready\r\n") -> None:
        self.script: dict[str, bytes | None] = {
            "CAPABILITY": CAPABILITY + b"{tag} OK done\r\n",
            "SELECT": SELECTED + b"{tag} OK [READ-WRITE] done\r\n",
            "STATUS": b"* STATUS Archive (MESSAGES 0)\r\n{tag} OK done\r\n",
            **script,
        }
        self.greeting = greeting
        self.done = b"{tag} OK done\r\n"  # the response to DONE, which ends IDLE
        self.heard: list[str] = []
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._connections: list[socket.socket] = []
        threading.Thread(target=self._serve, daemon=True).start()

    @property
    def port(self) -> int:
        port: int = self._listener.getsockname()[1]
        return port

    def close(self) -> None:
        self._listener.close()
        for connection in self._connections:
            connection.close()

    def say(self, line: bytes) -> None:
        """Send an unsolicited response to all clients."""
        for connection in self._connections:
            connection.sendall(line)

    def _serve(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                connection, _address = self._listener.accept()
                self._connections.append(connection)
                threading.Thread(target=self._talk, args=(connection,), daemon=True).start()

    def _talk(self, connection: socket.socket) -> None:
        with contextlib.suppress(OSError):
            connection.sendall(self.greeting)
            for line in connection.makefile("rb"):
                words = line.decode("utf-8", "replace").split()
                self.heard.append(" ".join(words[1:]))
                if words[0] == "DONE":
                    connection.sendall(self.done.replace(b"{tag}", self._idle))
                    continue
                self._idle = words[0].encode()
                answer = self.answer_to(words)
                if answer is not None:
                    connection.sendall(answer.removesuffix(b"{close}").replace(b"{tag}", words[0].encode()))
                if answer is None or answer.endswith(b"{close}"):
                    connection.shutdown(socket.SHUT_RDWR)
                    return

    def answer_to(self, words: list[str]) -> bytes | None:
        """Return the response to a command, given as its words with the tag."""
        name = " ".join(words[1:3]) if words[1] == "UID" else words[1]
        answer = self.script.get(name, b"+ idling\r\n" if name == "IDLE" else b"{tag} OK done\r\n")
        if name in {"SELECT", "STATUS", "CREATE"}:
            return self.script.get(f"{name} " + words[2].strip('"'), answer)
        return answer

    _idle = b""


@contextlib.contextmanager
def scripted_imap_servers() -> Iterator[Callable[..., ScriptedImapServer]]:
    """Make such servers, and close them at the end."""
    made: list[ScriptedImapServer] = []

    def make(script: dict[str, bytes | None] | None = None, greeting: bytes = b"* OK ready\r\n") -> ScriptedImapServer:
        made.append(ScriptedImapServer(script or {}, greeting))
        return made[-1]

    try:
        yield make
    finally:
        for talk in made:
            talk.close()
