# Copyright (c) 2026 The catalog.mail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Notifications of every kind: recipients, suppressed mails, and their lookup."""

from __future__ import annotations

import re
import time
from collections.abc import Callable
from typing import Any

import pytest
from helpers.service.catalog_users import act, notify, settled, states, text_of
from helpers.service.process import RunningService, through
from helpers.service.smtp_sink import MailSink

JANE = {"address": "jane@corp.test", "display_name": "Jane Doe"}
MESSAGE: dict[str, Any] = {"kind": "message", "subject": "Hello", "text": "A text.", "recipients": [JANE]}


def test_the_recipients_of_each_kind(catalog: RunningService, sink: MailSink) -> None:
    assert act(catalog, "jane", "PUT", "/me/subscriptions/table.orders").status_code == 200
    url = "https://catalog.example.com/x"
    query = {"query": "Monthly", "owner": "joe", "finished_at": "2026-11-21T05:30:00Z", "url": url}
    cases: list[tuple[str, dict[str, Any], list[str], str]] = [
        ("subscribed_event", {"event": "table.orders", "title": "Sales changed", "url": url}, ["jane"], "Sales changed"),
        ("subscribed_event", {"event": "table.other", "title": "Nobody cares"}, [], ""),
        ("download_ready", {"name": "Sales", "user": "jane", "url": url}, ["jane"], "Your download is ready: Sales"),
        ("download_failed", {"name": "Sales", "user": "Joe", "reason": "Disk full"}, ["joe"], "Your download failed: Sales"),
        ("scheduled_query_succeeded", {**query, "rows": 7}, ["joe"], "Scheduled query succeeded: Monthly"),
        ("scheduled_query_failed", {**query, "error": "No such table"}, ["joe"], "Scheduled query failed: Monthly"),
        ("system_health", {"title": "Disk full", "text": "Nothing left."}, ["adam", "anna"], "System health: Disk full"),
        ("scheduled_job_status", {"job": "Harvest", "status": "failed"}, ["adam", "anna"], "Scheduled job Harvest: failed"),
        ("mention", {"author": "joe", "conversation": "Sales", "text": "@jane @joe", "mentioned": ["jane", "joe"]}, ["jane"],
         "Joe Doe mentioned you in Sales"),
        ("assignment", {"author": "joe", "conversation": "Sales", "assignee": "jane"}, ["jane"],
         "Joe Doe assigned you to this Conversation"),
        ("assignment", {"author": "jane", "conversation": "Sales", "assignee": "jane"}, [], ""),
    ]  # fmt: skip
    for kind, data, names, subject in cases:
        sink.clear()
        deliveries = settled(catalog, notify(catalog, kind, data))
        assert states(deliveries) == dict.fromkeys(names, "sent"), kind
        messages = sink.wait_for(len(names))
        assert len(messages) == len(names)
        for message in messages:
            assert message["Subject"] == subject
            assert message["Message-ID"] == deliveries[message["To"].addresses[0].addr_spec]["message_id"]
            for content in (text_of(message), text_of(message, "html")):
                assert all(str(data[key]) in content for key in ("reason", "error", "url", "text") if key in data), content


def test_each_recipient_gets_a_separate_mail(catalog: RunningService, sink: MailSink) -> None:
    notify(catalog, "system_health", {"title": "Disk full", "text": "Nothing left."})
    messages = sink.wait_for(2)
    assert sorted(str(message["To"]) for message in messages) == [
        "Adam Doe <adam@corp.test>",
        "Anna Doe <anna@corp.test>",
    ], "no recipient sees another's address"
    assert sorted(recipients for _, recipients, _ in sink.taken) == [["adam@corp.test"], ["anna@corp.test"]]


def test_an_inactive_user_gets_no_mail(catalog: RunningService, sink: MailSink) -> None:
    for notification in (
        notify(catalog, "download_ready", {"name": "Sales", "user": "old"}),
        notify(catalog, "message", subject="Hello", text="A text.", recipients=[{"address": "OLD@corp.test"}]),
    ):
        assert set(states(settled(catalog, notification)).values()) == {"inactive"}
    assert sink.taken == []


def test_other_catalogs_name_their_own_recipients(catalog: RunningService, sink: MailSink) -> None:
    people = [{"address": "a@else.test", "display_name": "A"}, {"address": "b@else.test"}, {"address": "A@ELSE.test"}]
    data = {"author": "Zoe of elsewhere", "conversation": "Their matter", "text": "Look, @a."}
    notification = notify(catalog, "mention", data, recipients=people)
    assert [delivery["recipient"]["address"] for delivery in notification["deliveries"]] == ["a@else.test", "b@else.test"]
    messages = sink.wait_for(2)
    assert {str(message["Subject"]) for message in messages} == {"Zoe of elsewhere mentioned you in Their matter"}


def test_a_message_is_sent_unchanged(catalog: RunningService, sink: MailSink) -> None:
    html = '<p>A <b>text</b> with "quotes" &amp; \u00fcmlauts.</p>\n'
    notify(catalog, "message", subject="Gr\u00fc\u00dfe \U0001f600", text="A text\nof two lines.\n", html=html, recipients=[JANE])
    (message,) = sink.wait_for(1)
    assert message["Subject"] == "Gr\u00fc\u00dfe \U0001f600"
    assert text_of(message) == "A text\nof two lines.\n"
    assert text_of(message, "html") == html


def test_a_message_without_html_gets_an_html_part(catalog: RunningService, sink: MailSink) -> None:
    notify(catalog, "message", subject="Hello", text="1 < 2 & <script>\nSecond line.", recipients=[JANE])
    (message,) = sink.wait_for(1)
    assert "1 < 2 & <script>\nSecond line." in text_of(message)
    assert "1 &lt; 2 &amp; &lt;script&gt;\nSecond line." in text_of(message, "html")


def test_headers_of_a_mail(catalog: RunningService, sink: MailSink) -> None:
    notification = notify(catalog, **MESSAGE)
    (message,) = sink.wait_for(1)
    delivery = notification["deliveries"][0]
    assert message["From"] == "Data Catalog <noreply@corp.test>"
    assert message["To"] == "Jane Doe <jane@corp.test>"
    assert message["Message-ID"] == f"<{delivery['id']}@corp.test>"
    assert message["Auto-Submitted"] == "auto-generated"
    assert "message.catalog.example.com" in message["List-Id"]
    assert re.fullmatch(r"<https://catalog\.example\.com/unsubscribe/[A-Za-z0-9_-]+>", message["List-Unsubscribe"])
    assert message["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    assert message["Date"].datetime.isoformat(timespec="seconds")[:19] == notification["created_at"][:19]


@pytest.mark.parametrize("ending", ["\r\nBcc: evil@evil.test", "\nBcc: evil@evil.test\n\nBody", "\u202egnp.x", "\x0b\x85\u2028x"])
def test_names_and_titles_add_no_header(catalog: RunningService, sink: MailSink, ending: str) -> None:
    people = [{"address": "jane@corp.test", "display_name": f"Jane{ending}"}]
    data = {"author": f"Zoe{ending}", "conversation": f"Title{ending}", "text": f"Text{ending}"}
    notify(catalog, "mention", data, recipients=people, thread="t")
    (message,) = sink.wait_for(1)
    assert message["Bcc"] is None
    assert len(message["To"].addresses) == 1
    assert str(message["Subject"]).startswith("Zoe ") and " mentioned you in Title" in message["Subject"]
    assert sink.taken[0][1] == ["jane@corp.test"]


@pytest.mark.parametrize(
    "change, field",
    [
        ({"subject": "Hello\r\nBcc: evil@evil.test"}, "subject"),
        ({"subject": "a\x00"}, "subject"),
        ({"text": "a\x00"}, "text"),
        ({"subject": None}, "subject"),
        ({"recipients": [{"address": "jane@corp.test\r\nRCPT TO:<evil@evil.test>"}]}, "recipients.0.address"),
        ({"recipients": [{"address": "Jane <jane@corp.test>"}]}, "recipients.0.address"),
        ({"recipients": [JANE, {"address": "jane@corp.test, joe@corp.test"}]}, "recipients.1.address"),
        ({"recipients": None}, "recipients"),
        ({"recipients": []}, "recipients"),
        ({"kind": "download_ready"}, "data"),
        ({"kind": "unheard_of"}, "kind"),
        ({"cc": "x@y.test"}, "cc"),
        ({"thread": "a\nb"}, "thread"),
        ({"idempotency_key": "x" * 201}, "idempotency_key"),
    ],
)
def test_an_invalid_notification_is_refused_at_once(catalog: RunningService, change: dict[str, Any], field: str) -> None:
    answer = catalog.call("POST", "/notifications", {**MESSAGE, **change}, role="catalog")
    assert answer.status_code == 422, answer.text
    problem = answer.json()
    assert problem["field"] == field
    assert problem["cause"].endswith(".") and problem["remedy"].endswith(".")


def test_lone_surrogates_are_refused(catalog: RunningService) -> None:
    for name in ("subject", "text", "html", "thread", "idempotency_key"):
        answer = catalog.call("POST", "/notifications", {**MESSAGE, name: "\ud800"}, role="catalog")
        assert answer.status_code == 422, f"{name}: {answer.text}"


def test_a_user_who_does_not_exist_is_named(catalog: RunningService) -> None:
    answer = catalog.call("POST", "/notifications", {"kind": "download_ready", "data": {"name": "Sales", "user": "nobody"}})
    assert answer.status_code == 404
    assert (answer.json()["field"], "'nobody'" in answer.json()["cause"]) == ("data.user", True)


def test_the_switch_suppresses_all_but_downloads(catalog: RunningService, sink: MailSink) -> None:
    settings = through(sink.port, enabled=False)
    assert catalog.save(settings).status_code == 200
    health = notify(catalog, "system_health", {"title": "Disk full", "text": "Nothing left."})
    assert {delivery["state"] for delivery in health["deliveries"]} == {"suppressed"}
    assert {delivery["reason"] for delivery in health["deliveries"]} == {"switched_off"}
    ready = notify(catalog, "download_ready", {"name": "Sales", "user": "jane"})
    failed = notify(catalog, "download_failed", {"name": "Sales", "user": "jane", "reason": "Disk full"})
    assert states(settled(catalog, ready)) == states(settled(catalog, failed)) == {"jane": "sent"}
    assert len(sink.taken) == 2
    # Suppressed messages stay suppressed after the switch is on again: old alarms are of no use.
    assert catalog.save(through(sink.port)).status_code == 200
    time.sleep(1)
    assert set(states(settled(catalog, health)).values()) == {"switched_off"}


def test_the_same_request_is_accepted_once(catalog: RunningService, sink: MailSink) -> None:
    body = {**MESSAGE, "idempotency_key": "order-1"}
    first, second = (catalog.call("POST", "/notifications", body, role="catalog") for _ in range(2))
    assert (first.status_code, second.status_code) == (202, 202)
    assert first.json()["id"] == second.json()["id"]
    other = catalog.call("POST", "/notifications", {**body, "subject": "Other"}, role="catalog")
    assert (other.status_code, other.json()["field"]) == (409, "idempotency_key")
    settled(catalog, first.json())
    assert len(sink.taken) == 1


def test_the_state_of_a_notification(catalog: RunningService, sink: MailSink) -> None:
    sink.answer = lambda envelope: "550 5.1.1 No such user" if "nobody@corp.test" in envelope.rcpt_tos else "250 2.0.0 Ok: taken"
    people = [JANE, {"address": "nobody@corp.test"}]
    deliveries = settled(catalog, notify(catalog, "message", subject="Hello", text="A text.", recipients=people))
    jane, nobody = deliveries["jane@corp.test"], deliveries["nobody@corp.test"]
    assert (jane["state"], jane["attempts"], jane["failure"]) == ("sent", 1, None)
    assert "taken" in jane["response"] and jane["sent_at"]
    assert (nobody["state"], nobody["response"]) == ("failed", None)
    assert "No such user" in nobody["failure"]["cause"]


@pytest.mark.parametrize("path", ["a" * 26, "mfrggzdfmztwq2lknnwg23tpoa"])
def test_a_missing_notification_is_404(catalog: RunningService, path: str) -> None:
    answer = catalog.call("GET", f"/notifications/{path}", role="viewer")
    assert (answer.status_code, answer.json()["code"]) == (404, "not-found")


@pytest.mark.parametrize("role, status", [("server_admin", 202), ("catalog", 202), ("viewer", 403), (None, 401)])
def test_the_roles_that_may_send(catalog: RunningService, role: str | None, status: int) -> None:
    assert catalog.call("POST", "/notifications", MESSAGE, role=role).status_code == status


def test_a_template_on_the_host_is_used(make_service: Callable[..., RunningService], sink: MailSink) -> None:
    service = make_service(start=False)
    service.prepare()
    templates = service.folder / "templates"
    templates.mkdir()
    (templates / "message.subject.txt").write_text("[{{ catalog_name }}] {{ subject }}")
    service.start()
    service.save(through(sink.port))
    notify(service, "message", subject="Hello", text="A text.", recipients=[JANE])
    assert sink.wait_for(1)[0]["Subject"] == "[Data Catalog] Hello"
