# Copyright (c) 2026 The catalog.mail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The headers by which mail programs group the mails of a conversation, in mails really received."""

from __future__ import annotations

import base64
import re
from email.message import EmailMessage

from helpers.service.catalog_users import act, notify, start_conversation, to, write
from helpers.service.process import RunningService, through
from helpers.service.smtp_sink import MailSink

JANE = {"address": "jane@corp.test"}
THREAD = ("References", "In-Reply-To", "Thread-Topic", "Thread-Index")


def thread_of(message: EmailMessage) -> tuple[str, ...]:
    return tuple(str(message[name]) for name in THREAD)


def test_the_mails_of_a_conversation_are_one_thread(catalog: RunningService, sink: MailSink) -> None:
    conversation = start_conversation(catalog, "joe", "Sales of all figures", "First, @jane and @anna")
    write(catalog, "adam", conversation, "Second, @jane")
    assert act(catalog, "joe", "PUT", f"/conversations/{conversation}/assignee", {"assignee": "jane"}).status_code == 200
    # The service is shared: a late mail of another test may arrive as well, with none of these names.
    messages = sink.wait_for(4, such=lambda message: conversation in str(message.get_body(("plain",))))
    assert len(to(messages, "jane")) == 3
    assert len({thread_of(message) for message in messages}) == 1
    assert len({message["Message-ID"] for message in messages}) == 4
    references, in_reply_to, topic, index = thread_of(messages[0])
    assert re.fullmatch(r"<[!-~]+@catalog\.example\.com>", references)
    assert in_reply_to == references, "one root for all, which is not itself a message"
    assert topic == "Sales of all figures", "the conversation, independent of the subject: Outlook uses it"
    assert len(base64.b64decode(index, validate=True)) == 22


def test_the_subject_is_the_same_for_gmail(catalog: RunningService, sink: MailSink) -> None:
    """Mentions by one user in one conversation have the same subject."""
    conversation = start_conversation(catalog, "joe", "Sales figures", "First, @jane")
    write(catalog, "joe", conversation, "Second, @jane")
    first, second = sink.wait_for(2)
    assert first["Subject"] == second["Subject"]


def test_conversations_with_one_title_are_two_threads(catalog: RunningService, sink: MailSink) -> None:
    for _ in range(2):
        start_conversation(catalog, "joe", "Sales figures", "@jane")
    one, other = sink.wait_for(2)
    assert one["References"] != other["References"]
    assert one["Thread-Index"] != other["Thread-Index"]


def test_a_thread_stays_one_when_the_sender_changes(catalog: RunningService, sink: MailSink) -> None:
    conversation = start_conversation(catalog, "joe", "Sales figures", "First, @jane")
    sink.wait_for(1)
    settings = through(sink.port)
    settings["notifications"]["from"] = {"address": "catalog@new.test", "display_name": "New name"}
    assert catalog.save(settings).status_code == 200
    write(catalog, "joe", conversation, "Second, @jane")
    first, second = sink.wait_for(2)
    assert second["From"] == "New name <catalog@new.test>"
    assert thread_of(first) == thread_of(second)


def test_other_catalogs_name_their_own_threads(catalog: RunningService, sink: MailSink) -> None:
    for thread in ("ticket.1", "ticket.1", "ticket.2", None):
        more = {"thread": thread} if thread else {}
        notify(catalog, "message", subject="Hello", text="A text.", recipients=[JANE], **more)
    messages = sink.wait_for(4)
    roots = [message["References"] for message in messages]
    assert sorted(map(roots.count, set(roots))) == [1, 1, 2]
    alone = next(message for message in messages if message["References"] is None)
    assert not any(name in alone for name in THREAD)
