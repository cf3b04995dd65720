# Copyright (c) 2026 The catalog.mail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A real SMTP server on the loopback that stores received messages."""

from __future__ import annotations

import asyncio
import email
import email.policy
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from email.message import EmailMessage
from functools import cached_property
from typing import Any

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, Envelope, Session

from helpers.service.process import free_port
from helpers.waiting import PATIENCE, wait_until


@dataclass
class Received:
    """One received message."""

    sender: str
    recipients: list[str]
    content: bytes

    @cached_property
    def message(self) -> EmailMessage:
        """The message, parsed once, however often it is asked for."""
        return email.message_from_bytes(self.content, policy=email.policy.SMTP)


class MailSink:
    """Accepts every message unless `answer` returns another reply.

    `answer` gets the envelope at the end of DATA and returns the server's reply.
    While `holding` is set, received messages get no reply.
    """

    def __init__(self, **options: Any) -> None:
        self._received: list[Received] = []
        self._lock = threading.Lock()
        self.answer: Callable[[Envelope], str] = lambda _envelope: "250 2.0.0 Ok: taken"
        self.holding = False
        self.controller = Controller(self, hostname="127.0.0.1", port=free_port(), ready_timeout=PATIENCE, **options)

    async def handle_DATA(self, _server: SMTP, _session: Session, envelope: Envelope) -> str:  # noqa: N802
        while self.holding:
            await asyncio.sleep(0.01)
        reply = self.answer(envelope)
        if reply.startswith("250"):
            content = envelope.content or b""
            with self._lock:
                self._received.append(Received(envelope.mail_from or "", list(envelope.rcpt_tos), bytes(content)))
        return reply

    def __enter__(self) -> MailSink:
        self.controller.start()
        return self

    def __exit__(self, *_exception: object) -> None:
        self.controller.stop()

    @property
    def port(self) -> int:
        server = self.controller.server
        assert server
        port: int = server.sockets[0].getsockname()[1]
        return port

    @property
    def taken(self) -> list[tuple[str, list[str], bytes]]:
        """Return sender, recipients and bytes of each message, in order."""
        return [(one.sender, one.recipients, one.content) for one in self._so_far()]

    @property
    def messages(self) -> list[EmailMessage]:
        """Return the parsed messages, in order."""
        return [one.message for one in self._so_far()]

    def wait_for(self, count: int, *, such: Callable[[EmailMessage], bool] = lambda _message: True) -> list[EmailMessage]:
        """Wait for this many messages, or for this many that satisfy `such`; return them."""

        def found() -> list[EmailMessage]:
            return [one.message for one in self._so_far() if such(one.message)]

        wait_until(
            lambda: len(self._so_far()) >= count and len(found()) >= count,
            lambda: f"fewer than {count} of these: {[message['Subject'] for message in self.messages]}",
        )
        return found()

    def answer_slowly(self, seconds: float) -> threading.Event:
        """Delay the reply to each message from now on; the event is set when the first delay begins."""
        begun = threading.Event()

        def slowly(_envelope: Envelope) -> str:
            begun.set()
            time.sleep(seconds)
            return "250 2.0.0 Ok: taken"

        self.answer = slowly
        return begun

    def clear(self) -> None:
        with self._lock:
            self._received.clear()

    def _so_far(self) -> list[Received]:
        with self._lock:
            return list(self._received)
