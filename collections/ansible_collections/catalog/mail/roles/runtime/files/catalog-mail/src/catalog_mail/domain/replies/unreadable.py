# Copyright (c) 2026 The catalog.mail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Detect messages whose text cannot be read: encrypted, signed or compressed as a whole, or Outlook Rich Text alone.

Clear-signed messages (multipart/signed, RFC 1847) are not among them: their text is an ordinary part.
"""

from __future__ import annotations

import binascii
import re
from base64 import b64decode
from collections.abc import Mapping
from email.message import Message

from catalog_mail.domain.replies.extraction import Contents, Extracted
from catalog_mail.domain.replies.extraction.lines import visible
from catalog_mail.domain.replies.extraction.parts import TextPart
from catalog_mail.domain.replies.extraction.rich import rich_lines
from catalog_mail.domain.replies.own_parts import OwnPart
from catalog_mail.domain.replies.reply import Reason

_SMIME = frozenset({"application/pkcs7-mime", "application/x-pkcs7-mime"})
_SMIME_TYPES: Mapping[str, Reason] = {
    "enveloped-data": Reason.ENCRYPTED,
    "authenveloped-data": Reason.ENCRYPTED,
    "encrypted-data": Reason.ENCRYPTED,
    "signed-data": Reason.OPAQUE_SIGNATURE,
    "compressed-data": Reason.COMPRESSED,
}
# The object identifiers at the start of such content (RFC 5652, RFC 3274, RFC 5083), for parts without a type.
_SMIME_CONTENT: Mapping[bytes, Reason] = {
    bytes.fromhex("06092a864886f70d010702"): Reason.OPAQUE_SIGNATURE,
    bytes.fromhex("06092a864886f70d010703"): Reason.ENCRYPTED,
    bytes.fromhex("06092a864886f70d010706"): Reason.ENCRYPTED,
    bytes.fromhex("060b2a864886f70d0109100117"): Reason.ENCRYPTED,
    bytes.fromhex("060b2a864886f70d0109100109"): Reason.COMPRESSED,
}
_SMIME_NAMES = (".p7m", ".p7z")
# Microsoft's protected messages, and the envelopes of Cisco and Proofpoint: their text only tells how to open them.
_RIGHTS_MANAGED = "application/x-microsoft-rpmsg-message"
_ENVELOPE = re.compile(r"securedoc(?:_[0-9t]{8,20})?\.html?|securemessageatt\.html?")
_TNEF = frozenset({"application/ms-tnef", "application/vnd.ms-tnef"})
_TNEF_NAMES = frozenset({"winmail.dat", "win.dat"})
_PGP = frozenset({"application/pgp-encrypted", "application/pgp"})
_PGP_NAMES = (".asc", ".pgp", ".gpg")
_UNTYPED = frozenset({"", "application/octet-stream"})
_ARMOUR = "-----BEGIN PGP MESSAGE-----"


def unreadable_form(message: Message | Contents, extracted: Extracted) -> Reason | None:
    """Return the form that hides the text of a message; None for a readable one.

    `extracted` is what the author's text seems to be. Raises TooComplex when the message has too many parts.
    """
    if extracted.encrypted:
        return Reason.ENCRYPTED
    text = extracted.text
    contents = Contents.of(message)
    if text and extracted.marker_found:  # above the quoted mail: its author attached such a part
        return None
    return _sealed_as_a_whole(contents) or (None if text else _without_text(contents))


def _sealed_as_a_whole(contents: Contents) -> Reason | None:
    """Return the form of a message whose text, if any, was added on the way by a gateway or a mailing list."""
    if _is_protected(contents):
        return Reason.ENCRYPTED
    return next(filter(None, map(_sealed, (part for part in contents.own_parts if part.leading))), None)


def _is_protected(contents: Contents) -> bool:
    if contents.headers.get("content-class", "").strip().lower() == "rpmsg.message":
        return True
    return any(
        part.kind == _RIGHTS_MANAGED or (part.attached and _ENVELOPE.fullmatch(part.name)) for part in contents.own_parts
    )


def _without_text(contents: Contents) -> Reason | None:
    """Return the form of a message without text of its author; None if it has other text, such as quoted mail."""
    lines = [line for stream in contents.streams for part in stream for line in _lines(contents, part)]
    if any(line == _ARMOUR for line in lines):
        return Reason.ENCRYPTED
    if any(lines):
        return None
    return next(filter(None, map(_form, contents.own_parts)), None)


def _lines(contents: Contents, part: TextPart) -> list[str]:
    text = contents.text(part)
    lines = (line.source for line in rich_lines(text)) if part.html else iter(visible(text).split("\n"))
    return [line.strip() for line in lines]


def _form(part: OwnPart) -> Reason | None:
    """Return the form of a part that can hide the text of its message."""
    kind = part.kind
    if kind in _TNEF or part.name in _TNEF_NAMES:
        return Reason.TNEF
    if kind in _PGP or (kind in _UNTYPED and part.name.endswith(_PGP_NAMES)):
        return Reason.ENCRYPTED
    return _sealed(part)


def _sealed(part: OwnPart) -> Reason | None:
    """Return the form of a part that is a message sealed by S/MIME or PGP/MIME."""
    kind = part.kind
    if kind == "multipart/encrypted":  # RFC 1847, RFC 3156
        return Reason.ENCRYPTED
    if kind not in _SMIME and not (kind in _UNTYPED and part.name.endswith(_SMIME_NAMES)):
        return None
    declared = part.parameters.get("smime-type", "")
    if declared:
        return _SMIME_TYPES.get(declared)
    start = _first_bytes(part)
    found = next((reason for identifier, reason in _SMIME_CONTENT.items() if identifier in start), None)
    return found or (Reason.COMPRESSED if part.name.endswith(".p7z") else Reason.ENCRYPTED)


def _first_bytes(part: OwnPart) -> bytes:
    """Return the start of a part in base64, which is how S/MIME is sent through mail servers; b"" for anything else."""
    payload = part.part.get_payload()
    letters = "".join(payload[:200].split())[:64] if isinstance(payload, str) else ""
    try:
        return b64decode(letters, validate=True)
    except (binascii.Error, ValueError):
        return b""
