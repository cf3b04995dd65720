# Copyright (c) 2026 The catalog.mail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The embedded catalog: users, conversations with mentions and an assignee, subscriptions, and roles."""

from __future__ import annotations

import itertools
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
import requests
from helpers.service.catalog_users import act, add_user, made, start_conversation, text_of, to, write
from helpers.service.process import ADMIN, RunningService, through
from helpers.service.smtp_sink import MailSink
from helpers.waiting import wait_until

_numbers = itertools.count(1)
PAUSE = 0.7  # seconds in which an unwanted mail would have arrived


def new_name() -> str:
    """Return a user name that no other test uses."""
    return f"user{next(_numbers)}"


# -- users


def test_a_user_is_added_changed_and_found(catalog: RunningService) -> None:
    name = new_name()
    body = {"name": name.upper(), "display_name": "J\u00f6rg  \u4e2d\n", "email": f"{name}@Corp.Test"}
    answer = catalog.call("POST", "/users", body, role="catalog")
    user = made(answer)
    assert requests.compat.urljoin(catalog.url, answer.headers["Location"]) == f"{catalog.url}/api/v1/users/{user['id']}"
    expected = {"id": user["id"], "name": name, "display_name": "J\u00f6rg \u4e2d", "email": f"{name}@corp.test"}
    assert user == {**expected, "server_admin": False, "active": True}
    assert catalog.call("GET", f"/users/{user['id']}", role="viewer").json() == user
    changed = catalog.call("PUT", f"/users/{user['id']}", {"name": name, "email": f"{name}@new.test", "active": False})
    assert changed.status_code == 200
    assert changed.json() == {
        "id": user["id"], "name": name, "display_name": name, "email": f"{name}@new.test", "server_admin": False, "active": False,
    }  # fmt: skip
    assert catalog.call("GET", f"/users/{user['id']}", role="viewer").json() == changed.json()


@pytest.mark.parametrize(
    "change, field", [({"name": "jane"}, "name"), ({"name": "JANE"}, "name"), ({"email": "Jane@corp.TEST"}, "email")]
)
def test_names_and_addresses_have_one_owner(catalog: RunningService, change: dict[str, str], field: str) -> None:
    name = new_name()
    body = {"name": name, "email": f"{name}@corp.test"}
    refused = catalog.call("POST", "/users", {**body, **change})
    assert (refused.status_code, refused.json()["field"]) == (409, field)
    user = add_user(catalog, name)
    refused = catalog.call("PUT", f"/users/{user['id']}", {**body, **change})
    assert (refused.status_code, refused.json()["field"]) == (409, field)
    assert catalog.call("GET", f"/users/{user['id']}").json() == user


@pytest.mark.parametrize(
    "change, field",
    [
        ({"name": "two words"}, "name"),
        ({"name": "x" * 101}, "name"),
        ({"name": ""}, "name"),
        ({"name": "a\n"}, "name"),
        ({"email": "nobody"}, "email"),
        ({"email": "a@corp.test\r\nBcc: b@corp.test"}, "email"),
        ({"display_name": "a\x00"}, "display_name"),
        ({"display_name": "\ud800"}, "display_name"),
        ({"display_name": "x" * 201}, "display_name"),
        ({"active": "yes"}, "active"),
        ({"more": 1}, "more"),
    ],
)
def test_an_invalid_user_is_refused(catalog: RunningService, change: dict[str, Any], field: str) -> None:
    answer = catalog.call("POST", "/users", {"name": "fine", "email": "fine@corp.test", **change})
    assert (answer.status_code, answer.json()["field"]) == (422, field)


def test_users_are_paged_by_name(catalog: RunningService) -> None:
    names = [new_name() for _ in range(3)]
    for name in names:
        add_user(catalog, name)
    listed = pages(catalog, "users", "after", "name")
    assert set(names) <= set(listed)
    assert len(listed) == len(set(listed)), "each once"
    assert listed == [user["name"] for user in catalog.call("GET", "/users?limit=500").json()["users"]]


def pages(service: RunningService, path: str, parameter: str, key: str, *, size: int = 2) -> list[str]:
    """Return the listed items, page by page."""
    found: list[str] = []
    what = path.rpartition("/")[2]
    while True:
        place = {parameter: found[-1]} if found else {}
        page = service.call("GET", f"/{path}", role="viewer", params={"limit": size, **place}).json()[what]
        if not page:
            return found
        assert len(page) <= size
        found += [item[key] for item in page]


# -- conversations


def test_a_conversation_with_its_posts(catalog: RunningService) -> None:
    conversation = start_conversation(catalog, "jane", "Sales\r\nfigures", "First")
    shown = catalog.call("GET", f"/conversations/{conversation}", role="viewer").json()
    assert (shown["title"], shown["created_by"], shown["assignee"]) == ("Sales figures", "jane", None)
    for number in range(5):
        write(catalog, "joe", conversation, f"Number {number}")
    posts = catalog.call("GET", f"/conversations/{conversation}/posts", role="viewer").json()["posts"]
    assert [post["text"] for post in posts] == [*(f"Number {number}" for number in range(4, -1, -1)), "First"]
    assert [post["author"] for post in posts] == ["joe"] * 5 + ["jane"]
    assert pages(catalog, f"conversations/{conversation}/posts", "before", "id") == [post["id"] for post in posts]


def test_conversations_are_paged_newest_first(catalog: RunningService) -> None:
    mine = [start_conversation(catalog, "jane", f"Number {number}") for number in range(5)]
    assert pages(catalog, "conversations", "before", "id")[:5] == mine[::-1]


def test_a_text_comes_back_as_it_was_written(catalog: RunningService) -> None:
    text = "\ttabs\r\n\u202ebidi\u2028 \U0001f600 <b>&amp; \x01\x7f " + "x" * 40_000
    conversation = start_conversation(catalog, "jane", "Title", text)
    assert catalog.call("GET", f"/conversations/{conversation}/posts").json()["posts"][0]["text"] == text


@pytest.mark.parametrize("method, path", [("GET", ""), ("GET", "/posts"), ("POST", "/posts"), ("PUT", "/assignee")])
def test_a_conversation_that_does_not_exist(catalog: RunningService, method: str, path: str) -> None:
    body = {"/posts": {"text": "Hello"}, "/assignee": {"assignee": "jane"}}.get(path) if method != "GET" else None
    answer = act(catalog, "jane", method, f"/conversations/{'a' * 26}{path}", body)
    assert (answer.status_code, answer.json()["code"]) == (404, "not-found")


@pytest.mark.parametrize("path", ["/conversations", "/conversations/{}/posts"])
def test_a_page_after_a_missing_conversation(catalog: RunningService, path: str) -> None:
    conversation = start_conversation(catalog, "jane", "Title")
    assert catalog.call("GET", path.format(conversation), params={"before": "a" * 26}).status_code == 404


@pytest.mark.parametrize("text", ["", "a\x00", "\ud800", "\udfff\ud800", "x" * 50_001])
def test_a_text_that_cannot_be_stored_is_refused(catalog: RunningService, text: str) -> None:
    conversation = start_conversation(catalog, "jane", "Title")
    answer = act(catalog, "jane", "POST", f"/conversations/{conversation}/posts", {"text": text})
    assert (answer.status_code, answer.json()["field"]) == (422, "text")
    answer = act(catalog, "jane", "POST", "/conversations", {"title": "Title", "text": text})
    assert (answer.status_code, answer.json()["field"]) == (422, "text")


# -- mentions


def test_mentioned_users_get_a_mail(catalog: RunningService, sink: MailSink) -> None:
    conversation = start_conversation(catalog, "joe", "Sales figures")
    text = "@jane and @Anna, see <b> & `@adam`, mail@old, @nobody, @joe"
    post = write(catalog, "joe", conversation, text)
    assert post["mentions"] == ["jane", "anna", "joe"]
    messages = sink.wait_for(2)
    time.sleep(PAUSE)
    assert sorted(message["To"].addresses[0].username for message in sink.messages) == ["anna", "jane"], "not the author"
    (message,) = to(messages, "jane")
    assert message["Subject"] == "Joe Doe mentioned you in Sales figures"
    link = f"https://catalog.example.com/conversations/{conversation}"
    assert text in text_of(message) and link in text_of(message)
    assert "@jane and @Anna, see &lt;b&gt; &amp; `@adam`" in text_of(message, "html") and link in text_of(message, "html")


def test_a_first_post_mentions_as_well(catalog: RunningService, sink: MailSink) -> None:
    start_conversation(catalog, "joe", "Sales figures", "What do you think, @jane?")
    assert sink.wait_for(1)[0]["Subject"] == "Joe Doe mentioned you in Sales figures"


def test_titles_and_names_add_no_header(catalog: RunningService, sink: MailSink) -> None:
    name = new_name()
    add_user(catalog, name, display_name="Zoe\r\nBcc: evil@evil.test")
    start_conversation(catalog, name, "Title\r\nBcc: evil@evil.test\r\n\r\nBody", "@jane")
    (message,) = sink.wait_for(1)
    assert message["Bcc"] is None
    assert message["Subject"] == "Zoe Bcc: evil@evil.test mentioned you in Title Bcc: evil@evil.test Body"
    assert sink.taken[0][1] == ["jane@corp.test"]


def test_users_who_left_get_no_mail(catalog: RunningService, sink: MailSink) -> None:
    start_conversation(catalog, "joe", "Sales figures", "@old")
    time.sleep(PAUSE)
    assert sink.messages == []


def test_the_same_post_is_stored_once(catalog: RunningService, sink: MailSink) -> None:
    conversation = start_conversation(catalog, "joe", "Sales figures")
    path, body = f"/conversations/{conversation}/posts", {"text": "@jane", "idempotency_key": f"key-{conversation}"}
    with ThreadPoolExecutor(4) as pool:
        answers = list(pool.map(lambda _number: act(catalog, "joe", "POST", path, body), range(8)))
    assert [answer.status_code for answer in answers] == [201] * 8
    assert len({answer.json()["id"] for answer in answers}) == 1
    assert len(catalog.call("GET", path).json()["posts"]) == 1
    for other in (act(catalog, "joe", "POST", path, {**body, "text": "Other"}), act(catalog, "jane", "POST", path, body)):
        assert (other.status_code, other.json()["code"]) == (409, "conflict")
    sink.wait_for(1)
    time.sleep(PAUSE)
    assert len(sink.taken) == 1


def test_a_post_with_very_many_mentions_is_refused(catalog: RunningService) -> None:
    conversation = start_conversation(catalog, "joe", "Sales figures")
    text = " ".join(f"@somebody{number}" for number in range(101))
    answer = act(catalog, "joe", "POST", f"/conversations/{conversation}/posts", {"text": text})
    assert (answer.status_code, answer.json()["field"]) == (422, "text")
    assert catalog.call("GET", f"/conversations/{conversation}/posts").json()["posts"] == []


# -- the assignee


def test_an_assignee_gets_one_mail(catalog: RunningService, sink: MailSink) -> None:
    conversation = start_conversation(catalog, "joe", "Sales figures")
    path = f"/conversations/{conversation}/assignee"
    for _ in range(2):
        answer = act(catalog, "joe", "PUT", path, {"assignee": "Jane"})
        assert (answer.status_code, answer.json()["assignee"]) == (200, "jane")
    (message,) = sink.wait_for(1)
    time.sleep(PAUSE)
    assert len(sink.taken) == 1
    assert message["To"].addresses[0].addr_spec == "jane@corp.test"
    assert message["Subject"] == "Joe Doe assigned you to this Conversation"
    assert "Sales figures" in text_of(message)
    assert act(catalog, "joe", "PUT", path, {"assignee": None}).json()["assignee"] is None
    assert act(catalog, "joe", "PUT", path, {"assignee": "jane"}).json()["assignee"] == "jane"
    assert len(sink.wait_for(2)) == 2, "each new assignment sends a mail"


def test_assigning_oneself_sends_no_mail(catalog: RunningService, sink: MailSink) -> None:
    conversation = start_conversation(catalog, "joe", "Sales figures")
    assert act(catalog, "jane", "PUT", f"/conversations/{conversation}/assignee", {"assignee": "jane"}).status_code == 200
    time.sleep(PAUSE)
    assert sink.messages == []


@pytest.mark.parametrize("name, status", [("nobody", 404), ("old", 404), ("two words", 422)])
def test_only_active_users_are_assigned(catalog: RunningService, name: str, status: int) -> None:
    conversation = start_conversation(catalog, "joe", "Sales figures")
    answer = act(catalog, "joe", "PUT", f"/conversations/{conversation}/assignee", {"assignee": name})
    assert (answer.status_code, answer.json()["field"]) == (status, "assignee")
    assert catalog.call("GET", f"/conversations/{conversation}").json()["assignee"] is None


# -- subscriptions


def test_subscriptions(catalog: RunningService) -> None:
    name = new_name()
    add_user(catalog, name)
    assert act(catalog, name, "GET", "/me/subscriptions").json() == {"events": []}
    for event in ("table.sales", "job:harvest", "table.sales"):
        assert act(catalog, name, "PUT", f"/me/subscriptions/{event}").status_code == 200
    assert act(catalog, name, "GET", "/me/subscriptions").json() == {"events": ["job:harvest", "table.sales"]}
    for _ in range(2):
        answer = act(catalog, name, "DELETE", "/me/subscriptions/job:harvest")
        assert (answer.status_code, answer.json()) == (200, {"events": ["table.sales"]})
    assert act(catalog, "joe", "GET", "/me/subscriptions").json() == {"events": []}


@pytest.mark.parametrize("event", ["two words", "-x", "x" * 201, "a%00", "%0d%0a"])
def test_an_unknown_event_is_refused(catalog: RunningService, event: str) -> None:
    assert act(catalog, "jane", "PUT", f"/me/subscriptions/{event}").status_code == 422


# -- on behalf of users, and roles


def test_without_a_name_the_tokens_user_acts(catalog: RunningService) -> None:
    users = catalog.call("GET", "/users?limit=500").json()["users"]
    if not any(user["email"] == ADMIN for user in users):
        refused = catalog.call("GET", "/me/subscriptions")
        assert (refused.status_code, refused.json()["field"]) == (404, "X-Catalog-User")
        add_user(catalog, "admin", email=ADMIN)
    conversation = made(catalog.call("POST", "/conversations", {"title": "Title"}))
    assert conversation["created_by"] == "admin"


@pytest.mark.parametrize("name", ["nobody", "old"])
def test_requests_for_missing_users_are_refused(catalog: RunningService, name: str) -> None:
    answer = act(catalog, name, "POST", "/conversations", {"title": "Title"})
    assert (answer.status_code, answer.json()["field"]) == (404, "X-Catalog-User")


WRITES = [
    ("POST", "/users", {"name": "some", "email": "some@corp.test"}),
    ("PUT", f"/users/{'a' * 26}", {"name": "some", "email": "some@corp.test"}),
    ("POST", "/conversations", {"title": "Title"}),
    ("POST", f"/conversations/{'a' * 26}/posts", {"text": "Text"}),
    ("PUT", f"/conversations/{'a' * 26}/assignee", {"assignee": None}),
]
READS = ["/users", "/conversations", "/me/subscriptions", f"/users/{'a' * 26}", f"/conversations/{'a' * 26}"]


@pytest.mark.parametrize("method, path, body", WRITES)
def test_a_viewer_changes_nothing(catalog: RunningService, method: str, path: str, body: dict[str, Any]) -> None:
    assert catalog.call(method, path, body, role="viewer").status_code == 403
    assert catalog.call(method, path, body, role=None).status_code == 401


@pytest.mark.parametrize("path", READS)
def test_reading_needs_a_token(catalog: RunningService, path: str) -> None:
    assert catalog.call("GET", path, role=None).status_code == 401


def test_a_viewer_cannot_act_for_others(catalog: RunningService) -> None:
    answer = catalog.call("GET", "/me/subscriptions", role="viewer", headers={"X-Catalog-User": "jane"})
    assert (answer.status_code, answer.json()["code"]) == (403, "not-permitted")


# -- SIGKILL


def test_after_a_kill_each_post_has_its_mails(make_service: Callable[..., RunningService], sink: MailSink) -> None:
    """Killed while posts are written: each stored post, answered or not, has its mail sent in the end."""
    service = make_service()
    service.save(through(sink.port))
    for name in ("jane", "joe"):
        add_user(service, name)
    conversation = start_conversation(service, "joe", "Sales figures")
    for round_number in range(3):
        with ThreadPoolExecutor(3) as pool:
            waiting = [pool.submit(_write_until_killed, service, conversation, f"{round_number}-{place}") for place in range(3)]
            time.sleep(0.4 + 0.17 * round_number)
            service.kill()
            written = [text for one in waiting for text in one.result()]
        assert written, "nothing was written before the kill"
        service.start()
        stored = _texts(service, conversation)
        assert set(written) <= set(stored), "a post that was answered is lost"
    wait_until(lambda: set(stored) <= _told(sink), lambda: f"no mail names {sorted(set(stored) - _told(sink))}")
    assert _told(sink) <= set(stored), "a mail names a post that does not exist"


def _write_until_killed(service: RunningService, conversation: str, name: str) -> Sequence[str]:
    """Return the posts that were answered."""
    written: list[str] = []
    for number in itertools.count():
        text = f"@jane this is post {name}-{number}."
        try:
            write(service, "joe", conversation, text)
        except requests.RequestException:
            return written
        written.append(text)
    return written


def _texts(service: RunningService, conversation: str) -> list[str]:
    found: list[str] = []
    before: dict[str, str] = {}
    while page := service.call("GET", f"/conversations/{conversation}/posts", params={"limit": 500, **before}).json()["posts"]:
        found += [post["text"] for post in page]
        before = {"before": page[-1]["id"]}
    return found


def _told(sink: MailSink) -> set[str]:
    return {line for message in sink.messages for line in text_of(message).split("\n") if line.startswith("@jane this")}
