"""Senders that keep their sessions: a login and a TLS handshake cost more than a message."""

from __future__ import annotations

import threading
import time
from collections import OrderedDict

from catalog_mail.adapters.connection import Deadline
from catalog_mail.adapters.smtp.session import Gone, Session
from catalog_mail.domain.failures.smtp import Attempt
from catalog_mail.domain.settings.document import Transport
from catalog_mail.domain.settings.servers import SendingSettings, SmtpServer
from catalog_mail.ports.sending import Evidence

# Servers end sessions that are idle or have had their share; below Postfix's 300 s and other servers' 50 or 100 messages.
IDLE_SECONDS = 20
MOST_MESSAGES = 50
# Senders kept for settings; those in force and, for what is still being sent, those before.
KEPT = 2


class SmtpSender:
    """Fulfils ports.MailSender. As many sessions as threads send at the same time."""

    def __init__(self, settings: SendingSettings) -> None:
        if not isinstance(settings.server, SmtpServer):
            raise TypeError(settings.transport)
        self._server = settings.server
        self._builtin = settings.transport is Transport.BUILTIN
        self._idle: list[Session] = []
        self._lock = threading.Lock()
        self._closed = False
        self._watch: threading.Timer | None = None

    @property
    def settles_after(self) -> float:
        """SMTP cannot tell what was sent before."""
        return 0.0

    def reserve(self) -> float:
        """A server takes what it takes."""
        return 0.0

    def send(self, message: bytes, envelope_from: str, envelope_to: str, *, again: bool = False) -> Evidence:
        """Hand over one message within the settings' timeout. Raises SendingFailed. SMTP cannot tell what was sent before."""
        attempt = Attempt(self._server, envelope_from, envelope_to, self._builtin)
        deadline = Deadline(self._server.timeout)
        started = time.monotonic()
        while (session := self._borrow()) is not None:
            try:
                return self._send(session, message, attempt, deadline)
            except Gone:
                continue
        session = Session(attempt, deadline)
        evidence = self._send(session, message, attempt, deadline)
        return Evidence(
            evidence.server, evidence.response, evidence.tls, evidence.authenticated, round(time.monotonic() - started, 3)
        )

    def close(self) -> None:
        """Take leave of the server; sessions that are in use end with their message."""
        with self._lock:
            self._closed = True
            idle, self._idle = self._idle, []
            if self._watch:
                self._watch.cancel()
        for session in idle:
            session.quit()

    def _send(self, session: Session, message: bytes, attempt: Attempt, deadline: Deadline) -> Evidence:
        try:
            return session.send(message, attempt, deadline)
        finally:
            self._give_back(session)

    def _borrow(self) -> Session | None:
        """The session that was used last, unless it was idle for long."""
        with self._lock:
            fresh = self._idle and self._idle[-1].used_at >= _oldest()
            return self._idle.pop() if fresh else None

    def _give_back(self, session: Session) -> None:
        if session.open and session.count < MOST_MESSAGES:
            with self._lock:
                if not self._closed:
                    self._idle.append(session)
                    self._keep_watch()
                    return
        session.quit()

    def _keep_watch(self) -> None:
        """While sessions are idle, a timer looks after them; the lock is held."""
        if self._watch is None:
            self._watch = threading.Timer(IDLE_SECONDS, self._end_stale)
            self._watch.daemon = True
            self._watch.start()

    def _end_stale(self) -> None:
        """Take leave of the server in sessions that nobody has used for long: it may have few of them."""
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
    """The moment since when a session that is still good was used."""
    return time.monotonic() - IDLE_SECONDS


class SmtpSenders:
    """Fulfils ports.MailSenders."""

    def __init__(self) -> None:
        self._senders: OrderedDict[SendingSettings, SmtpSender] = OrderedDict()
        self._lock = threading.Lock()

    def sender(self, settings: SendingSettings) -> SmtpSender:
        """The one for these settings; the least used of more than two is closed."""
        with self._lock:
            sender = self._senders.pop(settings, None) or SmtpSender(settings)
            self._senders[settings] = sender
            dropped = self._senders.popitem(last=False)[1] if len(self._senders) > KEPT else None
        if dropped:
            dropped.close()
        return sender

    def make_email_test_sender(self, settings: SendingSettings) -> SmtpSender:
        """One for a single test, with a session of its own."""
        return SmtpSender(settings)

    def close(self) -> None:
        """Take leave of all servers."""
        with self._lock:
            senders, self._senders = list(self._senders.values()), OrderedDict()
        for sender in senders:
            sender.close()
