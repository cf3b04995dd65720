# Copyright (c) 2026 The catalog.mail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Fetch messages so that one that the server withholds or spoils does not stop the others.

A server may refuse such a message (NO, BAD), leave it out, answer what cannot be read, or end the connection at it. What came
before is used; the other messages of the command are then fetched alone, and the connection is made again when it is lost.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from catalog_mail.adapters.imap.connecting import Connecting
from catalog_mail.adapters.imap.failing import FORESEEN, Refused
from catalog_mail.adapters.imap.portions import chunks
from catalog_mail.adapters.imap.responses import Fetched, fetched, uid_set, uids
from catalog_mail.adapters.imap.session import Session
from catalog_mail.domain.failures import imap as imap_failures
from catalog_mail.domain.failures.connection import readable
from catalog_mail.domain.failures.failure import Failure, MailboxFailed
from catalog_mail.domain.failures.imap import Stage

SIZES = "RFC822.SIZE INTERNALDATE"
# Lost connections after which the remaining messages of a fetch are left for the next one: each may cost a timeout.
MOST_LOST = 3
# Messages that are refused one after the other, before another message is tried: the mailbox itself may fail.
MOST_REFUSED = 3
_SAMPLE = "BODY.PEEK[]<0.1024>"


@dataclass
class Answer:
    """The messages that came, and the failure if the command failed; `lost`: the connection was lost over it."""

    found: dict[str, Fetched]
    failure: Failure | None = None
    lost: bool = False


@dataclass
class Fetching:
    """Fetches messages of the mailbox of replies. Methods raise MailboxFailed when the mailbox as a whole fails.

    The sizes that were fetched tell whether an empty content is the message's own.
    """

    connecting: Connecting
    _filled: set[str] = field(default_factory=set)
    _suspects: set[str] = field(default_factory=set)

    def get(
        self, keys: Sequence[str], what: str, withheld: dict[str, Failure], stage: Stage = Stage.READ
    ) -> dict[str, Fetched]:
        """Return the messages that the server gives, in order of the keys; adds the others to `withheld`.

        Messages that are gone are left out, and so are those that are not tried any more after lost connections.
        """
        together = [key for key in keys if key not in self._suspects]
        answer = self.fetch(together, what, stage) if together else Answer({})
        missing = [key for key in together if key not in answer.found]
        if len(together) == 1 and missing and answer.failure:
            self._withhold(missing[0], answer.failure, withheld)
            missing = []
        # The first ones missing are the likeliest cause, so they come after the others.
        suspects = [key for key in keys if key in self._suspects and key not in withheld]
        alone = [*missing[2:], *missing[:2], *suspects]
        if alone:
            self._alone(self._present(alone, stage), what, stage, answer, withheld)
        return {key: answer.found[key] for key in keys if key in answer.found}

    def fetch(self, keys: Sequence[str], what: str, stage: Stage = Stage.READ) -> Answer:
        """Fetch messages with one command. After a lost connection there is a new one; raises MailboxFailed without one."""
        with self.connecting.asking(stage) as session:
            client = session.client
        try:
            with session.failures(stage):
                try:
                    return Answer(self._chosen(session.uid("FETCH", uid_set(keys), f"(UID {what})"), keys, what))
                except Refused as refusal:
                    given = client.pending().get("FETCH") or []
                    text = readable(refusal.text, session.server.password)
                    failure = imap_failures.answer_failure(stage, text, session.server)
                    return Answer(self._chosen(given, keys, what), failure)
        except MailboxFailed as error:
            if not isinstance(error.__cause__, FORESEEN):
                raise
            given = client.pending().get("FETCH") or []
            self.connecting.reopen(error)
            found = self._chosen(given, keys, what)
            if found:  # the last message may have been read together with what came after it
                found.popitem()
            return Answer(found, error.failure, lost=True)

    def gives_another(self, but: Iterable[str]) -> bool:
        """Return whether any other message can be read: then the mailbox itself works."""
        with self.connecting.asking(Stage.READ) as session:
            others = sorted(set(uids(session.uid("SEARCH", "ALL"))) - set(but), key=int)
        return bool(others) and bool(self.fetch(others[-1:], _SAMPLE).found)

    def usable(self, keys: Sequence[str]) -> list[str]:
        """Return the messages that the server has not withheld before."""
        return [key for key in keys if key not in self._suspects]

    def _chosen(self, data: Iterable[Any], keys: Sequence[str], what: str) -> dict[str, Fetched]:
        """Return messages by UID, in the order of the answer; responses about other messages or data are ignored."""
        asked = set(keys)
        found = {message.uid: message for message in fetched(data) if message.uid in asked and self._answers(message, what)}
        self._filled = {key for key in self._filled if key not in found} | {
            message.uid for message in found.values() if message.size
        }
        return found

    def _answers(self, message: Fetched, what: str) -> bool:
        """Return whether the message has the requested data."""
        if "BODY" in what:
            return message.content is not None and (bool(message.content) or message.uid not in self._filled)
        return message.date is not None or message.size is not None

    def _present(self, keys: Sequence[str], stage: Stage) -> list[str]:
        """Return those of the messages that were not removed."""
        with self.connecting.asking(stage) as session:
            session.refresh()
            try:
                there = set(uids(session.uid("SEARCH", "UID", uid_set(keys))))
            except Refused:
                return list(keys)
        return [key for key in keys if key in there]

    def _alone(self, keys: Sequence[str], what: str, stage: Stage, answer: Answer, withheld: dict[str, Failure]) -> None:
        """Fetch messages one by one, and add them to `answer` or `withheld`."""
        lost = int(answer.lost)
        refused = 0
        for key in keys:
            if lost >= MOST_LOST or (refused >= MOST_REFUSED and not answer.found):
                return
            one = self.fetch([key], what, stage)
            lost += one.lost
            if key in one.found:
                self._suspects.discard(key)
                answer.found[key] = one.found[key]
            else:
                refused += 1
                self._withhold(key, one.failure or imap_failures.not_given(stage, self.connecting.server), withheld)

    def _withhold(self, key: str, failure: Failure, withheld: dict[str, Failure]) -> None:
        self._suspects.add(key)
        withheld[key] = failure


def fetch_given(session: Session, keys: Sequence[str], what: str) -> list[Fetched]:
    """Fetch messages of the selected mailbox; of those that the server refuses together, each one that it gives alone."""
    found: list[Fetched] = []
    for chunk in chunks(keys):
        try:
            found += fetched(session.uid("FETCH", uid_set(chunk), f"(UID {what})"))
        except Refused:
            for key in chunk if len(chunk) > 1 else ():
                found += fetch_given(session, [key], what)
    return found
