"""The whole circle for tests: a mention's mail, an answer to it, the process that reads the mailbox, the post."""

from __future__ import annotations

import subprocess
import time
from collections.abc import Callable, Mapping
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
from helpers.service.smtp_sink import MailSink

REPLIES = "replies@corp.test"
SECONDS = 30
# The library would encode a longer identifier, as no mail program does.
POLICY = SMTP.clone(max_line_length=200)


def interactions(dovecot: Dovecot, user: str, **change: Any) -> dict[str, Any]:
    """Settings that receive replies in this user's mailbox."""
    return {
        "enabled": True,
        "reply_to": REPLIES,
        "intent_tracking": "message_id",
        "imap": {
            "host": "localhost",
            "port": dovecot.imaps,
            "tls": "implicit",
            "username": user,
            "password": dovecot.password(user),
            "ca_file": str(dovecot.authority.file),
        },
        **change,
    }


@dataclass
class RoundTrip:
    """A service whose replies are read in the mailbox `user`; jane and joe are its users."""

    service: RunningService
    sink: MailSink
    dovecot: Dovecot
    user: str

    def set_up(self, **change: Any) -> None:
        """Users, and settings in force."""
        for name in ("jane", "joe"):
            add_user(self.service, name)
        self.save(**change)

    def save(self, **change: Any) -> None:
        """Other settings of the interactions."""
        settings = {**through(self.sink.port), "interactions": interactions(self.dovecot, self.user, **change)}
        answer = self.service.save(settings)
        assert answer.status_code == 200, answer.text

    def mention(self, title: str = "Sales", text: str = "@jane what is this table?") -> tuple[str, EmailMessage]:
        """Joe mentions Jane: the conversation's id, and the mail that she gets."""
        before = len(to(self.sink.messages, "jane"))
        conversation = start_conversation(self.service, "joe", title, text)
        deadline = time.monotonic() + SECONDS
        while len(mails := to(self.sink.messages, "jane")) <= before:
            assert time.monotonic() < deadline, "the mail of the mention did not come"
            time.sleep(0.02)
        return conversation, mails[-1]

    def receive(self, content: bytes) -> None:
        """A message arrives in the mailbox of replies."""
        self.dovecot.deliver(self.user, content)

    def posts(self, conversation: str) -> list[dict[str, Any]]:
        """All of a conversation, oldest first."""
        answer = self.service.call("GET", f"/conversations/{conversation}/posts?limit=500", role="viewer")
        return list(reversed(answer.json()["posts"]))

    def replies(self, conversation: str, count: int = 1, seconds: float = SECONDS) -> list[dict[str, Any]]:
        """The posts after the first, as soon as there are so many."""
        wait_until(lambda: len(self.posts(conversation)) > count, f"{count} replies were not posted", seconds)
        return self.posts(conversation)[1:]

    def state(self) -> dict[str, Any]:
        """What the API says about receiving replies."""
        found: dict[str, Any] = self.service.call("GET", "/replies/sync", role="viewer").json()
        return found

    def keywords(self) -> list[set[str]]:
        """Of each message in the mailbox: our keyword, and Seen."""
        return [
            {flag.lstrip("\\") for flag in message.flags if flag == "\\Seen" or flag.startswith("$Catalog")}
            for message in self.dovecot.messages(self.user)
        ]

    def wait_handled(self, count: int, seconds: float = SECONDS) -> None:
        """Until so many messages of the mailbox are read."""
        wait_until(lambda: sum(bool(flags) for flags in self.keywords()) >= count, f"{count} messages were not handled", seconds)

    def syncing(self) -> AbstractContextManager[subprocess.Popen[bytes]]:
        """`catalog-mail reply-sync` runs, and is stopped at the end."""
        return self.service.syncing()


def wait_until(condition: Callable[[], bool], failure: str, seconds: float = SECONDS) -> None:
    """Until it is so."""
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, f"{failure} within {seconds} s"
        time.sleep(0.05)


def answer(mail: EmailMessage, text: str, sender: str = "Jane Doe <jane@corp.test>", **headers: str | None) -> bytes:
    """An answer as a mail program writes it: to Reply-To, with the mail quoted below. `headers` replace, None removes."""
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
