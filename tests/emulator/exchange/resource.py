# Copyright (c) 2026 The catalog.mail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The message and mailFolder resources as a client gives them: every body that has one is read here."""

from __future__ import annotations

from typing import Any

from emulator.exchange.typed import BINARY, BOOLEAN, MOMENT, NUMBER, OBJECT, PRIMITIVES, TEXT, Complex, Enum, Many, read
from emulator.odata.schema import MAIL_FOLDER, MESSAGE

_ZONED = Complex("microsoft.graph.dateTimeTimeZone", {"dateTime": TEXT, "timeZone": TEXT})
_RECIPIENT = Complex("microsoft.graph.recipient", {
    "emailAddress": Complex("microsoft.graph.emailAddress", {"name": TEXT, "address": TEXT}),
})  # fmt: skip
_BODY = Complex("microsoft.graph.itemBody", {"contentType": Enum(("text", "html")), "content": TEXT})
_FLAG = Complex("microsoft.graph.followupFlag", {
    "flagStatus": Enum(("notFlagged", "complete", "flagged")), "startDateTime": _ZONED, "dueDateTime": _ZONED,
    "completedDateTime": _ZONED,
})  # fmt: skip
_HEADER = Complex("microsoft.graph.internetMessageHeader", {"name": TEXT, "value": TEXT})
_SINGLE = Complex("microsoft.graph.singleValueLegacyExtendedProperty", {"id": TEXT, "value": TEXT})
_MULTI = Complex("microsoft.graph.multiValueLegacyExtendedProperty", {"id": TEXT, "value": Many(TEXT)})
_ATTACHED = {
    "id": TEXT, "lastModifiedDateTime": MOMENT, "name": TEXT, "contentType": TEXT, "size": NUMBER, "isInline": BOOLEAN,
}  # fmt: skip
_FILE = Complex("microsoft.graph.fileAttachment", {
    **_ATTACHED, "contentBytes": BINARY, "contentId": TEXT, "contentLocation": TEXT,
})  # fmt: skip
_ITEM = Complex("microsoft.graph.itemAttachment", {**_ATTACHED, "item": OBJECT})
_ATTACHMENT = Complex("microsoft.graph.attachment", _ATTACHED, {kind.name: kind for kind in (_FILE, _ITEM)})

_MESSAGE = Complex("microsoft.graph.message", {
    **{name: PRIMITIVES.get(type_, OBJECT) for name, type_ in MESSAGE.properties.items()},
    "importance": Enum(("low", "normal", "high")), "inferenceClassification": Enum(("focused", "other")),
    "body": _BODY, "uniqueBody": _BODY, "from": _RECIPIENT, "sender": _RECIPIENT, "flag": _FLAG,
    **dict.fromkeys(("toRecipients", "ccRecipients", "bccRecipients", "replyTo"), Many(_RECIPIENT)),
    "categories": Many(TEXT), "internetMessageHeaders": Many(_HEADER), "attachments": Many(_ATTACHMENT),
    "singleValueExtendedProperties": Many(_SINGLE), "multiValueExtendedProperties": Many(_MULTI), "extensions": Many(OBJECT),
})  # fmt: skip
_FOLDER = Complex("microsoft.graph.mailFolder", {
    **{name: PRIMITIVES.get(type_, OBJECT) for name, type_ in MAIL_FOLDER.properties.items()},
    "singleValueExtendedProperties": Many(_SINGLE), "multiValueExtendedProperties": Many(_MULTI),
})  # fmt: skip
_ACTION = {"message": _MESSAGE, "comment": TEXT, "savetosentitems": BOOLEAN, "destinationid": TEXT}


def message(given: Any) -> dict[str, Any]:
    """A message; Refusal where a property is unknown or of another type."""
    found: dict[str, Any] = read(_MESSAGE, given)
    return found


def attachment(given: Any) -> dict[str, Any]:
    """A fileAttachment or an itemAttachment; @odata.type says which."""
    found: dict[str, Any] = read(_ATTACHMENT, given)
    return found


def folder(given: Any) -> dict[str, Any]:
    found: dict[str, Any] = read(_FOLDER, given)
    return found


def parameters(given: dict[str, Any]) -> dict[str, Any]:
    """Those of an action, by their names in lower case; others are left out."""
    named = {name.lower(): value for name, value in given.items()}
    return {name: read(type_, named[name]) for name, type_ in _ACTION.items() if named.get(name) is not None}
