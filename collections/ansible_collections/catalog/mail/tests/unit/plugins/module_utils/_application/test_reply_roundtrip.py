# Copyright (c) 2026 The catalog.mail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The round trip of reply_test with simulated servers: the requests of each leg, and its failures."""

from __future__ import annotations

from email import message_from_string

import pytest
from ansible_collections.catalog.mail.plugins.module_utils._application import reply_roundtrip
from ansible_collections.catalog.mail.plugins.module_utils._application.reply_message import text_of_answer
from ansible_collections.catalog.mail.plugins.module_utils._application.reply_roundtrip import RoundTrip, Servers
from ansible_collections.catalog.mail.plugins.module_utils._core.errors import ReplyFailed
from ansible_collections.catalog.mail.plugins.module_utils._mail.connection import Server, StageFailed
from ansible_collections.catalog.mail.plugins.module_utils._mail.imap import Found
from ansible_collections.catalog.mail.plugins.module_utils._mail.smtp import Submitted

PASSWORD = "s3cret-Word"
SMTP = Server("smtp.test", 587, "starttls", "alice@corp.test", PASSWORD, None, 5)
MAILBOX = Server("imap.test", 993, "implicit", "alice@corp.test", PASSWORD, None, 5)
MAIL = "From: n@corp.test\nTo: alice@corp.test\nReply-To: replies+x@corp.test\nMessage-ID: <x@corp.test>\n\n@alice\n"
ON = {"enabled": True, "problems": [], "workers": [], "outcomes": {}, "intent_tracking": {"in_use": "subaddress"}}


class Catalog:
    """The application. `posted` are its posts by author, `after` is the state of receiving replies at the end."""

    def __init__(self, mentions=("alice",), posted=("alice", "{text}"), before=None, after=None):
        self.mentions, self.posted, self.states = list(mentions), posted, [before or ON, after or ON]
        self.said = []

    def replies(self):
        return self.states.pop(0) if len(self.states) > 1 else self.states[0]

    def start_conversation(self, user, title):
        self.said.append((user, title))
        return "new"

    def add_post(self, user, conversation, text):
        self.said.append((user, conversation, text))
        return {"id": "p1", "author": user, "text": text, "mentions": self.mentions}

    def posts(self, conversation):
        token = self.said[-1][2].rpartition(" ")[2]
        first = {"id": "p1", "author": "bob", "text": self.said[-1][2]}
        if not self.posted:
            return [first]
        author, text = self.posted
        return [{"id": "p2", "author": author, "text": text.format(text=text_of_answer(token), token=token)}, first]


class Clock:
    """A clock that only sleeping advances."""

    now = 0.0

    def __call__(self):
        return self.now

    def sleep(self, seconds):
        self.now += seconds


@pytest.fixture
def round_trip(monkeypatch):
    """Return a function round_trip(catalog, arrives=..., takes=...); the last two are a folder, or an error to raise."""
    answers = []

    def make(catalog, arrives="INBOX", takes="250 Ok: queued", **params):
        class Box:
            def __init__(self, _server):
                if isinstance(arrives, StageFailed):
                    raise arrives

            def read(self, _word):
                return arrives and Found(arrives, arrives != "INBOX", message_from_string(MAIL))

            def close(self):
                """Do nothing."""

        def by_smtp(_server, answer):
            answers.append(answer)
            if isinstance(takes, StageFailed):
                raise takes
            return Submitted(takes, None)

        monkeypatch.setattr(reply_roundtrip, "Mailbox", Box)
        monkeypatch.setattr(reply_roundtrip, "by_smtp", by_smtp)
        clock = Clock()
        options = {"author": "bob", "user": "alice", "conversation": None, "leg_timeout": 3, **params}
        found = RoundTrip(catalog, Servers(SMTP, MAILBOX), options, clock, clock.sleep)
        found.answers = answers
        return found

    return make


def failure(round_trip):
    with pytest.raises(ReplyFailed) as failed:
        round_trip.run()
    assert PASSWORD not in str(failed.value) + repr(failed.value.details)
    return failed.value


def test_the_whole_round_trip(round_trip):
    catalog = Catalog()
    made = round_trip(catalog)
    result = made.run()
    assert result["post"]["author"] == "alice"
    assert (result["conversation_id"], result["mention_id"]) == ("new", "p1")
    assert result["seconds"] == {"mention": 0, "mail": 0, "reply": 0, "post": 0}
    assert result["intent_tracking"] == "subaddress"
    assert result["summary"][-1].endswith("by alice")
    assert catalog.said[0][0] == catalog.said[1][0] == "bob"
    assert "@alice" in catalog.said[1][2]
    [answer] = made.answers
    assert (answer.sender, answer.recipient) == ("alice@corp.test", "replies+x@corp.test")
    assert result["reply_message_id"] == answer.message_id


def test_a_conversation_that_is_there_already(round_trip):
    catalog = Catalog()
    assert round_trip(catalog, conversation="c7").run()["conversation_id"] == "c7"
    assert [said[1] for said in catalog.said] == ["c7"]


def test_a_mail_that_was_taken_for_spam(round_trip):
    made = round_trip(Catalog(), arrives="Junk")
    assert made.run()["mailbox_folder"] == made.spam_folder == "Junk"


def test_replies_that_are_switched_off(round_trip):
    catalog = Catalog(before={**ON, "enabled": False})
    failed = failure(round_trip(catalog))
    assert (failed.details["leg"], catalog.said) == ("mention", [])
    assert "switched off" in str(failed)


def test_a_user_that_is_not_one(round_trip):
    failed = failure(round_trip(Catalog(mentions=[])))
    assert failed.details["leg"] == "mention"
    assert "no active user alice" in str(failed)


@pytest.mark.parametrize("arrives,stage,said", [
    (None, None, "was not found in the mailbox of alice@corp.test within 3 s"),
    (StageFailed("mailbox_login", "[AUTHENTICATIONFAILED] no"), "mailbox_login", "user name"),
])
def test_a_mail_that_does_not_come(round_trip, arrives, stage, said):
    failed = failure(round_trip(Catalog(), arrives=arrives))
    assert (failed.details["leg"], failed.details.get("stage")) == ("mail", stage)
    assert said in str(failed)
    assert failed.details["seconds"]["reply"] is None


def test_an_answer_that_no_server_takes(round_trip):
    words = f"550 5.1.1 <replies+x@corp.test>: Recipient address rejected: User unknown {PASSWORD}"
    failed = failure(round_trip(Catalog(), takes=StageFailed("submit", words)))
    assert (failed.details["leg"], failed.details["stage"]) == ("reply", "submit")
    assert failed.details["server_says"].startswith("550 5.1.1")


@pytest.mark.parametrize("catalog,said", [
    (Catalog(posted=None, after={**ON, "outcomes": {"rejected": {"empty": 1}}}), r"rejected (empty)"),
    (Catalog(posted=None), "nothing of it has arrived"),
    (Catalog(posted=("bob", "{text}")), "another author or text"),
    (Catalog(posted=("alice", "{token} and the quoted mail")), "another author or text"),
])
def test_an_answer_that_does_not_become_its_post(round_trip, catalog, said):
    failed = failure(round_trip(catalog))
    assert failed.details["leg"] == "post"
    assert said in str(failed)
    assert failed.details["seconds"]["reply"] is not None
