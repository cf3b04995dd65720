# Copyright (c) 2026 The catalog.mail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Every message of the mailbox of replies can be found, with what became of it, why, and what helps."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from catalog_mail.domain.replies.log_texts import account
from catalog_mail.domain.replies.logged import LoggedMessage, LogOutcome, WaitReason
from catalog_mail.domain.replies.mailbox import Place
from catalog_mail.domain.replies.reply import NotPosted, Reason
from helpers.service.dovecot import Dovecot
from helpers.service.process import RunningService
from helpers.service.reply_roundtrip import RoundTrip, answer
from helpers.service.smtp_sink import MailSink
from helpers.service.webhook_sink import SECRET, Answer, WebhookSink
from helpers.waiting import wait_until


@pytest.fixture(scope="module")
def read_mailbox(tmp_path_factory: pytest.TempPathFactory, prepared: RunningService, dovecot: Dovecot) -> Iterator[RoundTrip]:
    """Run a service that has read a posted, an ignored and two rejected messages."""
    service = RunningService(tmp_path_factory.mktemp("messages"))
    service.adopt(prepared)
    service.start()
    with MailSink() as sink:
        roundtrip = RoundTrip(service, sink, dovecot, dovecot.add_user())
        roundtrip.set_up()
        _conversation, mail = roundtrip.mention()
        roundtrip.receive(answer(mail, "It is last year's.", Subject="=?utf-8?q?Re=3A_Umsatz_f=C3=BCr_2025?="))
        roundtrip.receive(answer(mail, "I am away.", Auto_Submitted="auto-replied"))
        for _number in range(2):
            roundtrip.receive(answer(mail, "x", "Joe <joe@corp.test>"))
        with roundtrip.syncing():
            roundtrip.wait_handled(4)
        yield roundtrip
    service.kill()


def listed(roundtrip: RoundTrip, **query: Any) -> dict[str, Any]:
    found = roundtrip.service.call("GET", "/replies/messages", role="viewer", params=query)
    assert found.status_code == 200, found.text
    page: dict[str, Any] = found.json()
    return page


def test_each_message_is_listed_with_its_reason(read_mailbox: RoundTrip) -> None:
    page = listed(read_mailbox)
    assert page["next"] is None
    assert sorted((item["outcome"], item["reason"]) for item in page["items"]) == [
        ("ignored", "auto_reply"), ("posted", None), ("rejected", "wrong_sender"), ("rejected", "wrong_sender"),
    ]  # fmt: skip
    assert all(item["cause"] and item["at"] and item["received_at"] and item["message_id"] for item in page["items"])
    (posted,) = listed(read_mailbox, outcome="posted")["items"]
    assert (posted["sender"], posted["subject"]) == ("jane@corp.test", "Re: Umsatz für 2025")
    assert posted["delivery_id"] and posted["mailbox"].endswith("/INBOX")
    (ignored,) = listed(read_mailbox, outcome="ignored")["items"]
    assert "A program wrote it" in ignored["cause"] and "ask its author" in ignored["remedy"]
    found = read_mailbox.service.call("GET", f"/replies/messages/{ignored['id']}", role="viewer").json()
    assert found == ignored


def test_filters_and_cursors_find_a_part(read_mailbox: RoundTrip) -> None:
    assert len(listed(read_mailbox, sender="JOE@corp.test")["items"]) == 2
    assert listed(read_mailbox, sender="joe@corp.test", outcome="posted") == {"items": [], "next": None}
    every = listed(read_mailbox)["items"]
    assert [item["at"] for item in every] == sorted((item["at"] for item in every), reverse=True)
    pages, cursor = [], None
    while True:
        page = listed(read_mailbox, limit=3, **({"cursor": cursor} if cursor else {}))
        pages.append(page["items"])
        cursor = page["next"]
        if cursor is None:
            break
    assert [len(page) for page in pages] == [3, 1]
    assert [item["id"] for page in pages for item in page] == [item["id"] for item in every]
    assert listed(read_mailbox, since=every[0]["at"])["items"][0] == every[0]
    assert every[0] not in listed(read_mailbox, until=every[0]["at"])["items"]
    assert listed(read_mailbox, until="2020-01-01T00:00:00Z")["items"] == []


@pytest.mark.parametrize(
    ("query", "field"),
    [("limit=0", "query.limit"), ("limit=201", "query.limit"), ("cursor=abc", "query.cursor"), ("outcome=lost", "query.outcome"),
     ("since=yesterday", "query.since"), ("until=2026-03-01T12:00:00", "query.until"), ("sender=joe", "query.sender")],
)  # fmt: skip
def test_a_wrong_query_is_refused(read_mailbox: RoundTrip, query: str, field: str) -> None:
    found = read_mailbox.service.call("GET", f"/replies/messages?{query}", role="viewer")
    assert (found.status_code, found.json()["field"]) == (422, field)
    assert found.json()["cause"] and found.json()["remedy"]


def test_an_unknown_message_is_not_found(read_mailbox: RoundTrip) -> None:
    found = read_mailbox.service.call("GET", f"/replies/messages/{'a' * 26}", role="viewer")
    assert found.status_code == 404
    assert "replies list" in found.json()["remedy"]
    assert read_mailbox.service.call("GET", "/replies/messages", role="catalog").status_code == 403


def test_the_command_line_shows_the_same(read_mailbox: RoundTrip) -> None:
    command = read_mailbox.service.command
    listing = command("replies", "list", "--limit", "3")
    assert listing.returncode == 0, listing.stderr
    assert listing.stdout.splitlines()[0].split() == ["AT", "OUTCOME", "REASON", "SENDER", "ID", "SUBJECT"]
    assert len(listing.stdout.splitlines()) == 4
    assert "--cursor" in listing.stderr
    wanted = command("replies", "list", "--json", "--outcome", "rejected", "--sender", "joe@corp.test", "--since", "2020-01-01")
    assert json.loads(wanted.stdout) == listed(read_mailbox, outcome="rejected")
    first = json.loads(wanted.stdout)["items"][0]
    shown = command("replies", "show", first["id"])
    assert f"cause               {first['cause']}" in shown.stdout.splitlines()
    assert json.loads(command("replies", "show", "--json", first["id"]).stdout) == first
    for words, said in (
        (["show", "a" * 26], "no message"), (["list", "--since", "soon"], "--since"), (["list", "--limit", "0"], "--limit"),
        (["list", "--sender", "joe"], "--sender"), (["list", "--cursor", "x"], "cursor"),
    ):  # fmt: skip
        refused = command("replies", *words)
        assert (refused.returncode, said in refused.stderr) == (1, True), refused.stderr


def test_a_message_waits_in_the_list_until_it_is_posted(
    make_service: Callable[..., RunningService], sink: MailSink, dovecot: Dovecot, tmp_path: Path
) -> None:
    (tmp_path / "secret").write_text(SECRET)
    with WebhookSink() as catalog:
        catalog.plan = lambda _request: Answer(503, keep=False)
        service = make_service(replies={"webhook_url": catalog.url, "webhook_secret_file": str(tmp_path / "secret")})
        roundtrip = RoundTrip(service, sink, dovecot, dovecot.add_user())
        roundtrip.set_up(sync_interval=10)
        _conversation, mail = roundtrip.mention()
        roundtrip.receive(answer(mail, "Yes."))
        with roundtrip.syncing():
            (waiting,) = wait_until(lambda: listed(roundtrip, outcome="waiting")["items"], "nothing waits")
            assert (waiting["reason"], waiting["sender"]) == ("catalog_failed", "jane@corp.test")
            assert "503" in waiting["detail"] and "by itself" in waiting["remedy"]
            catalog.plan = lambda _request: None
            (posted,) = wait_until(lambda: listed(roundtrip, outcome="posted")["items"], "nothing is posted")
        assert posted["id"] == waiting["id"]
        assert listed(roundtrip, outcome="waiting")["items"] == []
        assert roundtrip.state()["outcomes"]["posted"] == 1


def test_every_reason_has_its_sentences() -> None:
    reasons = [(NotPosted(reason).disposition.value, reason.value) for reason in Reason]
    reasons += [("waiting", reason.value) for reason in WaitReason] + [("posted", "copy"), ("gone", "gone")]
    told = {}
    for outcome, reason in [*reasons, ("posted", ""), ("left", "forged_intent")]:
        why = account(LoggedMessage(Place("m", "1"), "1", LogOutcome(outcome), reason, datetime(2026, 3, 1, tzinfo=UTC)))
        assert why.cause.endswith(".") and "not known to this version" not in why.cause, reason
        assert not why.remedy or why.remedy.endswith(".")
        told[outcome, reason] = why.cause
    assert len(set(told.values())) == len(told)
