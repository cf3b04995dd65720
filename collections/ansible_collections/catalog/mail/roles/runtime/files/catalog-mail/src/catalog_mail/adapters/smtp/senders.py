# Copyright (c) 2026 The catalog.mail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Senders that keep sessions open, since a login and a TLS handshake cost more than a message."""

from __future__ import annotations

import threading
import time
from collections import OrderedDict
from dataclasses import replace

from catalog_mail.adapters.connection import Deadline
from catalog_mail.adapters.smtp.session import Finished, Session
from catalog_mail.adapters.smtp.session_limits import SessionLimits
from catalog_mail.domain.failures.smtp import Attempt
from catalog_mail.domain.settings.document import Transport
from catalog_mail.domain.settings.servers import SendingSettings, SmtpServer
from catalog_mail.ports.sending import Evidence

# Idle time after which a session ends, within the limits of common servers (Postfix: 300 s).
IDLE_SECONDS = 20
# Number of senders kept: for the settings in force, and for the settings before, which may still be in use.
KEPT = 2


class SmtpSender:
    """Implements ports.MailSender. Has as many sessions as threads that send at the same time."""

    def __init__(self, settings: SendingSettings, limits: SessionLimits) -> None:
        if not isinstance(settings.server, SmtpServer):
            raise TypeError(settings.transport)
        self._server = settings.server
        self._limits = limits
        self._place = f"{self._server.host.lower()}:{self._server.port}"
        self._builtin = settings.transport is Transport.BUILTIN
        self._idle: list[Session] = []
        self._lock = threading.Lock()
        self._closed = False
        self._watch: threading.Timer | None = None

    @property
    def settles_after(self) -> float:
        """Return 0: SMTP cannot tell whether a message was sent before."""
        return 0.0

    def reserve(self) -> float:
        """Return 0: SMTP servers announce no rate limit."""
        return 0.0

    def send(self, message: bytes, envelope_from: str, envelope_to: str, *, again: bool = False) -> Evidence:
        """Hand over one message within the settings' timeout. Raises SendingFailed. `again` has no effect in SMTP.

        A refusal on a session that has carried messages may concern that session alone, such as a limit of messages. Then the
        message is tried once on a new session, whose answer counts.
        """
        attempt = Attempt(self._server, envelope_from, envelope_to, self._builtin)
        deadline = Deadline(self._server.timeout)
        session = self._borrow()
        if session is None:
            return self._send_on_new_session(message, attempt, deadline)
        try:
            return self._send(session, message, attempt, deadline)
        except Finished as finished:
            evidence = self._send_on_new_session(message, attempt, deadline)
            self._limits.learn(self._place, session.count - 1, finished.code, finished.text)
            return evidence

    def close(self) -> None:
        """Quit idle sessions; sessions in use end with their message."""
        with self._lock:
            self._closed = True
            idle, self._idle = self._idle, []
            if self._watch:
                self._watch.cancel()
        for session in idle:
            session.quit()

    def _send_on_new_session(self, message: bytes, attempt: Attempt, deadline: Deadline) -> Evidence:
        started = time.monotonic()
        evidence = self._send(Session(attempt, deadline), message, attempt, deadline)
        return replace(evidence, seconds=round(time.monotonic() - started, 3))

    def _send(self, session: Session, message: bytes, attempt: Attempt, deadline: Deadline) -> Evidence:
        try:
            return session.send(message, attempt, deadline)
        finally:
            self._give_back(session)

    def _borrow(self) -> Session | None:
        """Return the session that was used last, unless it was idle for too long or has carried as many messages as it may."""
        most = self._limits.most(self._place)
        while (session := self._take_idle()) is not None:
            if session.count < most:
                return session
            session.quit()
        return None

    def _take_idle(self) -> Session | None:
        with self._lock:
            fresh = self._idle and self._idle[-1].used_at >= _oldest()
            return self._idle.pop() if fresh else None

    def _give_back(self, session: Session) -> None:
        if session.open and session.count < self._limits.most(self._place):
            with self._lock:
                if not self._closed:
                    self._idle.append(session)
                    self._keep_watch()
                    return
        session.quit()

    def _keep_watch(self) -> None:
        """Start a timer while sessions are idle; the caller holds the lock."""
        if self._watch is None:
            self._watch = threading.Timer(IDLE_SECONDS, self._end_stale)
            self._watch.daemon = True
            self._watch.start()

    def _end_stale(self) -> None:
        """Quit sessions that were idle for too long: a server may limit their number."""
        with self._lock:
            self._watch = None
            oldest = _oldest()
            stale = [session for session in self._idle if session.used_at < oldest]
            self._idle = [session for session in self._idle if session.used_at >= oldest]
            if self._idle and not self._closed:
                self._keep_watch()
        for session in stale:
            session.quit()


def _oldest() -> float:
    """Return the time since which a session must have been used to be kept."""
    return time.monotonic() - IDLE_SECONDS


class SmtpSenders:
    """Implements ports.MailSenders."""

    def __init__(self) -> None:
        self._senders: OrderedDict[SendingSettings, SmtpSender] = OrderedDict()
        self._limits = SessionLimits()
        self._lock = threading.Lock()

    def sender(self, settings: SendingSettings) -> SmtpSender:
        """Return the sender for these settings; closes the least recently used one beyond KEPT."""
        with self._lock:
            sender = self._senders.pop(settings, None) or SmtpSender(settings, self._limits)
            self._senders[settings] = sender
            dropped = self._senders.popitem(last=False)[1] if len(self._senders) > KEPT else None
        if dropped:
            dropped.close()
        return sender

    def make_email_test_sender(self, settings: SendingSettings) -> SmtpSender:
        """Return a sender for a single test, with a session of its own."""
        return SmtpSender(settings, self._limits)

    def close(self) -> None:
        """Close all sessions."""
        with self._lock:
            senders, self._senders = list(self._senders.values()), OrderedDict()
        for sender in senders:
            sender.close()
