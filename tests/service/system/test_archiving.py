# Copyright (c) 2026 The catalog.mail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The archive on a real Dovecot: moved and expired messages, repeated runs, without MOVE or keywords, killed at each command."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from catalog_mail.adapters.imap import ImapMailboxes, portions
from catalog_mail.domain.replies.mailbox import Disposition, Place
from catalog_mail.domain.settings.document import TLS, IntentTracking
from catalog_mail.domain.settings.servers import ArchiveSettings, ImapServer, ReceivingSettings
from catalog_mail.services import archiving
from catalog_mail.services.archiving import Archived, Archiving
from helpers.service.dovecot import NO_KEYWORDS, Dovecot
from helpers.service.process import SOURCE, RunningService, free_port
from helpers.service.settings_bodies import imap_mailbox, replies_by_imap
from helpers.waiting import PATIENCE

NOW = datetime.now(UTC)
HANDLED = ("\\Seen", "$CatalogPosted")
NODE = Path(__file__).parents[2] / "helpers/service/archive_process.py"
SERVERS: dict[str, list[str]] = {"move": [], "copy": ["MOVE"], "bare": ["MOVE", "UIDPLUS"]}


class Store:
    """Records of messages, as a store of replies returns them."""

    def __init__(self, recorded: Mapping[str, Disposition] | None = None) -> None:
        self.recorded = dict(recorded or {})

    def handled(self, _place: Place, keys: Sequence[str]) -> Mapping[str, Disposition]:
        return {key: self.recorded[key] for key in keys if key in self.recorded}


class FixedSettings:
    def __init__(self, receiving: ReceivingSettings | None) -> None:
        self._receiving = receiving

    def receiving(self) -> ReceivingSettings | None:
        return self._receiving


class Clock:
    def now(self) -> datetime:
        return NOW


@pytest.fixture(params=list(SERVERS))
def server(request: pytest.FixtureRequest, dovecot: Dovecot, make_dovecot: Callable[..., Dovecot]) -> Dovecot:
    """Return a server with MOVE, one without it, and one without UIDPLUS either."""
    without = SERVERS[request.param]
    return make_dovecot(without=without) if without else dovecot


def imap(server: Dovecot, user: str, **change: Any) -> ImapServer:
    plain = ImapServer("127.0.0.1", server.imap, TLS.NONE, user, server.password(user), timeout=PATIENCE)
    return replace(plain, **change)


def archive(server: Dovecot, user: str, *, store: Store | None = None, keep_days: int = 30, **change: Any) -> Archived:
    settings = ArchiveSettings(enabled=True, keep_days=keep_days)
    receiving = ReceivingSettings(imap(server, user, **change), "r@corp.test", IntentTracking.AUTO, 180, None, settings)
    parts: Any = {"settings": FixedSettings(receiving), "store": store or Store(), "clock": Clock()}
    return Archiving(mailboxes=ImapMailboxes(), **parts).run()


def mail(number: int) -> bytes:
    return f"Received: from x by y with ESMTP id {number}\r\nMessage-ID: <{number}@corp.test>\r\n\r\nReply {number}\r\n".encode()


def stored(server: Dovecot, user: str, mailbox: str = "INBOX") -> Counter[bytes]:
    """Return the stored messages by content, without deleted ones."""
    return Counter(message.content for message in server.messages(user, mailbox) if "\\Deleted" not in message.flags)


def filled(server: Dovecot, user: str) -> tuple[Counter[bytes], Counter[bytes]]:
    """Fill a mailbox; return the messages to move and the messages to keep."""
    moving = [mail(number) for number in range(6)]
    for number, content in enumerate(moving):
        server.deliver(user, content, flags=["\\Seen", f"$Catalog{('Posted', 'Ignored', 'Rejected')[number % 3]}"])
    # The same message twice, and two without any identity, of equal size and time: each counts as a message.
    again, *nameless = mail(0), b"\r\nNo header at all\r\n", b"\r\nNo header, again\r\n"
    server.deliver(user, again, flags=HANDLED, internaldate=NOW - timedelta(hours=2))
    for content in nameless:
        server.deliver(user, content, flags=HANDLED, internaldate=NOW - timedelta(days=2))
    moving += [again, *nameless]
    staying = [mail(100 + number) for number in range(4)]
    server.deliver(user, staying[0])
    server.deliver(user, staying[1], flags=["$CatalogPosted"])  # made unread again
    server.deliver(user, staying[2], flags=["\\Seen"])  # read by a person, not handled by the service
    server.deliver(user, staying[3], flags=["\\Seen", "$CatalogQuarantined"])
    return Counter(moving), Counter(staying)


def test_handled_messages_move_once_and_others_stay(server: Dovecot) -> None:
    user = server.add_user()
    moving, staying = filled(server, user)
    assert archive(server, user) == Archived(archived=9)
    assert (stored(server, user), stored(server, user, "Archive")) == (staying, moving)
    assert all("\\Seen" in message.flags for message in server.messages(user, "Archive"))
    assert archive(server, user) == Archived()
    assert (stored(server, user), stored(server, user, "Archive")) == (staying, moving)


def test_others_deleted_messages_are_not_expunged(server: Dovecot) -> None:
    user = server.add_user()
    server.deliver(user, mail(1), flags=HANDLED)
    server.deliver(user, mail(2), flags=["\\Seen", "\\Deleted"])
    server.deliver(user, mail(3), mailbox="Archive", flags=["\\Seen", "\\Deleted"])
    old = NOW - timedelta(days=90)
    server.deliver(user, mail(4), mailbox="Archive", flags=HANDLED, internaldate=old)
    archive(server, user)
    assert mail(2) in {message.content for message in server.messages(user)}
    assert mail(3) in {message.content for message in server.messages(user, "Archive")}
    assert mail(4) not in stored(server, user, "Archive")


def test_handled_messages_expire_by_date_of_arrival(dovecot: Dovecot) -> None:
    user = dovecot.add_user()
    for number, (days, flags) in enumerate(
        [(31, HANDLED), (29, HANDLED), (400, ("\\Seen",)), (400, ("$CatalogPosted",)), (400, ("\\Seen", "$CatalogQuarantined"))]
    ):
        dovecot.deliver(user, mail(number), mailbox="Archive", flags=flags, internaldate=NOW - timedelta(days=days))
    dovecot.deliver(user, mail(9), flags=HANDLED, internaldate=NOW - timedelta(days=60))
    assert archive(dovecot, user) == Archived(archived=1, expired=2)  # a move keeps the date of arrival
    assert stored(dovecot, user, "Archive") == Counter(mail(number) for number in (1, 2, 3, 4))
    assert archive(dovecot, user) == Archived()
    assert archive(dovecot, user, keep_days=7) == Archived(expired=1)


def test_without_keywords_the_records_decide(dovecot: Dovecot) -> None:
    user = dovecot.add_user(rights=NO_KEYWORDS)
    for number in range(4):
        dovecot.deliver(user, mail(number))
    dovecot.set_flags(user, "1:3", "\\Seen")
    store = Store({"1": Disposition.POSTED, "2": Disposition.QUARANTINED, "4": Disposition.POSTED})
    assert archive(dovecot, user, store=store) == Archived(archived=1)
    assert stored(dovecot, user) == Counter(mail(number) for number in (1, 2, 3))
    assert archive(dovecot, user, store=store) == Archived()


@pytest.mark.parametrize("separator", [".", "/"])
@pytest.mark.parametrize("name", ["Archiv \u00e4lter & \u65e5\u672c", 'Quoted "so"', "Deep{separator}er"])
def test_an_archive_may_have_any_name(make_dovecot: Callable[..., Dovecot], name: str, separator: str) -> None:
    server = make_dovecot(separator=separator)
    user = server.add_user()
    server.deliver(user, mail(1), flags=HANDLED)
    name = name.replace("{separator}", separator)
    assert archive(server, user, archive_mailbox=name) == Archived(archived=1)
    server.deliver(user, mail(2), flags=HANDLED)
    assert archive(server, user, archive_mailbox=name) == Archived(archived=1)
    assert stored(server, user) == Counter()


def test_more_than_a_chunk_moves_too(server: Dovecot, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(archiving, "CHUNK", 3)
    monkeypatch.setattr(portions, "CHUNK", 2)
    user = server.add_user()
    moving, staying = filled(server, user)
    assert archive(server, user) == Archived(archived=9)
    assert (stored(server, user), stored(server, user, "Archive")) == (staying, moving)


def test_a_disabled_archive_does_nothing(dovecot: Dovecot) -> None:
    off = ArchiveSettings(enabled=False, keep_days=30)
    receiving = ReceivingSettings(imap(dovecot, dovecot.add_user()), "r@corp.test", IntentTracking.AUTO, 180, None, off)
    for value, reason in ((None, "replies_disabled"), (receiving, "archive_disabled")):
        parts: Any = {"settings": FixedSettings(value), "store": Store(), "clock": Clock(), "mailboxes": None}
        assert Archiving(**parts).run() == Archived(skipped=reason)


def run(server: Dovecot, user: str, kill: int, *, after: bool) -> dict[str, int] | None:
    """Run the archive in a process; return None if it was killed at this command."""
    given = {"server": asdict(imap(server, user)), "keep_days": 30, "kill": kill, "after": after}
    done = subprocess.run(
        [sys.executable, str(NODE), json.dumps(given)], env={**os.environ, "PYTHONPATH": str(SOURCE)},
        capture_output=True, text=True, timeout=PATIENCE, check=False,
    )  # fmt: skip
    if done.returncode == -signal.SIGKILL:
        return None
    assert done.returncode == 0, done.stderr
    result: dict[str, int] = json.loads(done.stdout)
    return result


@pytest.mark.parametrize("after", [False, True])
def test_a_kill_at_any_command_loses_and_doubles_nothing(server: Dovecot, after: bool) -> None:
    kill = 0
    finished = False
    while not finished:
        kill += 1
        user = server.add_user()
        moving, staying = filled(server, user)
        server.deliver(user, mail(50), mailbox="Archive", flags=HANDLED, internaldate=NOW - timedelta(days=50))
        finished = run(server, user, kill, after=after) is not None
        between = stored(server, user) + stored(server, user, "Archive")
        assert not (moving + staying) - between - Counter([mail(50)]), "a message was lost"
        archive(server, user)
        assert (stored(server, user), stored(server, user, "Archive")) == (staying, moving), f"killed at {kill}"
    assert kill > 2


def test_the_command_reports_its_result(service: RunningService, dovecot: Dovecot) -> None:
    def ask() -> Any:
        done = service.command("archive")
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout)

    assert ask() == {"archived": 0, "expired": 0, "skipped": "replies_disabled"}
    user = dovecot.add_user()
    dovecot.deliver(user, mail(1), flags=HANDLED)
    dovecot.deliver(user, mail(2), mailbox="Archive", flags=HANDLED, internaldate=NOW - timedelta(days=31))
    mailbox = imap_mailbox(dovecot, user)
    assert service.save(replies_by_imap(mailbox)).status_code == 200
    assert ask() == {"archived": 1, "expired": 1, "skipped": None}
    elsewhere = {**mailbox, "port": free_port()}
    assert service.save(replies_by_imap(elsewhere)).status_code == 200
    failed = service.command("archive")
    assert failed.returncode != 0
    assert "refused the connection" in failed.stderr
    assert "Traceback" not in failed.stderr
