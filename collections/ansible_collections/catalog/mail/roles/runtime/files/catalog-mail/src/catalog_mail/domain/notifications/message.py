"""The mail of a notification, as bytes (RFC 5322, CRLF)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from email.message import EmailMessage
from email.parser import BytesHeaderParser
from email.policy import SMTP
from email.utils import format_datetime

from catalog_mail.domain.mime import headers
from catalog_mail.domain.mime.addresses import normalized
from catalog_mail.domain.mime.text import body
from catalog_mail.domain.notifications import threads

# Only ASCII in lines of at most 76 characters, so that no server on the way has to change it (and break a signature).
_POLICY = SMTP.clone(cte_type="7bit")

# No receipts and no automatic answers (MS-OXCMAIL 2.1.3.2.20), in Exchange's words. Not "All": that would suppress
# non-delivery reports too, and an administrator wants to see those.
_SUPPRESSED_RESPONSES = "DR, RN, NRN, OOF, AutoReply"


@dataclass(frozen=True)
class Thread:
    """What a message belongs to: `key` names the thread, `topic` is the same in all its messages, such as a title."""

    key: str
    topic: str


@dataclass(frozen=True)
class Replies:
    """Where replies go, and the intent by which they are recognised; it is the Message-ID's local part too.

    `referred` says that it stands in References as well: a server that gives the mail another Message-ID leaves these as they
    are, and an answer repeats them (RFC 5322, 3.6.4).
    """

    address: str
    intent: str
    referred: bool = False


@dataclass(frozen=True, kw_only=True)
class Mail:
    """One mail to one recipient. Addresses, `id` and `unsubscribe_url` are checked ASCII; all else may hold anything.

    `id` is 26 lower-case letters and digits; Message-ID and MIME boundary come from it. `catalog_domain` is the host of the
    catalog's own address, `list_name` the kind of notification. With `replies` an answer to it finds its conversation.
    `answers` is the Message-ID of somebody's mail that this one answers by itself, "" where that had none.
    """

    id: str
    from_address: str
    from_name: str
    to_address: str
    to_name: str
    subject: str
    text: str
    html: str
    created_at: datetime
    catalog_name: str
    catalog_domain: str
    list_name: str
    unsubscribe_url: str
    thread: Thread | None = None
    replies: Replies | None = None
    answers: str | None = None


def message_id(mail: Mail) -> str:
    """The Message-ID: the same whenever this mail is written, so that a copy sent twice is recognised as one."""
    local = mail.replies.intent if mail.replies else mail.id
    return f"<{local}@{mail.from_address.rpartition('@')[2]}>"


def is_from(message: bytes, address: str) -> bool:
    """Whether a message that was written here has this From address."""
    written = BytesHeaderParser(policy=_POLICY).parsebytes(message.partition(b"\r\n\r\n")[0] + b"\r\n\r\n")["From"]
    return [normalized(one.addr_spec) for one in written.addresses] == [normalized(address)]


def compose(mail: Mail) -> bytes:
    """The whole message, always the same for the same mail.

    Headers beside the usual ones:
    Auto-Submitted (RFC 3834) and X-Auto-Response-Suppress (Exchange) keep automatic answers away. There is no
    `Precedence: bulk`: RFC 3834 calls it non-standard, servers that know it deliver such mail later or rate it lower, and
    those that would answer look at the two above or at List-Id (RFC 5230, 4.6).
    List-Id (RFC 2919) is one for each kind, to filter by. List-Unsubscribe with List-Unsubscribe-Post is one click
    (RFC 8058), which is defined for https alone. `threads` tells what keeps a conversation together.
    """
    lines = [
        ("From", headers.mailbox(mail.from_name, mail.from_address)),
        ("To", headers.mailbox(mail.to_name, mail.to_address)),
        ("Subject", headers.text(mail.subject)),
        ("Date", format_datetime(mail.created_at.astimezone(UTC))),
        ("Message-ID", message_id(mail)),
        *_reply_headers(mail),
        *_thread_headers(mail),
        # RFC 3834, 5: one word for what answers a mail, another for what comes by itself.
        ("Auto-Submitted", "auto-generated" if mail.answers is None else "auto-replied"),
        ("X-Auto-Response-Suppress", _SUPPRESSED_RESPONSES),
        ("List-Id", headers.mailbox(mail.catalog_name, f"{mail.list_name.replace('_', '-')}.{mail.catalog_domain}")),
        ("List-Unsubscribe", f"<{mail.unsubscribe_url}>"),
    ]
    if mail.unsubscribe_url.startswith("https://"):
        lines.append(("List-Unsubscribe-Post", "List-Unsubscribe=One-Click"))
    return "".join(headers.header(name, value) for name, value in lines).encode("ascii") + _content(mail)


def _reply_headers(mail: Mail) -> list[tuple[str, str]]:
    """The intent stands in a header of its own too: some servers give a mail another Message-ID on its way."""
    if mail.replies is None:
        return []
    return [("Reply-To", mail.replies.address), ("X-Catalog-Intent", mail.replies.intent)]


def _thread_headers(mail: Mail) -> list[tuple[str, str]]:
    if mail.answers is not None:
        return [("In-Reply-To", mail.answers), ("References", mail.answers)] if mail.answers else []
    if mail.thread is None:
        return []
    root = threads.root_id(mail.thread.key, mail.catalog_domain)
    return [
        ("In-Reply-To", root),
        ("References", _references(root, mail)),
        ("Thread-Topic", headers.text(mail.thread.topic)),
        ("Thread-Index", threads.thread_index(mail.thread.key, mail.catalog_domain)),
    ]


def _references(root: str, mail: Mail) -> str:
    """The thread's root, which all its mails have in common; and this mail's intent, in an identifier that is no mail's own."""
    if mail.replies is None or not mail.replies.referred:
        return root
    return f"{root}{headers.CRLF} <{mail.replies.intent}.intent@{mail.catalog_domain}>"


def _content(mail: Mail) -> bytes:
    """Both parts, the plain one first: a mail program shows the last that it can (RFC 2046, 5.1.4)."""
    message = EmailMessage(policy=_POLICY)
    message.set_content(_with_end(body(mail.text)))
    message.add_alternative(_with_end(body(mail.html)), subtype="html")
    message.set_boundary(f"={mail.id}=")
    return message.as_bytes()


def _with_end(text: str) -> str:
    return text if text.endswith("\n") else text + "\n"
