# Copyright (c) 2026 The catalog.mail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Limits of HTTP connections that uvicorn does not have: their number, and the time that a client has to send and to read.

No client can hold a connection for as long as it likes, and a crowd of idle connections keeps no other client out: when there
are too many, the connection that matters least is closed.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import resource
import socket
import sys
from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum
from http import HTTPStatus
from typing import Any

import h11
from uvicorn.protocols.http.h11_impl import H11Protocol
from uvicorn.server import ServerState

# Largest request line with all headers, in bytes. One more slice may arrive before the excess is noticed.
LARGEST_HEADER = 16 * 1024
# Seconds that a client has, after a stop signal, to send the rest of a body or to read the rest of an answer.
STOP_SECONDS = 5
# Seconds in which a closed connection has to end: the client reads its answer, and what it still sends is thrown away.
CLOSE_SECONDS = 3
# Connections that the event loop accepts at a time, and those that the kernel holds ready meanwhile.
ACCEPTED_AT_ONCE = 64
BACKLOG = 512
# Files that the process needs beside its connections: databases, mail servers, and connections that were accepted and are not
# yet counted, or were closed for others and have not ended yet.
OTHER_FILES = 200 + 4 * ACCEPTED_AT_ONCE


@dataclass(frozen=True)
class HttpLimits:
    """Number of connections, and the seconds for a request's headers, for its body, and without any request."""

    connections: int = 1000
    header_timeout: int = 10
    body_timeout: int = 30
    idle_timeout: int = 15

    @property
    def possible_connections(self) -> int:
        """The number of connections that the limit of open files (LimitNOFILE) leaves room for."""
        files = resource.getrlimit(resource.RLIMIT_NOFILE)[0]
        return self.connections if files == resource.RLIM_INFINITY else max(16, min(self.connections, files - OTHER_FILES))


class Phase(Enum):
    """The state of a connection. When there are too many, those of an earlier phase are closed first."""

    CLOSING = "closing"  # answered; the client has not closed it yet
    HEADER = "header"    # the headers of a request are incomplete, or there is no request yet
    IDLE = "idle"        # a request was answered, and there is no other
    READ = "read"        # the client does not read its answer
    BODY = "body"        # the body of a request is incomplete
    WORK = "work"        # a complete request is being answered; never closed for another connection


class Connections(ServerState):
    """The server's connections, by phase; those of one phase in the order in which they entered it."""

    def __init__(self, limits: HttpLimits) -> None:
        super().__init__()
        self.limits = limits
        self.most = limits.possible_connections
        self.stopping = False
        self._phases: dict[Phase, dict[LimitedProtocol, None]] = {phase: {} for phase in Phase}

    def move(self, connection: LimitedProtocol, before: Phase | None, after: Phase | None) -> None:
        """Note that the connection changes its phase; None before it begins, and after it ends."""
        if before:
            self._phases[before].pop(connection, None)
        if after:
            self._phases[after][connection] = None

    def have_room(self) -> bool:
        """Return whether one more connection can be served, if necessary in place of another, which is then closed."""
        if len(self.connections) <= self.most:
            return True
        for phase in Phase:
            if phase is not Phase.WORK and self._phases[phase]:
                oldest = next(iter(self._phases[phase]))
                oldest.give_way()
                self.connections.discard(oldest)
                return True
        return False


class _Transport:
    """A transport whose close() waits, for a limited time, until the client has read the answer.

    A socket that is closed while the client still sends is reset, and the client loses the answer (RFC 9112, 9.6). So the end
    of the answer is signalled, and what still arrives is read and thrown away.
    """

    def __init__(self, transport: asyncio.Transport, loop: asyncio.AbstractEventLoop, is_sending: Callable[[], bool]) -> None:
        self._transport = transport
        self._loop = loop
        self._is_sending = is_sending
        self._abort: asyncio.TimerHandle | None = None

    def __getattr__(self, name: str) -> Any:
        return getattr(self._transport, name)

    def is_closing(self) -> bool:
        return self._abort is not None or self._transport.is_closing()

    def close(self) -> None:
        if self.is_closing():
            return
        self._abort = self._loop.call_later(CLOSE_SECONDS, self._transport.abort)
        if self._is_sending():
            with contextlib.suppress(OSError):  # the client has gone
                self._transport.write_eof()
            self._transport.resume_reading()
        else:
            self._transport.close()

    def ended(self) -> None:
        """Forget the timer: the connection has ended."""
        if self._abort:
            self._abort.cancel()


class LimitedProtocol(H11Protocol):
    """Uvicorn's protocol on h11, with limits. A client that exceeds one is answered with a problem (RFC 9457)."""

    transport: Any
    server_state: Connections

    def __init__(self, *words: Any, **named: Any) -> None:
        super().__init__(*words, **named)
        self._limits = self.server_state.limits
        self._phase: Phase | None = None
        self._followed: Any = None  # the request to which the phase belongs
        self._timer: asyncio.TimerHandle | None = None
        self._write_timer: asyncio.TimerHandle | None = None
        self._refused = False
        self._ended = False  # it has given way to another, or is lost

    # The events of the transport

    def connection_made(self, transport: Any) -> None:
        """Count the connection. Answer 503 when there are too many and none can be closed for this one."""
        super().connection_made(_Transport(transport, self.loop, self._is_sending))  # type: ignore[arg-type]  # has its methods
        _send_at_once(transport)
        if self.server_state.stopping:
            self.transport.close()
        elif not self.server_state.have_room():
            self._refuse(
                503, "too-many-connections", "The service has too many connections.",
                "Try again later, and close connections that are not used.", retry_after=1,
            )  # fmt: skip
        self._follow()

    def data_received(self, data: bytes) -> None:
        """Take input in slices, so that headers are refused before all of them have been parsed."""
        for start in range(0, len(data), LARGEST_HEADER):
            if self.transport.is_closing():
                return  # the answer was given, and this was sent before the client could know it
            super().data_received(data[start : start + LARGEST_HEADER])
        self._follow()

    def connection_lost(self, exc: Exception | None) -> None:
        """Forget the connection and its timers."""
        self.transport.ended()
        self._ended = True
        self._stop_timers()
        self._follow()
        super().connection_lost(exc)

    def pause_writing(self) -> None:
        """Limit the time in which the client reads an answer."""
        super().pause_writing()
        self._write_timer = self.loop.call_later(self._bounded(self._limits.body_timeout), self.transport.abort)
        self._follow()

    def resume_writing(self) -> None:
        """Go on: the client has read enough."""
        super().resume_writing()
        if self._write_timer:
            self._write_timer.cancel()
            self._write_timer = None
        self._follow()

    # The events of uvicorn

    def on_response_complete(self) -> None:
        """Wait for the next request, or for the rest of a small body; a large body is not waited for."""
        answered = self.cycle
        super().on_response_complete()
        is_incomplete = self.cycle is answered and self.conn.their_state is h11.SEND_BODY
        if is_incomplete and self._is_body_large() and not self.transport.is_closing():
            self.transport.close()
        self._follow()

    def send_400_response(self, msg: str) -> None:
        """Answer a request that is not HTTP, or whose headers are too large; `msg` is uvicorn's own word for both."""
        if getattr(sys.exc_info()[1], "error_status_hint", 400) == 431:
            self._refuse(
                431, "headers-too-large", f"The request line and headers are larger than {LARGEST_HEADER} bytes.",
                "Send a shorter address, and fewer or shorter headers.",
            )  # fmt: skip
        else:
            self._refuse(400, "bad-request", "The request is not HTTP/1.1.", "Send one as RFC 9112 describes it.")

    def timeout_keep_alive_handler(self) -> None:
        """Close a connection without requests."""
        super().timeout_keep_alive_handler()
        self._follow()

    def shutdown(self) -> None:
        """Begin to stop: unused connections end now; a client that sends or reads has STOP_SECONDS; work goes on."""
        if self.transport.is_closing():
            return
        super().shutdown()
        if self._phase is Phase.BODY:
            self._start_timer(STOP_SECONDS)
        if self._write_timer:
            self._write_timer.cancel()
            self._write_timer = self.loop.call_later(STOP_SECONDS, self.transport.abort)
        self._follow()

    def give_way(self) -> None:
        """End at once, in favour of another connection; a client that has begun a request is told so."""
        self._ended = True
        if self._phase in (Phase.CLOSING, Phase.READ):
            self.transport.abort()
        elif self._phase is Phase.BODY or self._has_begun_a_header():
            self._refuse(
                503, "too-many-connections", "The service has too many connections, and this request was not complete.",
                "Send the request again, all of it at once.", retry_after=1,
            )  # fmt: skip
        else:
            self.transport.close()
        if self.transport.get_write_buffer_size():
            self.transport.abort()  # a client that does not read holds the socket no longer
        self._follow()

    # Phases and their timers

    def _follow(self) -> None:
        """Enter the phase that the connection is in now; its time begins when it, or the request, is another than before."""
        phase = None if self._ended else self._current_phase()
        if (phase, self.cycle) == (self._phase, self._followed):
            return
        self.server_state.move(self, self._phase, phase)
        self._phase, self._followed = phase, self.cycle
        self._stop_timers(writing=False)
        if phase is Phase.HEADER:
            self._unset_keepalive_if_required()
            self._start_timer(self._limits.header_timeout)
        elif phase is Phase.BODY:
            self._start_timer(self._limits.body_timeout)

    def _current_phase(self) -> Phase:
        if self.transport.is_closing():
            return Phase.CLOSING
        if self._write_timer:
            return Phase.READ
        if self.conn.their_state is h11.SEND_BODY:
            return Phase.BODY
        if self.conn.their_state is h11.IDLE:
            return Phase.HEADER if self.cycle is None or self._has_begun_a_header() else Phase.IDLE
        return Phase.WORK

    def _has_begun_a_header(self) -> bool:
        return self.conn.their_state is h11.IDLE and bool(self.conn.trailing_data[0])

    def _is_sending(self) -> bool:
        """Return whether to wait for more input that belongs to an answered request."""
        return not self._ended and (self._refused or self.conn.their_state in (h11.SEND_BODY, h11.ERROR))

    def _is_body_large(self) -> bool:
        lengths = [value for name, value in self.headers if name == b"content-length"]
        return not lengths or int(lengths[0]) > LARGEST_HEADER

    def _bounded(self, seconds: int) -> int:
        return min(seconds, STOP_SECONDS) if self.server_state.stopping else seconds

    def _start_timer(self, seconds: int) -> None:
        self._stop_timers(writing=False)
        self._timer = self.loop.call_later(self._bounded(seconds), self._expire)

    def _stop_timers(self, *, writing: bool = True) -> None:
        if self._timer:
            self._timer.cancel()
            self._timer = None
        if writing and self._write_timer:
            self._write_timer.cancel()
            self._write_timer = None

    def _expire(self) -> None:
        """End the connection: its client did not send in time what it had begun."""
        self._timer = None
        if self.transport.is_closing():
            return
        if self._phase is Phase.BODY and self.flow.read_paused and not self.server_state.stopping:
            self._start_timer(self._limits.body_timeout)  # the service reads no faster; the client is not to blame
        elif self.server_state.stopping:
            self._refuse(503, "stopping", "The service is stopping.", "Send the request again.", retry_after=STOP_SECONDS)
        elif self._phase is Phase.BODY:
            self._refuse(
                408, "body-too-slow", f"The body was not complete after {self._limits.body_timeout} seconds.",
                "Send the request again; a faster network or a smaller body helps, and http.body_timeout in the service's "
                "configuration file is the limit.",
            )  # fmt: skip
        elif self._has_begun_a_header():
            self._refuse(
                408, "headers-too-slow", f"The headers were not complete after {self._limits.header_timeout} seconds.",
                "Send the request again, its headers at once.",
            )  # fmt: skip
        else:
            self.transport.close()
        self._follow()

    def _refuse(self, status: int, code: str, cause: str, remedy: str, *, retry_after: int | None = None) -> None:
        """Answer with a problem, unless an answer has begun, and close the connection."""
        self._refused = True
        self._unset_keepalive_if_required()
        is_open = self.conn.our_state in (h11.IDLE, h11.SEND_RESPONSE)
        if self.cycle is not None and not self.cycle.response_complete:
            is_open = is_open and not self.cycle.response_started
            self.cycle.disconnected = True  # for the application the client has gone
            self.cycle.message_event.set()
        if not is_open:
            self.transport.close()
            return
        phrase = HTTPStatus(status).phrase
        content = json.dumps({
            "type": f"/problems/{code}", "title": phrase, "status": status, "detail": f"{cause} {remedy}",
            "code": code, "cause": cause, "remedy": remedy,
        }).encode()  # fmt: skip
        headers = [
            *self.server_state.default_headers,
            (b"content-type", b"application/problem+json"),
            (b"content-length", b"%d" % len(content)),
            (b"connection", b"close"),
        ]
        if retry_after is not None:
            headers.append((b"retry-after", b"%d" % retry_after))
        answer = h11.Response(status_code=status, headers=headers, reason=phrase)
        for event in (answer, h11.Data(data=content), h11.EndOfMessage()):
            self.transport.write(self.conn.send(event))
        self.transport.close()


def _send_at_once(transport: Any) -> None:
    """Set TCP_NODELAY. asyncio does not, as the listening socket does not name its protocol."""
    accepted = transport.get_extra_info("socket")
    if accepted is not None and accepted.family in (socket.AF_INET, socket.AF_INET6):
        accepted.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
