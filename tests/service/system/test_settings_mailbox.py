# Copyright (c) 2026 The catalog.mail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Test and Save opens the mailbox of replies on a real Dovecot: its result, and the message of each failure."""

from __future__ import annotations

import copy
import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
import requests
from helpers.service.certificates import Authority
from helpers.service.dovecot import NO_KEYWORDS, READ_ONLY, Dovecot
from helpers.service.process import RunningService, free_port, started_service
from helpers.service.settings_bodies import imap_mailbox, replies_by_imap

PATH = "/settings/email-server"
SECRET = "hunter2-in-a-mailbox"
PLAIN = b"Subject: one\r\n\r\nHello\r\n"


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningService]:
    """Run one service for all tests: each saves a mailbox that no other test names."""
    with started_service(tmp_path_factory.mktemp("shared")) as running:
        yield running


@pytest.fixture
def service(shared: RunningService) -> RunningService:
    """Return the shared service with all settings at their defaults."""
    assert shared.save({"notifications": {"enabled": False}}).status_code == 200
    return shared


@pytest.fixture
def user(dovecot: Dovecot) -> str:
    return dovecot.add_user(password=SECRET)


def replies(server: Dovecot, user: str, **imap: Any) -> dict[str, Any]:
    """Return settings with replies on and notifications through the host's own server."""
    return replies_by_imap(imap_mailbox(server, user, **imap))


def save_mailbox(service: RunningService, document: dict[str, Any]) -> requests.Response:
    """Call Test and Save with sending already saved, so that only the mailbox is tested."""
    sending = {**document, "interactions": {"enabled": False}}
    assert service.save(sending).status_code == 200
    return service.save(document, test={})


def refused(service: RunningService, document: dict[str, Any]) -> dict[str, Any]:
    """Return the problem; nothing is saved, and neither the response, the audit log nor the service's log contains a secret."""
    before = service.call("GET", PATH).json()
    answer = save_mailbox(service, document)
    assert answer.status_code == 422, answer.text
    assert service.call("GET", PATH).json()["interactions"] == {**before["interactions"]}
    audit = service.call("GET", "/audit?limit=1").text
    for text in (answer.text, audit, service.log.read_text()):
        assert SECRET not in text
        assert "wrong-in-a-test" not in text
    body: dict[str, Any] = answer.json()
    assert body["remedy"].endswith(".")
    return body


@pytest.mark.parametrize("tls", ["implicit", "starttls", "none"])
def test_a_working_mailbox_is_saved_and_described(service: RunningService, dovecot: Dovecot, user: str, tls: str) -> None:
    dovecot.deliver(user, PLAIN)
    dovecot.deliver(user, PLAIN, flags=["\\Seen"])
    port = dovecot.imaps if tls == "implicit" else dovecot.imap
    answer = save_mailbox(service, replies(dovecot, user, tls=tls, port=port))
    assert answer.status_code == 200, answer.text
    tested = answer.json()["tested_mailbox"]
    assert (tested["messages"], tested["unread"], tested["archive_exists"]) == (2, 1, False)
    assert (tested["keywords"], tested["idle"]) == (True, True)
    assert (tested["tls"] is None) == (tls == "none")
    assert answer.json()["test"] is None
    assert [message.seen for message in dovecot.messages(user)] == [False, True]  # the test changed nothing in the mailbox
    again = service.save(replies(dovecot, user, tls=tls, port=port), test=False).json()
    assert (again["changes"], again["tested_mailbox"]) == ([], None)


def test_a_server_without_keywords_is_reported(service: RunningService, dovecot: Dovecot) -> None:
    user = dovecot.add_user(password=SECRET, rights=NO_KEYWORDS)
    dovecot.deliver(user, PLAIN, mailbox="Archive")
    tested = save_mailbox(service, replies(dovecot, user)).json()["tested_mailbox"]
    assert (tested["keywords"], tested["archive_exists"]) == (False, True)


def test_a_stored_password_opens_the_mailbox(service: RunningService, dovecot: Dovecot, user: str) -> None:
    document = replies(dovecot, user)
    assert service.save(document).status_code == 200
    kept = copy.deepcopy(document)
    del kept["interactions"]["imap"]["password"]
    kept["interactions"]["imap"]["archive_mailbox"] = "Old"
    answer = service.save(kept, test={})
    assert answer.status_code == 200, answer.text
    assert answer.json()["tested_mailbox"]["server"] == f"localhost:{dovecot.imaps}"


def test_a_stored_password_goes_to_no_other_server(service: RunningService, dovecot: Dovecot, user: str, tmp_path: Path) -> None:
    document = replies(dovecot, user)
    assert service.save(document).status_code == 200
    other = str(Authority(tmp_path).file)
    changes = {"host": "127.0.0.1", "port": 143, "tls": "starttls", "username": "mallory", "ca_file": other}
    for name, value in changes.items():
        moved = copy.deepcopy(document)
        moved["interactions"]["imap"][name] = value
        del moved["interactions"]["imap"]["password"]
        answer = service.save(moved, test=False)
        assert (answer.status_code, answer.json()["field"]) == (422, "interactions.imap.password")


@pytest.mark.parametrize(
    ("imap", "code", "field", "words"),
    [
        ({"password": "wrong-in-a-test"}, "login-refused", "password", "refused the login"),
        ({"username": "nobody"}, "login-refused", "password", "refused the login of nobody"),
        ({"password": 'wrong-in-a-test " \\ \u00e4\r\nA1 LOGOUT'}, "login-refused", "password", "refused the login"),
        ({"host": "127.0.0.2"}, "certificate-wrong-name", "host", "for another name"),
        ({"ca_file": None}, "certificate-not-trusted", "ca_file", "not trusted"),
        ({"ca_file": "/nowhere/ca.pem"}, "certificate-not-trusted", "ca_file", "No such file"),
        ({"host": "imap.invalid"}, "name-not-found", "host", "imap.invalid"),
        ({"mailbox": "Nowhere"}, "mailbox-missing", "mailbox", "'Nowhere'"),
        ({"mailbox": 'Post "aus" \u65e5\u672c'}, "mailbox-missing", "mailbox", "\u65e5\u672c"),
    ],
)
def test_each_cause_of_failed_access_is_reported(
    service: RunningService, dovecot: Dovecot, user: str, imap: dict[str, Any], code: str, field: str, words: str
) -> None:
    body = refused(service, replies(dovecot, user, **imap))
    assert (body["code"], body["field"]) == (code, f"interactions.imap.{field}")
    assert words in body["cause"]


def test_another_authority_is_not_trusted(service: RunningService, dovecot: Dovecot, user: str, tmp_path: Path) -> None:
    body = refused(service, replies(dovecot, user, ca_file=str(Authority(tmp_path, "Other CA").file)))
    assert body["code"] == "certificate-not-trusted"


def test_wrong_ports_are_recognised(service: RunningService, dovecot: Dovecot, user: str) -> None:
    nothing = refused(service, replies(dovecot, user, port=free_port()))
    assert (nothing["code"], nothing["field"]) == ("connection-refused", "interactions.imap.port")
    plain = refused(service, replies(dovecot, user, port=dovecot.imap))
    assert (plain["code"], plain["field"]) == ("tls-failed", "interactions.imap.tls")
    lmtp = refused(service, replies(dovecot, user, port=dovecot.lmtp, tls="none"))
    assert (lmtp["code"], lmtp["field"]) == ("not-imap", "interactions.imap.port")


def test_starttls_that_is_not_offered_sends_no_password(service: RunningService, make_dovecot: Callable[..., Dovecot]) -> None:
    server = make_dovecot(starttls=False)
    user = server.add_user(password=SECRET)
    body = refused(service, replies(server, user, tls="starttls", port=server.imap))
    assert (body["code"], body["field"]) == ("tls-not-offered", "interactions.imap.tls")
    assert "Login" not in server.log()


def test_a_read_only_mailbox_is_refused(service: RunningService, dovecot: Dovecot) -> None:
    user = dovecot.add_user(password=SECRET, rights=READ_ONLY)
    body = refused(service, replies(dovecot, user))
    assert (body["code"], body["field"]) == ("mailbox-read-only", "interactions.imap.mailbox")


@contextmanager
def scripted_server(*lines: bytes, context: ssl.SSLContext | None = None) -> Iterator[int]:
    """Run a server that sends only these lines; yield its port."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        taken: list[socket.socket] = []

        def accept() -> None:
            try:
                connection, _address = listener.accept()
                if context:
                    connection = context.wrap_socket(connection, server_side=True)
                taken.append(connection)
                for line in lines:
                    connection.sendall(line)
            except OSError:
                return

        thread = threading.Thread(target=accept, daemon=True)
        thread.start()
        yield listener.getsockname()[1]
        listener.close()
        for connection in taken:
            connection.close()


@pytest.mark.parametrize(
    ("lines", "code"),
    [
        ([b"220 mail.corp.test ESMTP\r\n"], "not-imap"),
        ([b"HTTP/1.1 400 Bad Request\r\n\r\n"], "not-imap"),
        ([b"* BYE Too many connections, hunter2-in-a-mailbox\r\n"], "connection-lost"),
    ],
)
def test_a_server_other_than_imap_is_reported(
    service: RunningService, dovecot: Dovecot, user: str, lines: list[bytes], code: str
) -> None:
    with scripted_server(*lines) as port:
        assert refused(service, replies(dovecot, user, host="127.0.0.1", port=port, tls="none"))["code"] == code


NAMESPACES = {"announced": (), "not announced": ("NAMESPACE",)}


@pytest.mark.parametrize("without", NAMESPACES.values(), ids=NAMESPACES)
@pytest.mark.parametrize(
    ("imap", "field", "fitting"),
    [
        ({}, "archive_mailbox", "INBOX.Archive"),
        ({"archive_mailbox": "Old/Replies"}, "archive_mailbox", "INBOX.Old.Replies"),
        ({"archive_mailbox": "INBOX/Archive"}, "archive_mailbox", "INBOX.Archive"),
        ({"mailbox": "Replies"}, "mailbox", "INBOX.Replies"),
    ],
)
def test_a_name_without_the_servers_prefix_is_refused(
    service: RunningService, make_dovecot: Callable[..., Dovecot], imap: dict[str, Any], field: str, fitting: str, without: Any
) -> None:
    server = make_dovecot(prefix="INBOX.", without=without)
    user = server.add_user(password=SECRET)
    server.deliver(user, PLAIN, mailbox="INBOX.Replies")
    document = replies(server, user, **imap)
    document["interactions"]["archive"] = {"enabled": True, "keep_days": 30}
    body = refused(service, document)
    assert (body["code"], body["field"]) == ("mailbox-missing", f"interactions.imap.{field}")
    assert body["remedy"] == f"Set {field} to '{fitting}'."
    # The name that the remedy gives is accepted, and the archive job creates it.
    document["interactions"]["imap"] |= {"archive_mailbox": "INBOX.Archive", field: fitting}
    answer = save_mailbox(service, document)
    assert answer.status_code == 200, answer.text
    done = service.command("archive")
    assert done.returncode == 0, done.stderr


def test_a_disabled_archive_may_have_any_name(service: RunningService, make_dovecot: Callable[..., Dovecot]) -> None:
    server = make_dovecot(prefix="INBOX.")
    user = server.add_user(password=SECRET)
    document = replies(server, user)
    document["interactions"]["archive"] = {"enabled": False, "keep_days": 30}
    assert save_mailbox(service, document).status_code == 200


def test_the_archive_job_names_the_fitting_archive_too(service: RunningService, make_dovecot: Callable[..., Dovecot]) -> None:
    server = make_dovecot(prefix="INBOX.")
    user = server.add_user(password=SECRET)
    server.deliver(user, PLAIN, flags=["\\Seen", "$CatalogPosted"])
    document = replies(server, user)
    document["interactions"]["archive"] = {"enabled": True, "keep_days": 30}
    assert service.save(document).status_code == 200  # without a test
    done = service.command("archive")
    assert done.returncode != 0
    assert "Set archive_mailbox to 'INBOX.Archive'." in done.stderr
