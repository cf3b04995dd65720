# Copyright (c) 2026 The catalog.mail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The mail of a notification: its headers, which no text of users can extend or break."""

from __future__ import annotations

import base64
import email
import email.policy
import re
import unicodedata
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone
from email.header import decode_header, make_header
from email.headerregistry import AddressHeader
from email.message import EmailMessage
from email.utils import parseaddr
from typing import Any

import pytest
from catalog_mail.domain.mime import headers
from catalog_mail.domain.mime.text import body, one_line
from catalog_mail.domain.notifications.message import Mail, Replies, Thread, compose, message_id
from catalog_mail.domain.replies.intent import candidates
from hypothesis import example, given, settings
from hypothesis import strategies as st

MAIL = Mail(
    id="abcdefghijklmnopqrstuvwxyz",
    from_address="noreply@corp.test",
    from_name="Data Catalog",
    to_address="jane@corp.test",
    to_name="Jane Doe",
    subject="Joe Poe mentioned you in Sales figures",
    text="Hello @jane\n",
    html="<p>Hello @jane</p>\n",
    created_at=datetime(2026, 3, 1, 12, 30, 15, tzinfo=UTC),
    catalog_name="Data Catalog",
    catalog_domain="catalog.example.com",
    list_name="mention",
    unsubscribe_url="https://catalog.example.com/unsubscribe/AbC-_9",
)
THREAD = Thread("conversation.abc", "Sales figures")
NAMES = [
    "From", "To", "Subject", "Date", "Message-ID", "Auto-Submitted", "X-Auto-Response-Suppress", "X-MS-Reactions", "List-Id",
    "List-Unsubscribe", "List-Unsubscribe-Post", "MIME-Version", "Content-Type",
]  # fmt: skip
THREAD_NAMES = ["In-Reply-To", "References", "Thread-Topic", "Thread-Index"]


def parsed(mail: Mail) -> EmailMessage:
    return email.message_from_bytes(compose(mail), policy=email.policy.SMTP)


@pytest.mark.parametrize(
    "name, value",
    [
        ("From", "Data Catalog <noreply@corp.test>"),
        ("To", "Jane Doe <jane@corp.test>"),
        ("Subject", "Joe Poe mentioned you in Sales figures"),
        ("Date", "Sun, 01 Mar 2026 12:30:15 +0000"),
        ("Message-ID", "<abcdefghijklmnopqrstuvwxyz@corp.test>"),
        ("Auto-Submitted", "auto-generated"),
        ("X-MS-Reactions", "disallow"),
        ("List-Unsubscribe", "<https://catalog.example.com/unsubscribe/AbC-_9>"),
        ("List-Unsubscribe-Post", "List-Unsubscribe=One-Click"),
        ("MIME-Version", "1.0"),
    ],
)
def test_headers(name: str, value: str) -> None:
    assert parsed(MAIL).get_all(name) == [value]


def test_each_kind_is_a_list_of_its_own() -> None:
    mail = replace(MAIL, list_name="scheduled_query_failed")
    assert str(parsed(mail)["List-Id"]).endswith("<scheduled-query-failed.catalog.example.com>")


def test_one_click_is_offered_only_for_https() -> None:
    """RFC 8058, 3.1: the address must be https."""
    message = parsed(replace(MAIL, unsubscribe_url="http://localhost/unsubscribe/x"))
    assert message["List-Unsubscribe-Post"] is None
    assert message["List-Unsubscribe"] == "<http://localhost/unsubscribe/x>"


def test_the_plain_text_part_comes_first() -> None:
    message = parsed(MAIL)
    assert message.get_content_type() == "multipart/alternative"
    assert [part.get_content_type() for part in message.iter_parts()] == ["text/plain", "text/html"]
    assert content(message, "plain") == "Hello @jane\n"
    assert content(message, "html") == "<p>Hello @jane</p>\n"


def test_the_time_is_given_in_utc() -> None:
    mail = replace(MAIL, created_at=datetime(2026, 3, 1, 14, 30, 15, tzinfo=timezone(timedelta(hours=2))))
    assert compose(mail) == compose(MAIL)


def test_the_message_id_is_that_of_the_delivery() -> None:
    assert message_id(MAIL) == str(parsed(MAIL)["Message-ID"])
    assert message_id(replace(MAIL, subject="Another")) == message_id(MAIL)


# -- threads


def test_messages_of_one_thread_refer_to_one_root() -> None:
    first, second = (parsed(replace(MAIL, id=character * 26, subject=f"Number {character}", thread=THREAD)) for character in "ab")
    for name in THREAD_NAMES:
        assert first[name] == second[name], name
    assert first["In-Reply-To"] == first["References"]
    assert re.fullmatch(r"<thread\.[0-9a-f]{32}@catalog\.example\.com>", first["References"])
    assert first["Thread-Topic"] == "Sales figures"
    assert first["Message-ID"] != second["Message-ID"]


@pytest.mark.parametrize("change", [{"thread": Thread("conversation.def", "Sales figures")}, {"catalog_domain": "other.test"}])
def test_conversations_and_catalogs_have_separate_threads(change: dict[str, Any]) -> None:
    one = replace(MAIL, thread=THREAD)
    other: Mail = replace(one, **change)
    assert parsed(one)["References"] != parsed(other)["References"]
    assert parsed(one)["Thread-Index"] != parsed(other)["Thread-Index"]


def test_a_new_sender_address_keeps_the_thread() -> None:
    changed = replace(MAIL, thread=THREAD, from_address="catalog@new.test")
    assert parsed(changed)["References"] == parsed(replace(MAIL, thread=THREAD))["References"]


def test_without_a_thread_a_message_has_no_references() -> None:
    assert not any(name in parsed(MAIL) for name in THREAD_NAMES)


def test_a_thread_index_has_outlooks_form() -> None:
    """MS-OXOMSG 2.2.1.3: a reserved byte 01, five bytes of the time, a GUID."""
    index = base64.b64decode(parsed(replace(MAIL, thread=THREAD))["Thread-Index"], validate=True)
    assert len(index) == 22
    assert index[0] == 1
    filetime = int.from_bytes(index[1:6], "big") << 24
    assert datetime(1601, 1, 1, tzinfo=UTC) + timedelta(microseconds=filetime // 10) == pytest.approx(
        datetime(2020, 1, 1, tzinfo=UTC), abs=timedelta(seconds=2)
    )


# -- hostile text


HOSTILE = [
    "a\r\nBcc: evil@evil.test",
    "a\nBcc: evil@evil.test",
    "a\rBcc: evil@evil.test",
    "a\r\n\r\n<script>",
    "a\x00b",
    "a\x0bBcc: x\x0cBcc: y\x85Bcc: z\u2028Bcc: u\u2029Bcc: v",
    "\u202egro.live@nimda",
    "\ud800\udfff",
    "=?utf-8?Q?a=0D=0ABcc:_evil@evil.test?=",
    '"Jane" <evil@evil.test>, ',
    'x\\" <evil@evil.test>',
    "evil@evil.test, other",
    "a;b:c(d)<e>[f]",
    "--=zyxwvutsrqponmlkjihgfedcba=--\r\n",  # another mail's boundary; its own is not known beforehand
    "\r\n.\r\nMAIL FROM:<x>",
    "From here\n.\n..\n",
    "x" * 5000,
    "\u00e9" * 5000,
    "\U0001f600" * 5000,
    "word " * 1000,
    "",
    " \t ",
]
TRICKY = st.sampled_from('\r\n\x00:<>@"\\=?_ a\u00e9\u202e\u2028\ud800\x85\x9f\u2067')
TEXTS = st.one_of(st.text(st.characters()), st.text(TRICKY))
# The bidirectional classes of characters that change the direction of others (UAX 9).
TURNING = {"LRE", "RLE", "LRO", "RLO", "PDF", "LRI", "RLI", "FSI", "PDI"}


def hostile(text: str) -> Mail:
    return replace(
        MAIL, from_name=text, to_name=text, subject=text, text=text, html=text, catalog_name=text, thread=Thread(text, text)
    )


def for_each_hostile_text(function: Any) -> Any:
    for text in HOSTILE:
        function = example(text)(function)
    return settings(deadline=None)(given(TEXTS)(function))


@for_each_hostile_text
def test_hostile_text_adds_no_header(text: str) -> None:
    message = parsed(hostile(text))
    assert message.keys() == NAMES[:5] + THREAD_NAMES + NAMES[5:]
    assert [part.get_content_type() for part in message.iter_parts()] == ["text/plain", "text/html"]
    assert addresses(message["From"]) == ["noreply@corp.test"]
    assert addresses(message["To"]) == ["jane@corp.test"]
    assert not message.defects
    for name in ("From", "To", "Subject", "Thread-Topic"):
        assert not message[name].defects, name


@for_each_hostile_text
def test_text_is_readable_as_written(text: str) -> None:
    message = parsed(hostile(text))
    assert message["Subject"] == one_line(text)
    assert message["Thread-Topic"] == one_line(text)
    assert display_name(hostile(text), "From") == one_line(text, 100)
    assert display_name(hostile(text), "To") == one_line(text, 100)
    assert content(message, "plain") == written(text)
    assert content(message, "html") == written(text)


@for_each_hostile_text
def test_the_bytes_suit_every_server(text: str) -> None:
    """ASCII, lines of at most 998 characters, and CR and LF only as line ends (RFC 5321, 2.3.8 and 4.5.3.1.6)."""
    raw = compose(hostile(text))
    assert raw.isascii()
    assert b"\x00" not in raw
    assert raw.endswith(b"\r\n")
    lines = raw.split(b"\r\n")
    assert not any(b"\r" in line or b"\n" in line for line in lines)
    assert max(map(len, lines)) <= 998
    assert raw == compose(hostile(text)), "a message rendered again is the same, byte for byte"


@given(TEXTS)
def test_a_header_line_stays_one_line(text: str) -> None:
    line = one_line(text)
    assert len(line.splitlines()) <= 1
    assert not {unicodedata.category(character) for character in line} & {"Cc", "Cs", "Zl", "Zp"}
    assert not {unicodedata.bidirectional(character) for character in line} & TURNING
    assert line == line.strip()
    assert one_line(line) == line
    assert len(line) <= 200


@pytest.mark.parametrize(
    "text, line",
    [
        ("Jane  Doe\t", "Jane Doe"),
        ("a\r\nb", "a b"),
        ("J\u00f6rg \u4e2d\u6587 \U0001f600", "J\u00f6rg \u4e2d\u6587 \U0001f600"),
        ("\u202eabc\u202c", "abc"),
        ("x" * 201, "x" * 199 + "\u2026"),
    ],
)
def test_a_line_is_normalised(text: str, line: str) -> None:
    assert one_line(text) == line


@pytest.mark.parametrize("value", ["a\r\nBcc: b", "a\n b", "a\rb", "\x00", "\u00e9", "a\r\n\tb", "x" * 1000])
def test_an_unencoded_value_is_refused(value: str) -> None:
    with pytest.raises(ValueError, match="Subject"):
        headers.header("Subject", value)


@pytest.mark.parametrize("length", [60, 63, 64, 65, 100, 200])
@pytest.mark.parametrize("character", ["a", "\u00e9", "\U0001f600", '"'])
def test_lines_with_encoded_words_are_at_most_76_long(character: str, length: int) -> None:
    """RFC 2047, 2: each line of a header field that contains an encoded word."""
    text = character * length
    encoded = {"Subject": headers.text(text), "Thread-Topic": headers.text(text), "To": headers.mailbox(text, "a@b.c")}
    for name, value in encoded.items():
        for line in headers.header(name, value).split("\r\n"):
            assert len(line) <= 76 or "=?" not in line


def addresses(header: AddressHeader) -> list[str]:
    return [address.addr_spec for address in header.addresses]


def display_name(mail: Mail, name: str) -> str:
    """Return the name as a mail program shows it. Up to Python 3.12 the newer parser puts spaces between encoded words."""
    value = email.message_from_bytes(compose(mail))[name].replace("\r\n", "")
    return str(make_header(decode_header(parseaddr(value)[0])))


def content(message: EmailMessage, kind: str) -> str:
    part = message.get_body((kind,))
    assert part is not None
    text: str = part.get_content()
    return text.replace("\r\n", "\n")


def written(text: str) -> str:
    """Return the text of a part, with one line end at its end."""
    shown = body(text)
    return shown if shown.endswith("\n") else shown + "\n"


REPLIES = Replies("replies+abc@corp.test", "a" * 32)


def test_a_reply_goes_to_reply_to_and_names_the_id() -> None:
    message = parsed(replace(MAIL, thread=THREAD, replies=REPLIES))
    assert message["Reply-To"] == REPLIES.address
    assert message["X-Catalog-Intent"] == REPLIES.intent
    assert message["Message-ID"] == f"<{REPLIES.intent}@corp.test>" == message_id(replace(MAIL, replies=REPLIES))
    assert message["References"] == parsed(replace(MAIL, thread=THREAD))["References"], "the message stays in its thread"
    assert not {"Reply-To", "X-Catalog-Intent"} & set(parsed(MAIL).keys())


def test_the_intent_is_in_references_without_a_thread() -> None:
    message = parsed(replace(MAIL, replies=replace(REPLIES, referred=True)))
    assert candidates([message["References"]]) == [REPLIES.intent]
    assert message["In-Reply-To"] is None


def test_the_intent_is_in_references_for_exchange() -> None:
    mail = replace(MAIL, thread=THREAD, replies=replace(REPLIES, referred=True))
    message = parsed(mail)
    root, own = message["References"].split()
    assert root == message["In-Reply-To"] == parsed(replace(MAIL, thread=THREAD))["References"], "the message stays in its thread"
    assert own != message["Message-ID"], "no mail refers to itself"
    assert candidates([own]) == [REPLIES.intent]
    assert all(len(line) <= 78 for line in compose(mail).split(b"\r\n") if line.startswith((b"References", b" <")))


def test_an_explanation_refers_to_the_reply() -> None:
    message = parsed(replace(MAIL, thread=THREAD, answers="<their@corp.test>"))
    assert (message["In-Reply-To"], message["References"]) == ("<their@corp.test>", "<their@corp.test>")
    assert message["Auto-Submitted"] == "auto-replied"
    without = parsed(replace(MAIL, thread=THREAD, answers=""))
    assert without["In-Reply-To"] is None
    assert without["Auto-Submitted"] == "auto-replied"
