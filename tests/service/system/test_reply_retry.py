# Copyright (c) 2026 The catalog.mail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A message that was not posted is tried again where it lies, by today's rules, and never posted twice."""

from __future__ import annotations

import sqlite3
from typing import Any

import pytest
from helpers.service.dovecot import Dovecot
from helpers.service.process import RunningService
from helpers.service.reply_roundtrip import RoundTrip, answer
from helpers.service.smtp_sink import MailSink
from helpers.waiting import wait_until


@pytest.fixture
def roundtrip(service: RunningService, sink: MailSink, dovecot: Dovecot) -> RoundTrip:
    found = RoundTrip(service, sink, dovecot, dovecot.add_user())
    found.set_up()
    return found


def entries(roundtrip: RoundTrip) -> dict[str, dict[str, Any]]:
    """Return the entries of the log by the subjects of the messages."""
    items = roundtrip.service.call("GET", "/replies/messages", role="viewer").json()["items"]
    return {item["subject"]: item for item in items}


def wait_for(roundtrip: RoundTrip, **outcomes: str) -> None:
    """Wait until the messages with these subjects have these outcomes, and no request is open."""

    def told() -> bool:
        found = entries(roundtrip)
        done = all(name in found and found[name]["outcome"] == outcome for name, outcome in outcomes.items())
        return done and not any(found[name]["retry_requested_at"] for name in outcomes)

    wait_until(told, lambda: str(entries(roundtrip)))


def retry(roundtrip: RoundTrip, subject: str, status: int = 202) -> dict[str, Any]:
    found = roundtrip.service.call("POST", f"/replies/messages/{entries(roundtrip)[subject]['id']}/retry")
    assert found.status_code == status, found.text
    answered: dict[str, Any] = found.json()
    return answered


def flags(roundtrip: RoundTrip, mailbox: str) -> dict[str, set[str]]:
    """Return the flags of the messages in a mailbox, by subject."""
    return {
        message.content.split(b"Subject: ")[1].split(b"\r\n")[0].decode(): {flag.lstrip("\\") for flag in message.flags}
        for message in roundtrip.dovecot.messages(roundtrip.user, mailbox)
    }


def set_active(roundtrip: RoundTrip, *, active: bool) -> None:
    user = next(one for one in roundtrip.service.call("GET", "/users", role="viewer").json()["users"] if one["name"] == "jane")
    body = {name: user[name] for name in ("name", "display_name", "email")} | {"active": active}
    changed = roundtrip.service.call("PUT", f"/users/{user['id']}", body, role="catalog")
    assert changed.status_code == 200, changed.text


POSTED, REJECTED = {"Seen", "$CatalogPosted"}, {"Seen", "$CatalogRejected"}


def test_messages_are_tried_again_where_they_lie(roundtrip: RoundTrip) -> None:
    service, dovecot, user = roundtrip.service, roundtrip.dovecot, roundtrip.user
    conversation, mail = roundtrip.mention()
    set_active(roundtrip, active=False)
    roundtrip.receive(answer(mail, "From the archive.", Subject="archived"))
    with roundtrip.syncing():
        wait_for(roundtrip, archived="rejected")
    assert service.command("archive").returncode == 0
    assert flags(roundtrip, "Archive") == {"archived": REJECTED}
    for name in ("inbox", "removed"):
        roundtrip.receive(answer(mail, f"From {name}.", Subject=name))
    with roundtrip.syncing():
        wait_for(roundtrip, inbox="rejected", removed="rejected")
        assert retry(roundtrip, "inbox")["retry_requested_at"]
        wait_for(roundtrip, inbox="rejected")
        assert len(roundtrip.posts(conversation)) == 1, "the rule that rejected it still holds"
        set_active(roundtrip, active=True)
        dovecot.remove_messages(user, "3")
        gone = retry(roundtrip, "removed", 409)
        assert "lies neither in the mailbox nor in its archive" in gone["cause"]
        assert gone["remedy"]
        asked = service.command("replies", "retry", entries(roundtrip)["archived"]["id"])
        assert (asked.returncode, "Requested" in asked.stdout) == (0, True), asked.stderr
        retry(roundtrip, "inbox")
        wait_for(roundtrip, inbox="posted", archived="posted")
        assert "posted already" in retry(roundtrip, "inbox", 409)["cause"]
        refused = service.command("replies", "retry", entries(roundtrip)["archived"]["id"])
        assert (refused.returncode, "posted already" in refused.stderr) == (1, True)
    assert {post["text"] for post in roundtrip.posts(conversation)[1:]} == {"From the archive.", "From inbox."}
    assert flags(roundtrip, "Archive") == {"archived": POSTED}
    assert flags(roundtrip, "INBOX") == {"inbox": POSTED}
    assert service.call("POST", f"/replies/messages/{'a' * 26}/retry").status_code == 404
    assert service.call("POST", f"/replies/messages/{'a' * 26}/retry", role="viewer").status_code == 403

    # As after a kill between the post and the mark: the request is open, and the message has its earlier mark.
    dovecot.set_flags(user, "2", "$CatalogPosted", how="-FLAGS.SILENT")
    dovecot.set_flags(user, "2", "$CatalogRejected")
    with sqlite3.connect(service.database) as database:
        changed = database.execute("UPDATE handled SET retry_at = handled_at WHERE subject = 'inbox'")
        assert changed.rowcount == 1
    with roundtrip.syncing():
        wait_until(lambda: not entries(roundtrip)["inbox"]["retry_requested_at"], "the request did not end")
    assert flags(roundtrip, "INBOX") == {"inbox": POSTED}
    assert len(roundtrip.posts(conversation)) == 3
