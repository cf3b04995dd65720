# Copyright (c) 2026 The catalog.mail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Outgoing mail is found by state, kind, recipient, cause and time, tried again and cancelled, through the API."""

from __future__ import annotations

import itertools
from typing import Any
from urllib.parse import quote

import pytest
from helpers.service.catalog_users import add_user, notify, settled, start_conversation
from helpers.service.process import RunningService, through
from helpers.service.smtp_sink import MailSink
from helpers.waiting import wait_until

SECRET = "nobody may read this in a list"
NOBODY = "550 5.1.1 Nobody of that name"
LATER = "451 4.3.0 Try again later"
TAKEN = "250 2.0.0 Ok: taken"
_numbers = itertools.count(1)


def new_address() -> str:
    return f"log{next(_numbers)}@corp.test"


def send(service: RunningService, *addresses: str, subject: str = "A subject") -> dict[str, Any]:
    people = [{"address": address, "display_name": "A name"} for address in addresses]
    return notify(service, "message", subject=subject, text=SECRET, recipients=people)


def listed(service: RunningService, **filters: str) -> list[dict[str, Any]]:
    """Return all entries of the log with these properties, read page by page."""
    query = "&".join(f"{name}={quote(value)}" for name, value in filters.items())
    found: list[dict[str, Any]] = []
    following = ""
    while following is not None:
        answer = service.call("GET", f"/deliveries?limit=1&{query}{following}", role="viewer")
        assert answer.status_code == 200, answer.text
        assert SECRET not in answer.text
        found += answer.json()["items"]
        following = answer.json()["next"] and f"&cursor={answer.json()['next']}"
    return found


def only(service: RunningService, **filters: str) -> dict[str, Any]:
    (found,) = listed(service, **filters)
    return found


def in_state(service: RunningService, address: str, state: str) -> dict[str, Any]:
    """Wait until the only mail to this address is in a state."""
    wait_until(lambda: only(service, recipient=address)["state"] == state, lambda: str(listed(service, recipient=address)))
    return only(service, recipient=address)


def act(service: RunningService, found: dict[str, Any], verb: str, role: str = "server_admin") -> Any:
    return service.call("POST", f"/deliveries/{found['id']}/{verb}", role=role)


def refused(answer: Any, *words: str) -> None:
    assert answer.status_code == 409, answer.text
    assert answer.json()["remedy"]
    assert all(word in answer.json()["cause"] for word in words), answer.text


def test_mail_is_found_by_what_is_known_of_it(catalog: RunningService, sink: MailSink) -> None:
    good, bad = new_address(), new_address()
    sink.answer = lambda envelope: NOBODY if envelope.rcpt_tos == [bad] else TAKEN
    before = send(catalog, good, bad, subject="The first")
    settled(catalog, before)
    sent, failed = only(catalog, recipient=good.upper()), only(catalog, recipient=bad)
    assert (sent["state"], sent["subject"], sent["kind"]) == ("sent", "The first", "message")
    assert sent["recipient"] == {"address": good, "display_name": "A name"}
    assert sent["server_response"] == TAKEN
    assert sent["attempts"] == 1 and sent["sent_at"] == sent["ended_at"] is not None
    assert sent["reason"] is sent["cause"] is sent["remedy"] is None
    assert (failed["state"], failed["reason"], failed["server_response"]) == ("failed", "recipient-refused", NOBODY)
    assert failed["cause"] and failed["remedy"] and failed["next_attempt_at"] is None
    assert catalog.call("GET", f"/deliveries/{sent['id']}", role="viewer").json() == sent

    for filters in ({"state": "failed"}, {"reason": "recipient-refused"}, {"kind": "message"}, {"since": failed["accepted_at"]}):
        assert only(catalog, recipient=bad, **filters) == failed
        assert failed in listed(catalog, **{"since": failed["accepted_at"], **filters})
    for filters in ({"state": "sent"}, {"reason": "timed-out"}, {"kind": "mention"}, {"until": failed["accepted_at"]}):
        assert listed(catalog, recipient=bad, **filters) == []


def test_pages_hold_each_mail_once_newest_first(catalog: RunningService, sink: MailSink) -> None:
    addresses = [new_address() for _number in range(5)]
    first = send(catalog, *addresses)
    settled(catalog, send(catalog, *addresses))
    settled(catalog, first)
    since = listed(catalog, recipient=addresses[0])[-1]["accepted_at"]
    found = listed(catalog, since=since)
    assert len({one["id"] for one in found}) == len(found) == 10
    assert [one["accepted_at"] for one in found] == sorted((one["accepted_at"] for one in found), reverse=True)
    whole = catalog.call("GET", f"/deliveries?since={quote(since)}", role="viewer").json()
    assert (whole["items"], whole["next"]) == (found, None)


def test_suppressed_mail_says_why(catalog: RunningService, sink: MailSink) -> None:
    name = f"late{next(_numbers)}"
    address = f"{name}@corp.test"
    user = add_user(catalog, name, active=False)
    settled(catalog, send(catalog, address))
    inactive = only(catalog, recipient=address, reason="inactive")
    assert (inactive["state"], inactive["subject"]) == ("suppressed", "A subject")
    assert "not active" in inactive["cause"] and "active" in inactive["remedy"]
    refused(act(catalog, inactive, "retry"), "not active")

    body = {name: user[name] for name in ("name", "email", "display_name")}
    assert catalog.call("PUT", f"/users/{user['id']}", body, role="catalog").status_code == 200
    assert act(catalog, inactive, "retry").status_code == 200
    in_state(catalog, address, "sent")

    settings = through(sink.port)
    settings["notifications"]["enabled"] = False
    assert catalog.save(settings).status_code == 200
    other = new_address()
    send(catalog, other)
    off = only(catalog, recipient=other, reason="switched_off")
    refused(act(catalog, off, "retry"), "switched off")
    assert catalog.save(through(sink.port)).status_code == 200
    answer = catalog.call("POST", "/deliveries/retry", {"reason": "switched_off"})
    assert answer.json() == {"retried": 1, "refused": 0}
    in_state(catalog, other, "sent")


def test_a_name_that_nobody_has_is_listed(catalog: RunningService, sink: MailSink) -> None:
    name = f"nobody{next(_numbers)}"
    start_conversation(catalog, "jane", "Names", f"@joe and @{name.title()}, look at {SECRET}")
    found = only(catalog, recipient=f"@{name}")
    assert (found["state"], found["reason"], found["kind"]) == ("suppressed", "unknown_name", "mention")
    assert found["recipient"] == {"address": None, "display_name": name}
    assert "name" in found["cause"] and found["remedy"]
    refused(act(catalog, found, "retry"), "name")
    (message,) = sink.wait_for(1)
    assert message["To"].addresses[0].addr_spec == "joe@corp.test"
    notification = catalog.call("GET", f"/notifications/{found['notification_id']}", role="viewer").json()
    assert len(notification["deliveries"]) == 2


def test_what_failed_is_tried_again(catalog: RunningService, sink: MailSink) -> None:
    one, all_others = new_address(), [new_address() for _number in range(3)]
    sink.answer = lambda _envelope: "552 5.3.4 Message too big"
    settled(catalog, send(catalog, one, *all_others))
    failed = only(catalog, recipient=one)
    sink.answer = lambda _envelope: TAKEN
    assert act(catalog, failed, "retry").json()["state"] == "retrying"
    sent = in_state(catalog, one, "sent")
    assert (sent["attempts"], sent["message_id"], sent["reason"]) == (2, failed["message_id"], None)
    refused(act(catalog, sent, "retry"), "was sent")

    assert catalog.call("POST", "/deliveries/retry", {"reason": failed["reason"]}).json() == {"retried": 3, "refused": 0}
    for address in all_others:
        in_state(catalog, address, "sent")
    assert len(sink.wait_for(4)) == 4
    assert catalog.call("POST", "/deliveries/retry", {"reason": failed["reason"]}).json() == {"retried": 0, "refused": 0}


def test_what_is_not_sent_yet_can_be_cancelled(catalog: RunningService, sink: MailSink) -> None:
    address = new_address()
    sink.answer = lambda _envelope: LATER
    send(catalog, address)
    waiting = in_state(catalog, address, "retrying")
    assert waiting["next_attempt_at"] and waiting["server_response"] == LATER

    def cancelled() -> dict[str, Any]:
        found: dict[str, Any] = act(catalog, waiting, "cancel").json()  # refused at the moment of an attempt
        return found if found.get("reason") == "cancelled" else {}

    found = wait_until(cancelled, lambda: str(only(catalog, recipient=address)))
    assert (found["state"], found["next_attempt_at"]) == ("suppressed", None)
    assert act(catalog, found, "cancel").json() == only(catalog, recipient=address) == found
    sink.answer = lambda _envelope: TAKEN
    assert act(catalog, found, "retry").status_code == 200
    sent = in_state(catalog, address, "sent")
    refused(act(catalog, sent, "cancel"), "was sent")


def test_what_is_being_sent_is_not_cancelled(catalog: RunningService, sink: MailSink) -> None:
    address = new_address()
    sink.holding = True
    send(catalog, address)
    sending = in_state(catalog, address, "sending")
    refused(act(catalog, sending, "cancel"), "being sent")
    refused(act(catalog, sending, "retry"), "on its way")
    sink.holding = False
    in_state(catalog, address, "sent")


def test_changes_are_audited_without_an_address(catalog: RunningService, sink: MailSink) -> None:
    address = new_address()
    sink.answer = lambda _envelope: NOBODY
    settled(catalog, send(catalog, address))
    act(catalog, only(catalog, recipient=address), "retry")
    settled(catalog, {"id": only(catalog, recipient=address)["notification_id"]})
    log = catalog.call("GET", "/audit?limit=1")
    (entry,) = log.json()["entries"]
    assert (entry["action"], entry["outcome"], entry["actor"]) == ("mail", "retried", "server_admin")
    assert address not in log.text


@pytest.mark.parametrize(
    ("role", "method", "path", "status"),
    [("viewer", "GET", "", 200), ("catalog", "GET", "", 403), (None, "GET", "", 401),
     ("viewer", "POST", "/{id}/retry", 403), ("catalog", "POST", "/{id}/cancel", 403), ("viewer", "POST", "/retry", 403),
     ("viewer", "GET", "/{id}", 404), ("server_admin", "POST", "/{id}/retry", 404),
     ("server_admin", "POST", "/{id}/cancel", 404), ("server_admin", "GET", "/retry", 405)],
)  # fmt: skip
def test_who_may(catalog: RunningService, role: str | None, method: str, path: str, status: int) -> None:
    body = {"reason": "timed-out"} if path == "/retry" else None
    assert catalog.call(method, f"/deliveries{path.format(id='a' * 26)}", body, role=role).status_code == status


@pytest.mark.parametrize("time", ["2026-03-01T12:00:00Z", "2026-03-01 12:00:00%2B00:00", "2026-03-01t12:00:00.5z"])
def test_times_that_are_taken(catalog: RunningService, time: str) -> None:
    """Also with a blank, as YAML writes a time."""
    assert catalog.call("GET", f"/deliveries?since={time}&until={time}", role="viewer").status_code == 200


@pytest.mark.parametrize("query", ["state=gone", "kind=letter", "reason=weather", "recipient=jane", "limit=201", "cursor=abc",
                                   "since=yesterday", "until=2026-03-01T12:00:00", "until=0.5", "since=1767225600"])  # fmt: skip
def test_a_filter_that_cannot_be_is_refused(catalog: RunningService, query: str) -> None:
    answer = catalog.call("GET", f"/deliveries?{query}", role="viewer")
    assert answer.status_code == 422, answer.text
    assert answer.json()["field"] == f"query.{query.partition('=')[0]}"
    assert answer.json()["cause"] and answer.json()["remedy"]
