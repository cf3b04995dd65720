# Copyright (c) 2026 The catalog.mail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The decision about a message, by sender, content and answered mail."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from catalog_mail.domain.catalog.people import User
from catalog_mail.domain.notifications.notification import Kind
from catalog_mail.domain.replies import decision, intent
from catalog_mail.domain.replies.automatic import OwnAddresses
from catalog_mail.domain.replies.decision import Policy, ProbeArrival, Reading, ReplyContext
from catalog_mail.domain.replies.foreign import ForeignIntent
from catalog_mail.domain.replies.intent import Purpose
from catalog_mail.domain.replies.mailbox import Disposition, Place, RawMessage
from catalog_mail.domain.replies.reply import Answered, NotPosted, Origin, Reason, Reply
from hypothesis import given, settings
from hypothesis import strategies as st

KEY = b"k" * 32
NOW = datetime(2026, 11, 21, 9, 0, tzinfo=UTC)
POLICY = Policy(
    keys=[KEY],
    valid_for=timedelta(days=90),
    own_addresses=OwnAddresses("noreply@corp.test", "replies@corp.test", "catalog.example.com"),
)
JANE = User("j" * 26, "jane", "Jane Doe", "jane@corp.test")
JOE = User("o" * 26, "joe", "Joe Poe", "joe@corp.test")
ANSWERED = Answered("d" * 26, "n" * 26, Kind.MENTION, NOW - timedelta(days=1), JANE.email, JANE.id, "conversation.c", "c" * 26)
INTENT = intent.make(KEY, ANSWERED.delivery_id)
ORIGIN = Origin(Place("imap://x/INBOX", "1"), "7")
KNOWN = ReplyContext(ANSWERED, JANE, JANE, embedded=True)
ARMOUR = "-----BEGIN PGP MESSAGE-----\n\nhQEMA1q2w3e4r5t6AQf\n=aB3d\n-----END PGP MESSAGE-----"


def raw(text: str = "Yes, it is.", **headers: str | None) -> RawMessage:
    """Compose a reply by Jane; keyword arguments replace headers, None removes one."""
    values: dict[str, str | None] = {
        "From": "Jane Doe <jane@corp.test>",
        "To": "replies@corp.test",
        "In-Reply-To": f"<{INTENT}@corp.test>",
        "Message-ID": "<reply@corp.test>",
        **{name.replace("_", "-"): value for name, value in headers.items()},
    }
    lines = [f"{name}: {value}" for name, value in values.items() if value is not None]
    content = "\r\n".join([*lines, "", text, "", "Please type your reply above this line", "quoted"]).encode()
    return RawMessage("7", content, len(content), NOW)


def decided(
    message: RawMessage, context: ReplyContext = KNOWN, **policy: Any
) -> Reply | NotPosted | ProbeArrival | ForeignIntent:
    rules = replace(POLICY, **policy)
    found = decision.read(message, rules)
    if not isinstance(found, Reading):
        return found
    # Like the lookup: without a handle there is no answered mail.
    known = context if found.handle else replace(context, answered=None, recipient=None)
    return decision.decide(found, known, ORIGIN, rules)


def test_a_reply_is_posted_as_written() -> None:
    found = decided(raw())
    assert isinstance(found, Reply)
    assert found == Reply(
        key=found.key, delivery_id=ANSWERED.delivery_id, notification_id=ANSWERED.notification_id,
        conversation_id=ANSWERED.conversation_id, thread=ANSWERED.thread, address=JANE.email, user_id=JANE.id,
        text="Yes, it is.", message_id="<reply@corp.test>", origin=ORIGIN,
    )  # fmt: skip


@pytest.mark.parametrize(
    "headers",
    [
        {"To": f"replies+{INTENT}@corp.test", "In_Reply_To": None},
        {"Delivered_To": f"REPLIES+{INTENT.upper()}@corp.test", "In_Reply_To": None},
        {"References": f"<first@x> <{INTENT}@corp.test>", "In_Reply_To": "<other@x>"},
        {"X_Catalog_Intent": INTENT, "In_Reply_To": None},
        {"References": f"<{intent.make(KEY, 'e' * 26)}@x>\r\n <{INTENT}@corp.test>", "In_Reply_To": None},
    ],
)
def test_an_intent_is_found_in_each_place(headers: dict[str, str | None]) -> None:
    found = decision.read(raw(**headers), POLICY)
    assert isinstance(found, Reading)
    assert found.handle == ANSWERED.delivery_id[:14]


REWRITTEN = "<0123456789ABCDEF0123456789ABCDEF0123@EM0PR01MB0001.eurprd01.prod.outlook.com>"
VERIFYING = {"authserv_id": "mx.corp.test"}
VERIFIED = "mx.corp.test; dmarc=pass header.from=corp.test"


@pytest.mark.parametrize(
    ("headers", "policy", "expected"),
    [
        ({"In_Reply_To": REWRITTEN}, {}, REWRITTEN),
        ({"In_Reply_To": f"{REWRITTEN} (a comment)", "References": "<other@x>"}, {}, REWRITTEN),
        ({"In_Reply_To": None}, {}, None),
        ({"In_Reply_To": None, "References": REWRITTEN}, {}, None),
        ({"In_Reply_To": f"<{INTENT}@x>"}, {}, None),
        ({"In_Reply_To": REWRITTEN, "References": f"<{INTENT}.intent@x>"}, {}, None),
        ({"In_Reply_To": REWRITTEN, "References": f"<{intent.make(b'x' * 32, 'd' * 26)}@x>"}, {}, None),
        ({"In_Reply_To": REWRITTEN}, VERIFYING, None),
        ({"In_Reply_To": REWRITTEN, "Authentication_Results": VERIFIED}, VERIFYING, REWRITTEN),
    ],
)
def test_message_ids_to_look_up_in_sent_items(
    headers: dict[str, str | None], policy: dict[str, Any], expected: str | None
) -> None:
    found = decision.read(raw(**headers), replace(POLICY, **policy))
    assert isinstance(found, Reading)
    assert decision.unknown_original(found) == expected


@pytest.mark.parametrize("written", [f"<{INTENT}@corp.test>", f"  <{INTENT.upper()}@corp.test>"])
def test_a_looked_up_original_gives_the_same_reply(written: str) -> None:
    unknown = decision.read(raw(In_Reply_To=REWRITTEN), POLICY)
    usual = decision.read(raw(), POLICY)
    assert isinstance(unknown, Reading)
    assert isinstance(usual, Reading)
    found = decision.recognised(unknown, raw(In_Reply_To=REWRITTEN), written, POLICY)
    assert (found.handle, found.text) == (usual.handle, usual.text) == (ANSWERED.delivery_id[:14], "Yes, it is.")
    outcome = decision.decide(found, KNOWN, ORIGIN, POLICY)
    assert outcome == decision.decide(usual, KNOWN, ORIGIN, POLICY)


@pytest.mark.parametrize(
    "written", ["", "<somebody-elses@mail.test>", f"<{intent.make(b'x' * 32, 'd' * 26)}@corp.test>", f"<{INTENT[:-1]}@x>"]
)
def test_other_message_ids_are_not_recognised(written: str) -> None:
    unknown = decision.read(raw(In_Reply_To=REWRITTEN), POLICY)
    assert isinstance(unknown, Reading)
    assert decision.recognised(unknown, raw(In_Reply_To=REWRITTEN), written, POLICY) == unknown


def test_the_text_of_a_large_reply_is_not_read() -> None:
    large = replace(raw(In_Reply_To=REWRITTEN), cut=True)
    unknown = decision.read(large, POLICY)
    assert isinstance(unknown, Reading)
    found = decision.recognised(unknown, large, f"<{INTENT}@x>", POLICY)
    outcome = decision.decide(found, KNOWN, ORIGIN, POLICY)
    assert isinstance(outcome, NotPosted)
    assert outcome.reason is Reason.TOO_LARGE


ALTERED = INTENT[:-1] + ("a" if INTENT[-1] != "a" else "b")
OF_ANOTHER_KEY = intent.make(b"x" * 32, ANSWERED.delivery_id)
LEFT = replace(JANE, active=False)
OLD_ACCOUNT = User("p" * 26, "jane.old", "Jane Doe", "jane.old@corp.test", active=False)
ALIAS_PASS = "mx.corp.test; dmarc=pass header.from=alias.test"
STRANGER = replace(KNOWN, sender=None)
PASS, FAIL = ("mx.corp.test; dmarc=pass header.from=corp.test", "mx.corp.test; dmarc=fail header.from=corp.test")


@pytest.mark.parametrize(
    ("reason", "message", "context", "policy"),
    [
        (Reason.AUTO_REPLY, raw(Auto_Submitted="auto-replied"), KNOWN, {}),
        (Reason.BOUNCE, raw(Return_Path="<>", From="MAILER-DAEMON@corp.test"), KNOWN, {}),
        (Reason.OWN_MAIL, raw(From="noreply@corp.test"), KNOWN, {}),
        (Reason.MALFORMED, raw(From=None), KNOWN, {}),
        (Reason.MALFORMED, raw(From="jane@corp.test, joe@corp.test"), KNOWN, {}),
        (Reason.OTHER_ADDRESS, raw(From="jane.doe@alias.test"), STRANGER, {}),
        (Reason.OTHER_ADDRESS, raw(From="jane+catalog@corp.test"), STRANGER, {}),
        (Reason.OTHER_ADDRESS, raw(From="jane.doe@alias.test", To=f"replies+{INTENT}@corp.test", In_Reply_To=None), STRANGER, {}),
        (Reason.OTHER_ADDRESS, raw("", From="jane.doe@alias.test"), STRANGER, {}),
        (Reason.OTHER_ADDRESS, raw(From="jane.old@corp.test"), replace(KNOWN, sender=OLD_ACCOUNT), {}),
        (Reason.OTHER_ADDRESS, raw(From="jane.doe@alias.test", Authentication_Results=ALIAS_PASS), STRANGER, VERIFYING),
        (Reason.SENDER_NOT_VERIFIED, raw(From="jane.doe@alias.test"), STRANGER, VERIFYING),
        (Reason.AUTO_REPLY, raw(From="jane.doe@alias.test", X_Apple_Action="VACATION"), STRANGER, {}),
        (Reason.UNKNOWN_SENDER, raw(From="jane.doe@alias.test"), STRANGER, {"valid_for": timedelta(hours=1)}),
        (Reason.UNKNOWN_SENDER, raw(From="jane.doe@alias.test"), replace(STRANGER, recipient=None), {}),
        (Reason.UNKNOWN_SENDER, raw(From="jane.doe@alias.test"), replace(STRANGER, recipient=LEFT), {}),
        (Reason.UNKNOWN_SENDER, raw(From="mallory@evil.test", In_Reply_To=None), STRANGER, {}),
        (Reason.NO_INTENT, raw(In_Reply_To=None), KNOWN, {}),
        (Reason.NO_INTENT, raw(In_Reply_To="<somebody-elses@mail.test>"), KNOWN, {}),
        (Reason.FORGED_INTENT, raw(In_Reply_To=f"<{ALTERED}@x>"), replace(KNOWN, sender=None), {}),
        (Reason.FORGED_INTENT, raw(In_Reply_To=f"<{OF_ANOTHER_KEY}@x>"), replace(KNOWN, sender=LEFT), {}),
        (Reason.SENDER_NOT_VERIFIED, raw(In_Reply_To=f"<{OF_ANOTHER_KEY}@x>"), KNOWN, {"authserv_id": "mx.corp.test"}),
        (Reason.AUTO_REPLY, raw(In_Reply_To=f"<{OF_ANOTHER_KEY}@x>", Auto_Submitted="auto-replied"), KNOWN, {}),
        (Reason.WRONG_SENDER, raw(From="joe@corp.test"), replace(KNOWN, sender=JOE), {}),
        (Reason.WRONG_SENDER, raw(From="jane.old@corp.test"), replace(KNOWN, sender=OLD_ACCOUNT, recipient=None), {}),
        (Reason.INACTIVE_USER, raw(), replace(KNOWN, sender=LEFT, recipient=LEFT), {}),
        (Reason.SENDER_NOT_VERIFIED, raw(), KNOWN, {"authserv_id": "mx.corp.test"}),
        (Reason.SENDER_NOT_VERIFIED, raw(Authentication_Results=FAIL), KNOWN, {"authserv_id": "mx.corp.test"}),
        (Reason.SENDER_NOT_VERIFIED, raw(Authentication_Results=PASS), KNOWN, {"authserv_id": "other.test"}),
        (Reason.EXPIRED_INTENT, raw(), KNOWN, {"valid_for": timedelta(hours=1)}),
        (Reason.EXPIRED_INTENT, raw(), replace(KNOWN, answered=None), {}),
        (Reason.NOT_ANSWERABLE, raw(), replace(KNOWN, answered=replace(ANSWERED, kind=Kind.ASSIGNMENT)), {}),
        (Reason.CONVERSATION_GONE, raw(), replace(KNOWN, answered=replace(ANSWERED, conversation_id=None)), {}),
        (Reason.TOO_LARGE, replace(raw(), cut=True, size=10**9), KNOWN, {}),
        (Reason.TOO_LARGE, raw("long " * 20_000), KNOWN, {}),
        (Reason.EMPTY, raw(""), KNOWN, {}),
        (Reason.ENCRYPTED, raw(Content_Type="application/pkcs7-mime; smime-type=enveloped-data"), KNOWN, {}),
        (Reason.OPAQUE_SIGNATURE, raw(Content_Type="application/pkcs7-mime; smime-type=signed-data"), KNOWN, {}),
        (Reason.COMPRESSED, raw(Content_Type="application/pkcs7-mime; smime-type=compressed-data"), KNOWN, {}),
        (Reason.TNEF, raw(Content_Type="application/ms-tnef"), KNOWN, {}),
        (Reason.WRONG_SENDER, raw(From="joe@corp.test", Content_Type="application/ms-tnef"), replace(KNOWN, sender=JOE), {}),
        (Reason.REACTION, raw(Content_Type="text/vnd.google.email-reaction+json"), KNOWN, {}),
        (Reason.REACTION, raw("[like] Jane Doe reacted to your message:"), KNOWN, {}),
        (Reason.REACTION, raw("[like] Jane Doe reacted to your message:", In_Reply_To=None), KNOWN, {}),
        (Reason.ENCRYPTED, raw(ARMOUR), KNOWN, {}),
        (Reason.ENCRYPTED, raw(f"Hello,\n\n{ARMOUR}\n\nJane"), KNOWN, {}),
        (Reason.WRONG_SENDER, raw(ARMOUR, From="joe@corp.test"), replace(KNOWN, sender=JOE), {}),
    ],
)  # fmt: skip
def test_each_unposted_message_has_a_reason(
    reason: Reason, message: RawMessage, context: ReplyContext, policy: dict[str, Any]
) -> None:
    found = decided(message, context, **policy)
    assert isinstance(found, NotPosted)
    assert found.reason is reason
    ignored = reason in (Reason.AUTO_REPLY, Reason.BOUNCE, Reason.REACTION, Reason.OWN_MAIL)
    assert found.disposition is (Disposition.IGNORED if ignored else Disposition.REJECTED)


def test_an_authenticated_reply_is_posted() -> None:
    assert isinstance(decided(raw(Authentication_Results=PASS), authserv_id="mx.corp.test"), Reply)


def test_a_timely_reply_counts_when_it_is_read_late() -> None:
    early = replace(raw(), received_at=ANSWERED.created_at + timedelta(days=89))
    assert isinstance(decided(early), Reply)
    late = replace(raw(), received_at=ANSWERED.created_at + timedelta(days=91))
    assert isinstance(decided(late), NotPosted)


def test_only_the_new_address_of_a_user_may_reply() -> None:
    renamed = replace(JANE, email="jane.doe@corp.test")
    context = replace(KNOWN, sender=renamed, recipient=renamed)
    assert isinstance(decided(raw(From="jane.doe@corp.test"), context), Reply)
    found = decided(raw(), replace(context, sender=None))
    assert isinstance(found, NotPosted)
    assert found.reason is Reason.OTHER_ADDRESS


def test_another_catalogs_users_reply_from_their_address() -> None:
    theirs = ReplyContext(replace(ANSWERED, user_id=None, conversation_id=None, thread="theirs"), None, None, embedded=False)
    found = decided(raw(), theirs)
    assert isinstance(found, Reply)
    assert (found.thread, found.user_id, found.address) == ("theirs", None, JANE.email)
    other = decided(raw(From="joe@corp.test"), theirs)
    assert isinstance(other, NotPosted)
    assert other.reason is Reason.OTHER_ADDRESS


@pytest.mark.parametrize("found", [ALTERED, OF_ANOTHER_KEY])
@pytest.mark.parametrize("context", [KNOWN, replace(KNOWN, sender=None, embedded=False)])
@pytest.mark.parametrize("place", ["In_Reply_To", "References", "To"])
def test_a_users_foreign_intent_is_left(found: str, context: ReplyContext, place: str) -> None:
    headers = {"In_Reply_To": None, place: f"replies+{found}@corp.test" if place == "To" else f"<{found}@x>"}
    assert decided(raw(**headers), context) == ForeignIntent(NotPosted(Reason.FORGED_INTENT))


def test_an_own_intent_beside_a_foreign_one_is_posted() -> None:
    assert isinstance(decided(raw(References=f"<{OF_ANOTHER_KEY}@x> <{INTENT}@x>", In_Reply_To=f"<{OF_ANOTHER_KEY}@x>")), Reply)


def test_the_probe_of_another_installation_is_left() -> None:
    token = intent.make(b"o" * 32, "p" * 26, Purpose.SUBADDRESS_PROBE)
    found = decided(raw(From="noreply@corp.test", To=f"replies+{token}@corp.test"))
    assert found == ForeignIntent(NotPosted(Reason.OWN_MAIL))


def test_a_probe_is_recognised_only_by_its_address() -> None:
    token = intent.make(KEY, "p" * 26, Purpose.SUBADDRESS_PROBE)
    assert decided(raw(From="noreply@corp.test", To=f"replies+{token}@corp.test")) == ProbeArrival("p" * 14)
    # A bounce contains the token too and does not confirm the sub-address.
    assert decided(raw(From="noreply@corp.test", References=f"<{token}@corp.test>")) == NotPosted(Reason.OWN_MAIL)


@settings(max_examples=200)
@given(st.binary(max_size=5000), st.booleans())
def test_any_bytes_are_decided(content: bytes, cut: bool) -> None:
    head = f"From: jane@corp.test\r\nIn-Reply-To: <{INTENT}@x>\r\n".encode()
    for message in (content, head + content, head + b"\r\n" + content):
        found = decided(RawMessage("7", message, len(message), NOW, cut))
        if isinstance(found, Reply):
            assert found.text.strip()
            assert "\x00" not in found.text
