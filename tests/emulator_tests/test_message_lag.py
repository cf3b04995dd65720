# Copyright (c) 2026 The catalog.mail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Lists of messages that show changes late."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from emulator.running import Running
from helpers.graph_requests import mail, send
from requests import Response

Graph = Callable[..., Response]
KINDS = ["message"]


@pytest.fixture(autouse=True)
def _settled(entra: Running) -> Iterator[None]:
    yield
    entra.clear_faults()


@pytest.fixture
def listed(graph: Graph, mailbox: str) -> Callable[..., list[Any]]:
    """Return the subjects, or another property, of the messages in a folder, optionally only of unread ones."""

    def ask(folder: str = "inbox", query: str = "", name: str = "subject") -> list[Any]:
        answer = graph("GET", f"/v1.0/users/{mailbox}/mailFolders/{folder}/messages?$top=50&$select={name}{query}")
        assert answer.status_code == 200, answer.text
        return [one[name] for one in answer.json()["value"]]

    return ask


def test_a_new_message_is_listed_late_but_readable_by_id(
    entra: Running, graph: Graph, mailbox: str, listed: Callable[..., list[Any]]
):
    entra.lag(requests=3, replicas=1, kinds=KINDS)
    made = entra.put_message(mailbox, mail(mailbox, "new"))
    assert [listed() for _ in range(3)] == [[], [], []]
    assert graph("GET", f"/v1.0/users/{mailbox}/messages/{made['id']}/$value").status_code == 200
    assert listed() == ["new"]


def test_a_mark_is_listed_late(entra: Running, graph: Graph, mailbox: str, listed: Callable[..., list[Any]]):
    made = entra.put_message(mailbox, mail(mailbox, "one"))
    entra.lag(requests=2, replicas=1, kinds=KINDS)
    path = f"/v1.0/users/{mailbox}/messages/{made['id']}"
    changed = graph("PATCH", path, {"isRead": True, "categories": ["Done"]})
    assert (changed.status_code, changed.json()["isRead"]) == (200, True)
    unread = "&$filter=isRead eq false"
    assert [listed(query=unread) for _ in range(2)] == [["one"], ["one"]]
    assert listed(query=unread) == []
    assert listed(name="categories") == [["Done"]]


def test_sent_moved_and_deleted_messages_are_listed_late(
    entra: Running, graph: Graph, mailbox: str, listed: Callable[..., list[Any]]
):
    made = [entra.put_message(mailbox, mail(mailbox, subject)) for subject in ("moved", "gone")]
    entra.lag(seconds=30, replicas=1, kinds=KINDS)
    assert send(graph, mailbox, mail("x@elsewhere.test", "sent", sender=mailbox)).status_code == 202
    path = f"/v1.0/users/{mailbox}/messages"
    assert graph("POST", f"{path}/{made[0]['id']}/move", {"destinationId": "archive"}).status_code == 201
    assert graph("DELETE", f"{path}/{made[1]['id']}").status_code == 204
    assert (listed("sentitems"), sorted(listed()), listed("archive")) == ([], ["gone", "moved"], [])
    entra.advance(31)
    assert (listed("sentitems"), listed(), listed("archive")) == (["sent"], [], ["moved"])
    entra.advance(-31)


def test_lists_flap_between_replicas(entra: Running, mailbox: str, listed: Callable[..., list[Any]]):
    entra.lag(requests=12, replicas=3, kinds=KINDS)
    entra.put_message(mailbox, mail(mailbox, "new"))
    seen = [bool(listed()) for _ in range(14)]
    assert True in seen[:3], "one replica has it at once"
    assert False in seen[3:10], "another has it later"
    assert seen[13:] == [True]


def test_uneven_lag_shows_the_later_one_first(entra: Running, mailbox: str, listed: Callable[..., list[Any]]):
    entra.lag(requests=16, replicas=1, kinds=KINDS, uneven=True)
    subjects = [f"{number:02}" for number in range(12)]
    for subject in subjects:
        entra.put_message(mailbox, mail(mailbox, subject))
    views = [sorted(listed()) for _ in range(17)]
    assert any(view and view != subjects[: len(view)] for view in views)
    assert views[0] == []
    assert views[-1] == subjects


def test_messages_do_not_lag_by_default(entra: Running, mailbox: str, listed: Callable[..., list[Any]]):
    entra.lag(requests=9, replicas=1)
    entra.put_message(mailbox, mail(mailbox, "new"))
    assert listed() == ["new"]


def test_an_unknown_kind_of_lag_is_refused(entra: Running):
    with pytest.raises(AssertionError, match="Nothing of the kind messages lags; there are application, "):
        entra.lag(requests=1, kinds=["messages"])
