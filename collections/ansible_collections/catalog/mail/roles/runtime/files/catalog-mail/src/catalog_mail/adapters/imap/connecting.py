# Copyright (c) 2026 The catalog.mail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The connection to the mailbox of replies: selected for each command, and made again where that helps."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TypeVar

from imap_tools.errors import UnexpectedCommandStatusError

from catalog_mail.adapters.imap.capabilities import BrokenCapabilities, CapabilityFailed
from catalog_mail.adapters.imap.failing import first
from catalog_mail.adapters.imap.idle import Waiting
from catalog_mail.adapters.imap.names import fitting_name
from catalog_mail.adapters.imap.responses import number, words
from catalog_mail.adapters.imap.session import Session, open_session
from catalog_mail.domain.failures import imap as imap_failures
from catalog_mail.domain.failures.failure import MailboxFailed
from catalog_mail.domain.failures.imap import Stage
from catalog_mail.domain.replies.mailbox import KEYWORDS
from catalog_mail.domain.settings.servers import ImapServer

T = TypeVar("T")


class Connecting:
    """One connection at a time; methods raise MailboxFailed.

    `keeps` tells whether the server stores the service's keywords, `validity` is UIDVALIDITY, the same for all connections.
    """

    session: Session
    waiting: Waiting
    keeps: bool

    def __init__(self, server: ImapServer, broken: BrokenCapabilities) -> None:
        """Connect, log in, open the mailbox."""
        self.server = server
        self.name = "INBOX" if server.mailbox.upper() == "INBOX" else server.mailbox
        self._broken = broken
        self.validity = self._open()

    @contextmanager
    def asking(self, stage: Stage) -> Iterator[Session]:
        """Select the mailbox and leave IDLE for a command; yields the session."""
        self.leave_idle()
        with self.session.failures(stage):
            self.back()
            self.session.enter(stage)
            yield self.session

    def leave_idle(self) -> None:
        """Leave IDLE; on a new connection if the server does not leave it."""
        try:
            with self.session.failures(Stage.WAIT):
                self.waiting.end()
        except CapabilityFailed as error:
            self._go_on(error)

    def repeating(self, operation: Callable[[], T]) -> T:
        """Run an operation; repeat it on a new connection when a capability that it used does not work."""
        while True:
            try:
                return operation()
            except CapabilityFailed as error:
                self._go_on(error)

    def reopen(self, why: MailboxFailed) -> None:
        """Connect again. Raises `why` if that fails."""
        try:
            validity = self._open()
        except MailboxFailed:
            raise why from None
        self.session.arrivals = True
        self._check_validity(validity)

    def back(self) -> None:
        """Select the mailbox again after another one; its UIDVALIDITY must be the same."""
        if self.session.selected != self.name:
            validity = self._select()
            self.session.arrivals = True
            self._check_validity(validity)

    def _go_on(self, error: CapabilityFailed) -> None:
        self.reopen(error)
        self._broken.note(error)

    def _check_validity(self, validity: str) -> None:
        if validity != self.validity:
            with self.session.failures():
                raise MailboxFailed(imap_failures.mailbox_recreated(self.name, self.server))

    def _open(self) -> str:
        self.session = open_session(self.server, self._broken)
        with self.session.failures(Stage.SELECT):
            self.waiting = Waiting(self.session)
            return self._select()

    def _select(self) -> str:
        """Select the mailbox; return UIDVALIDITY."""
        try:
            said = self.session.select(self.name)
        except UnexpectedCommandStatusError as refusal:
            answer = self.session.answer(first(refusal.command_result[1]))
            fitting = fitting_name(self.session, self.name)
            if fitting is None:
                raise
            raise MailboxFailed(imap_failures.misnamed(self.name, fitting, answer, self.server)) from refusal
        permanent = words(said.get("PERMANENTFLAGS"))
        if permanent is not None and "\\seen" not in permanent:
            raise MailboxFailed(imap_failures.read_only(self.name, self.server))
        self.keeps = permanent is not None and ("\\*" in permanent or {word.lower() for word in KEYWORDS} <= permanent)
        return number(said.get("UIDVALIDITY")) or "0"
