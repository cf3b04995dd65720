"""A real SMTP server on the loopback that keeps what it takes."""

from __future__ import annotations

import asyncio
import email
import email.policy
import threading
import time
from collections.abc import Callable
from email.message import EmailMessage
from typing import Any

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, Envelope, Session

from helpers.service.process import free_port


class MailSink:
    """Takes every message, unless `answer` says otherwise.

    `answer` is called with the envelope at the end of a message, and gives the server's reply.
    As long as it is `holding`, no message that has come gets its reply.
    """

    def __init__(self, **options: Any) -> None:
        self._taken: list[tuple[str, list[str], bytes]] = []
        self._lock = threading.Lock()
        self.answer: Callable[[Envelope], str] = lambda _envelope: "250 2.0.0 Ok: taken"
        self.holding = False
        self.controller = Controller(self, hostname="127.0.0.1", port=free_port(), ready_timeout=10, **options)

    async def handle_DATA(self, _server: SMTP, _session: Session, envelope: Envelope) -> str:  # noqa: N802
        while self.holding:
            await asyncio.sleep(0.01)
        reply = self.answer(envelope)
        if reply.startswith("250"):
            content = envelope.content or b""
            with self._lock:
                self._taken.append((envelope.mail_from or "", list(envelope.rcpt_tos), bytes(content)))
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
        """Sender, recipients and bytes of each message, in order."""
        with self._lock:
            return list(self._taken)

    @property
    def messages(self) -> list[EmailMessage]:
        """The messages, parsed."""
        return [email.message_from_bytes(raw, policy=email.policy.SMTP) for _, _, raw in self.taken]

    def wait_for(
        self, count: int, seconds: float = 20, *, such: Callable[[EmailMessage], bool] = lambda _message: True
    ) -> list[EmailMessage]:
        """The messages, or `such` of them, as soon as there are this many."""
        deadline = time.monotonic() + seconds
        while True:
            messages = [message for message in self.messages if such(message)] if len(self.taken) >= count else []
            if len(messages) >= count or time.monotonic() > deadline:
                break
            time.sleep(0.02)
        assert len(messages) >= count, f"{len(messages)} of {count} messages after {seconds} s"
        return messages

    def clear(self) -> None:
        with self._lock:
            self._taken.clear()
