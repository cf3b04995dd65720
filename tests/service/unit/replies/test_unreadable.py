# Copyright (c) 2026 The catalog.mail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Messages whose text is encrypted, wrapped in a signature, or in Outlook's own format; and readable ones like them."""

from __future__ import annotations

from base64 import b64encode
from email import message_from_bytes

import pytest
from catalog_mail.domain.replies.extraction import TooComplex, extract
from catalog_mail.domain.replies.reply import Reason
from catalog_mail.domain.replies.unreadable import unreadable_form
from hypothesis import given
from hypothesis import strategies as st

MARKER = "\n\n> Please type your reply above this line\n> Hello\n"
ARMOUR = "-----BEGIN PGP MESSAGE-----\n\nhQEMA0f0\n=abcd\n-----END PGP MESSAGE-----\n"
SIGNED_DATA, ENVELOPED, AUTH_ENVELOPED, COMPRESSED = (
    b64encode(bytes.fromhex(start) + bytes(80)).decode()
    for start in ("308006092a864886f70d010702", "3082012306092a864886f70d010703", "3080060b2a864886f70d0109100117",
                  "3080060b2a864886f70d0109100109")
)  # fmt: skip


def part(kind: str, body: str = "AAAA", *headers: str) -> str:
    return "\n".join([f"Content-Type: {kind}", *headers, "", body])


def text(body: str, kind: str = "plain") -> str:
    return part(f"text/{kind}; charset=utf-8", body)


def multi(kind: str, *parts: str, boundary: str = "b") -> str:
    inner = "".join(f"\n--{boundary}\n{item}\n" for item in parts)
    return f'Content-Type: multipart/{kind}; boundary="{boundary}"\n{inner}--{boundary}--\n'


YES, SEE = text("Yes." + MARKER), text("See this." + MARKER)
ASKED = "Why does it begin with -----BEGIN PGP MESSAGE----- then?"
SMIME, FILE = "application/pkcs7-mime", "application/octet-stream"
BASE64 = "Content-Transfer-Encoding: base64"
SMIME_FILE = 'Content-Disposition: attachment; filename="smime.p7m"'
PGP_MIME = multi(
    'encrypted; protocol="application/pgp-encrypted"', part("application/pgp-encrypted", "Version: 1"),
    part(f"{FILE}; name=encrypted.asc", ARMOUR), boundary="e",
)  # fmt: skip
TNEF = part('application/ms-tnef; name="winmail.dat"', "eJ8+Ig==", BASE64, "Content-Disposition: attachment")
RPMSG = part("application/x-microsoft-rpmsg-message; name=message.rpmsg", "AAAA", BASE64, "Content-Disposition: attachment")
SIGNATURE = part("application/pkcs7-signature; name=smime.p7s", "AAAA", BASE64)
PGP_SIGNATURE = part("application/pgp-signature; name=signature.asc", "-----BEGIN PGP SIGNATURE-----\n=\n")

OPAQUE = Reason.OPAQUE_SIGNATURE
FORMS = {
    "S/MIME enveloped": (Reason.ENCRYPTED, part(f"{SMIME}; smime-type=enveloped-data", ENVELOPED, BASE64, SMIME_FILE)),
    "S/MIME, old type": (Reason.ENCRYPTED, part("application/x-pkcs7-mime; smime-type=Enveloped-Data", ENVELOPED, BASE64)),
    "S/MIME authenticated": (Reason.ENCRYPTED, part(f"{SMIME}; smime-type=authEnveloped-data", AUTH_ENVELOPED, BASE64)),
    "S/MIME of no type, enveloped": (Reason.ENCRYPTED, part(f"{SMIME}; name=smime.p7m", ENVELOPED, BASE64)),
    "S/MIME of no type, authenticated": (Reason.ENCRYPTED, part(SMIME, AUTH_ENVELOPED, BASE64)),
    "S/MIME of no type, unknown content": (Reason.ENCRYPTED, part(f"{SMIME}; name=smime.p7m", "!", BASE64)),
    "S/MIME as a file": (Reason.ENCRYPTED, part(f"{FILE}; name=smime.p7m", ENVELOPED, BASE64)),
    "S/MIME in a signature": (Reason.ENCRYPTED, multi("signed", part(f"{SMIME}; smime-type=enveloped-data"), SIGNATURE)),
    "S/MIME with a footer of a list": (
        Reason.ENCRYPTED, multi("mixed", part(f"{SMIME}; smime-type=enveloped-data"), text("The list's footer."))),
    "S/MIME opaque signature": (OPAQUE, part(f"{SMIME}; smime-type=signed-data", SIGNED_DATA, BASE64)),
    "opaque signature of no type": (OPAQUE, part("application/x-pkcs7-mime; name=smime.p7m", SIGNED_DATA, BASE64)),
    "opaque signature as a file": (OPAQUE, part(f"{FILE}; name=smime.p7m", SIGNED_DATA, BASE64)),
    "S/MIME compressed": (Reason.COMPRESSED, part(f"{SMIME}; smime-type=compressed-data; name=smime.p7z")),
    "compressed of no type": (Reason.COMPRESSED, part(f"{SMIME}; name=smime.p7m", COMPRESSED, BASE64)),
    "compressed of no type, by its name": (Reason.COMPRESSED, part(f"{SMIME}; name=smime.p7z", "!", BASE64)),
    "PGP/MIME": (Reason.ENCRYPTED, PGP_MIME),
    "PGP/MIME with a footer of a list": (Reason.ENCRYPTED, multi("mixed", PGP_MIME, text("The list's footer."))),
    "PGP/MIME as Exchange stores it": (
        Reason.ENCRYPTED, multi("mixed", text("\n"), part("application/pgp-encrypted", "Version: 1"),
                                part(f"{FILE}; name=encrypted.asc", ARMOUR))),
    "PGP as a file": (Reason.ENCRYPTED, multi("mixed", text(" \n"), part(f"{FILE}; name=msg.gpg", "AAAA", BASE64))),
    "PGP in the text": (Reason.ENCRYPTED, text(ARMOUR)),
    "PGP in HTML": (Reason.ENCRYPTED, text(f"<pre>{ARMOUR}</pre>", "html")),
    "application/pgp": (Reason.ENCRYPTED, part("application/pgp; format=text; x-action=encrypt", ARMOUR)),
    "Purview": (Reason.ENCRYPTED, multi("mixed", text("Jane sent you a protected message."), RPMSG)),
    "Purview, by its class": (Reason.ENCRYPTED, "Content-Class: rpmsg.message\n" + text("You need Outlook to open this.")),
    "Cisco's envelope": (
        Reason.ENCRYPTED, multi("mixed", text("Open the attachment."), part(
            "text/html", "x", 'Content-Disposition: attachment; filename="securedoc_20260209T103019.html"'))),
    "Proofpoint's envelope": (
        Reason.ENCRYPTED, multi("mixed", text("This is a secure message."), part(
            "text/html", "x", 'Content-Disposition: attachment; filename="SecureMessageAtt.html"'))),
    "TNEF": (Reason.TNEF, TNEF),
    "TNEF with the registered type": (Reason.TNEF, part("application/vnd.ms-tnef", "eJ8+Ig==", BASE64)),
    "TNEF as a file": (Reason.TNEF, part(f"{FILE}; name=WINMAIL.DAT", "eJ8+Ig==", BASE64)),
    "TNEF beside an empty text": (Reason.TNEF, multi("mixed", text("\n\n \n"), TNEF)),
    "TNEF beside an empty HTML": (Reason.TNEF, multi("mixed", text("<html><body><p>&nbsp;</p></body></html>", "html"), TNEF)),
}  # fmt: skip


def form(content: str) -> Reason | None:
    message = message_from_bytes(f"From: jane@corp.test\n{content}".encode())
    return unreadable_form(message, extract(message))


@pytest.mark.parametrize("name", FORMS)
def test_the_form_of_an_unreadable_message_is_named(name: str) -> None:
    reason, content = FORMS[name]
    assert form(content) is reason


ATTACHED_KEY = part("application/pgp-keys; name=key.asc", "-----BEGIN PGP PUBLIC KEY BLOCK-----\n")
READABLE = {
    "plain": ("Yes.", YES),
    "S/MIME clear signature": ("Yes.", multi('signed; protocol="application/pkcs7-signature"', YES, SIGNATURE)),
    "signed alternatives": (
        "Yes.", multi("signed", multi("alternative", YES, text("<p>Yes.</p>", "html"), boundary="a"), SIGNATURE)),
    "PGP/MIME signature": ("Yes.", multi('signed; protocol="application/pgp-signature"', YES, PGP_SIGNATURE)),
    "signed with protected headers": (
        "Yes.", multi("signed", multi('mixed; protected-headers="v1"', YES, ATTACHED_KEY, boundary="p"), PGP_SIGNATURE)),
    "signed, with a footer of a list": (
        "Yes.", multi("mixed", multi("signed", YES, SIGNATURE, boundary="s"), text("\n"))),
    "text beside TNEF": ("Yes.", multi("mixed", YES, TNEF)),
    "text beside an encrypted file": ("See this.", multi("mixed", SEE, part(
        f"{FILE}; name=data.csv.gpg", "AAAA", BASE64))),
    "text beside somebody's S/MIME file": ("See this.", multi("mixed", SEE, part(
        f"{SMIME}; smime-type=enveloped-data", ENVELOPED, BASE64, SMIME_FILE))),
    "somebody's S/MIME file above the text": ("See this.", multi("mixed", part(
        f"{SMIME}; smime-type=enveloped-data", ENVELOPED, BASE64, SMIME_FILE), SEE)),
    "text beside a protected message": ("See this.", multi("mixed", SEE, RPMSG)),
    "text beside somebody's envelope": ("See this.", multi("mixed", SEE, part(
        "text/html", "x", 'Content-Disposition: attachment; filename="securedoc_20260209T103019.html"'))),
    "an attached encrypted message": ("See this.", multi("mixed", SEE, "Content-Type: message/rfc822\n\n" + PGP_MIME)),
    "nothing, beside TNEF": ("", multi("mixed", text(MARKER), TNEF)),
    "nothing, beside an encrypted file": ("", multi("mixed", text(MARKER), part(f"{FILE}; name=a.gpg"))),
    "nothing": ("", text(MARKER)),
    "a picture alone": ("", part("image/png", "AAAA", BASE64)),
    "certificates": ("", part(f"{SMIME}; smime-type=certs-only; name=smime.p7c", "AAAA", BASE64)),
    "about armour": (ASKED, text(ASKED + MARKER)),
    "an HTML file": ("See this.", multi("mixed", SEE, part(
        "text/html", "x", 'Content-Disposition: attachment; filename="securedocument.html"'))),
}  # fmt: skip


@pytest.mark.parametrize("name", READABLE)
def test_readable_messages_keep_their_text(name: str) -> None:
    written, content = READABLE[name]
    message = message_from_bytes(f"From: jane@corp.test\n{content}".encode())
    assert extract(message).text == written
    assert form(content) is None


@given(st.binary(max_size=2000), st.sampled_from([content for _reason, content in FORMS.values()]))
def test_any_bytes_have_a_form_or_none(content: bytes, head: str) -> None:
    for message in (message_from_bytes(content), message_from_bytes(head.encode() + content)):
        try:
            assert unreadable_form(message, extract(message)) in {*Reason, None}
        except TooComplex:
            continue
