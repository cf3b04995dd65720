# Copyright (c) 2026 The catalog.mail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The running service tells its administrators of its own trouble: real faults, and the e-mails that name begin and end."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from email.message import EmailMessage
from typing import Any

import pytest
from aiosmtpd.smtp import AuthResult
from helpers.service.catalog_users import add_user, text_of
from helpers.service.dovecot import Dovecot
from helpers.service.process import RunningService, through
from helpers.service.settings_bodies import imap_mailbox, interactions
from helpers.service.small_disk import SmallDisk, small_disk
from helpers.service.smtp_sink import MailSink
from helpers.waiting import wait_until

ADMINS = {"adam@corp.test", "ops@corp.test"}
SUBJECT = "System health: "


@pytest.fixture(scope="module")
def disk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SmallDisk]:
    with small_disk(tmp_path_factory.mktemp("announcing") / "disk", "64m") as mounted:
        yield mounted


@pytest.fixture(scope="module")
def speaking(disk: SmallDisk, prepared: RunningService) -> Iterator[RunningService]:
    """Run a service on a small disk that tells of a problem after a second; adam is a server admin, jane is none."""
    notices = {"begin_after": 1, "end_after": 2, "admin_email": "ops@corp.test"}
    service = RunningService(disk.folder, {"notices": notices, "queue": {"retry_first_seconds": 3600}})
    service.adopt(prepared)
    service.start()
    add_user(service, "adam", server_admin=True)
    add_user(service, "jane")
    yield service
    assert "Traceback" not in service.log.read_text()
    service.kill()


class Notices:
    """The e-mails about problems that a mail server received."""

    def __init__(self, sink: MailSink) -> None:
        self._sink = sink

    def all(self) -> list[EmailMessage]:
        return [message for message in self._sink.messages if str(message["Subject"]).startswith(SUBJECT)]

    def words(self, part: str, heading: str) -> set[str]:
        """Return the recipients of the e-mails that name this cause below this heading."""
        return {str(mail["To"].addresses[0].addr_spec) for mail in self.all() if part in _below(heading, text_of(mail))}

    def wait(self, part: str, heading: str) -> None:
        """Wait until all administrators got such an e-mail."""
        wait_until(lambda: self.words(part, heading) == ADMINS, lambda: [text_of(mail) for mail in self.all()])

    def count(self, part: str, heading: str) -> int:
        """Return the number of e-mails to one administrator that name this cause below this heading."""
        return sum(
            part in _below(heading, text_of(mail)) for mail in self.all() if mail["To"].addresses[0].addr_spec == "adam@corp.test"
        )


def _below(heading: str, text: str) -> str:
    """Return the part of an e-mail's text below a heading."""
    before, _, ended = text.partition("Ended:")
    return before.partition("Begun:")[2] if heading == "Begun" else ended


@pytest.fixture
def notices(speaking: RunningService, sink: MailSink) -> Notices:
    assert speaking.save(through(sink.port)).status_code == 200
    return Notices(sink)


def test_a_mailbox_that_nobody_reads_and_that_is_away(
    speaking: RunningService, sink: MailSink, notices: Notices, make_dovecot: Callable[..., Dovecot]
) -> None:
    server = make_dovecot()
    replies = interactions(imap_mailbox(server, server.add_user()), intent_tracking="message_id")
    assert speaking.save({**through(sink.port), "interactions": replies}).status_code == 200
    notices.wait("No process reads the mailbox", "Begun")
    with speaking.syncing():
        notices.wait("No process reads the mailbox", "Ended")
        server.stop()
        notices.wait("refused the connection", "Begun")
        server.start()
        notices.wait("refused the connection", "Ended")
        assert speaking.save({**through(sink.port), "interactions": {"enabled": False}}).status_code == 200
    for part in ("No process reads the mailbox", "refused the connection"):
        assert (notices.count(part, "Begun"), notices.count(part, "Ended")) == (1, 1)


def test_a_secret_that_ends_in_six_days(speaking: RunningService, sink: MailSink, notices: Notices) -> None:
    def replies(days: int) -> dict[str, Any]:
        ends = (datetime.now(UTC) + timedelta(days=days)).isoformat(timespec="seconds")
        return {
            "enabled": True, "receiver": "microsoft", "reply_to": "replies@corp.test", "intent_tracking": "message_id",
            "microsoft": {
                "tenant_id": "11111111-2222-4333-8444-555555555555", "client_id": "21111111-2222-4333-8444-555555555555",
                "client_secret": "a-secret-word", "client_secret_expires_at": ends,
            },
        }  # fmt: skip

    assert speaking.save({**through(sink.port), "interactions": replies(6)}).status_code == 200
    notices.wait("The client secret of interactions.microsoft expires on", "Begun")
    assert speaking.save({**through(sink.port), "interactions": replies(400)}).status_code == 200
    notices.wait("The client secret of interactions.microsoft expires on", "Ended")
    assert speaking.save({**through(sink.port), "interactions": {"enabled": False}}).status_code == 200
    notices.wait("No process reads the mailbox", "Ended")
    assert "a-secret-word" not in "".join(text_of(mail) for mail in notices.all())


def test_a_disk_that_is_nearly_full(speaking: RunningService, disk: SmallDisk, notices: Notices) -> None:
    ballast = disk.folder / "ballast"
    ballast.write_bytes(b"x" * (58 << 20))
    notices.wait(f"The disk of {disk.folder} has only", "Begun")
    ballast.unlink()
    notices.wait(f"The disk of {disk.folder} has only", "Ended")


def test_drift_that_a_report_names(speaking: RunningService, notices: Notices) -> None:
    change = {"host": "catalog7", "role": "postfix", "thing": "main.cf", "field": "relayhost", "is": "a", "should_be": "b"}
    report = {"hosts": ["catalog7"], "corrected": False, "changes": [change], "started_at": "2026-11-21T05:30:00Z"}
    assert speaking.call("POST", "/drift-reports", report).status_code == 201
    notices.wait("1 hosts differ from their playbook in 1 places: catalog7.", "Begun")
    assert "drift-found" in speaking.call("GET", "/health", role=None).text
    assert speaking.call("POST", "/drift-reports", {**report, "corrected": True}).status_code == 201
    notices.wait("1 hosts differ from their playbook in 1 places: catalog7.", "Ended")


def refusing(_server: object, _session: object, _envelope: object, _mechanism: str, _data: object) -> AuthResult:
    return AuthResult(success=False, handled=False, message="535 5.7.8 Error: authentication failed")


def test_deliveries_that_fail_are_told_when_they_succeed_again(
    speaking: RunningService, sink: MailSink, notices: Notices
) -> None:
    after = speaking.call("GET", "/events").json()["next"]
    with MailSink(authenticator=refusing, auth_required=True, auth_require_tls=False) as strict:
        settings = through(strict.port)
        settings["notifications"]["smtp"] |= {"username": "app", "password": "wrong"}
        assert speaking.save(settings).status_code == 200
        message = {"kind": "message", "subject": "One", "text": "One.", "recipients": [{"address": "jane@corp.test"}]}
        assert speaking.call("POST", "/notifications", message, role="catalog").status_code == 202

        def began() -> bool:
            events = speaking.call("GET", f"/events?after={after}&wait=5").json()["events"]
            return ("began", "login-refused") in [(one["data"].get("state"), one["data"].get("code")) for one in events]

        wait_until(began, lambda: speaking.call("GET", "/health", role=None).text)
        # No e-mail waits for the mail server beside that message.
        metrics = speaking.call("GET", "/metrics", role=None).text
        assert 'catalog_mail_deliveries{state="retrying"} 1.0' in metrics
    settings = through(sink.port)
    settings["notifications"]["smtp"] |= {"username": None, "password": None}
    assert speaking.save(settings).status_code == 200
    notices.wait("authentication failed", "Ended")
    assert notices.count("authentication failed", "Begun") == 0
    assert notices.count("authentication failed", "Ended") == 1
