# Copyright (c) 2026 The catalog.mail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The whole round trip for tests: a mention's mail, a reply to it, the process that reads the mailbox, the post."""

from __future__ import annotations

import subprocess
from collections.abc import Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import UTC, datetime
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime, make_msgid
from typing import Any

from helpers.service.catalog_users import add_user, start_conversation, text_of, to
from helpers.service.dovecot import Dovecot
from helpers.service.process import RunningService, through
from helpers.service.settings_bodies import imap_mailbox, interactions
from helpers.service.smtp_sink import MailSink
from helpers.waiting import wait_until

# Python's policy would encode a longer identifier; mail programs do not.
POLICY = SMTP.clone(max_line_length=200)


@dataclass
class RoundTrip:
    """A service that reads replies in the mailbox of `user`; jane and joe are its users."""

    service: RunningService
    sink: MailSink
    dovecot: Dovecot
    user: str

    def set_up(self, **change: Any) -> None:
        """Create users, and save the settings."""
        for name in ("jane", "joe"):
            add_user(self.service, name)
        self.save(**change)

    def save(self, **change: Any) -> None:
        """Save other settings of the interactions."""
        change = {"intent_tracking": "message_id", **change}
        replies = interactions(imap_mailbox(self.dovecot, self.user), **change)
        settings = {**through(self.sink.port), "interactions": replies}
        answer = self.service.save(settings)
        assert answer.status_code == 200, answer.text

    def mention(self, title: str = "Sales", text: str = "@jane what is this table?") -> tuple[str, EmailMessage]:
        """Mention Jane as Joe; return the conversation's id and the mail that she receives."""
        before = len(to(self.sink.messages, "jane"))
        conversation = start_conversation(self.service, "joe", title, text)
        mails = wait_until(lambda: to(self.sink.messages, "jane")[before:], "the mail of the mention did not arrive")
        return conversation, mails[-1]

    def receive(self, content: bytes) -> None:
        """Deliver a message to the mailbox of replies."""
        self.dovecot.deliver(self.user, content)

    def posts(self, conversation: str) -> list[dict[str, Any]]:
        """Return all posts of a conversation, oldest first."""
        answer = self.service.call("GET", f"/conversations/{conversation}/posts?limit=500", role="viewer")
        return list(reversed(answer.json()["posts"]))

    def replies(self, conversation: str, count: int = 1) -> list[dict[str, Any]]:
        """Wait for this many replies; return the posts after the first."""
        wait_until(lambda: len(self.posts(conversation)) > count, f"{count} replies were not posted")
        return self.posts(conversation)[1:]

    def state(self) -> dict[str, Any]:
        """Return the API's state of receiving replies."""
        found: dict[str, Any] = self.service.call("GET", "/replies/sync", role="viewer").json()
        return found

    def keywords(self) -> list[set[str]]:
        """Return for each message in the mailbox the service's keyword and Seen."""
        return [
            {flag.lstrip("\\") for flag in message.flags if flag == "\\Seen" or flag.startswith("$Catalog")}
            for message in self.dovecot.messages(self.user)
        ]

    def wait_handled(self, count: int) -> None:
        """Wait until this many messages of the mailbox are read."""
        wait_until(lambda: sum(bool(flags) for flags in self.keywords()) >= count, f"{count} messages were not handled")

    def syncing(self) -> AbstractContextManager[subprocess.Popen[bytes]]:
        """Run `catalog-mail reply-sync`; stop it at the end."""
        return self.service.syncing()


def answer(mail: EmailMessage, text: str, sender: str = "Jane Doe <jane@corp.test>", **headers: str | None) -> bytes:
    """Compose a reply as a mail program does: to Reply-To, the mail quoted below. `headers` replace headers; None removes one."""
    reply = EmailMessage(policy=POLICY)
    values: Mapping[str, str | None] = {
        "From": sender,
        "To": str(mail["Reply-To"]),
        "Subject": f"Re: {mail['Subject']}",
        "Date": format_datetime(datetime.now(UTC)),
        "Message-ID": make_msgid(domain="mail.corp.test"),
        "In-Reply-To": str(mail["Message-ID"]),
        "References": f"{mail['References'] or ''} {mail['Message-ID']}".strip(),
        **{name.replace("_", "-"): value for name, value in headers.items()},
    }
    for name, value in values.items():
        if value is not None:
            reply[name] = value
    quoted = "".join(f"> {line}\n" for line in text_of(mail).splitlines())
    reply.set_content(f"{text}\n\nOn Sat, 21 Nov 2026 at 10:00, Data Catalog <noreply@corp.test> wrote:\n{quoted}")
    html = text_of(mail, "html")
    attribution = "On Sat, 21 Nov 2026 at 10:00, Data Catalog &lt;noreply@corp.test&gt; wrote:<br>"
    reply.add_alternative(
        f'<div dir="ltr">{text}</div><br><div class="gmail_quote"><div class="gmail_attr">{attribution}</div>'
        f'<blockquote class="gmail_quote">{html}</blockquote></div>',
        subtype="html",
    )
    return reply.as_bytes()
