# Copyright (c) 2026 The catalog.mail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Identifiers, in the forms that Entra and Exchange give them."""

from __future__ import annotations

import base64
import secrets
import uuid

NAMESPACE = uuid.UUID("6f2c1f0e-52f5-4f0b-9b7e-2f4a8f1d5c11")


def new() -> str:
    return str(uuid.uuid4())


def fixed(*parts: str) -> str:
    """The same GUID for the same parts."""
    return str(uuid.uuid5(NAMESPACE, "/".join(parts)))


def is_guid(text: str) -> bool:
    try:
        uuid.UUID(text)
    except ValueError:
        return False
    return len(text) == 36


def assignment_id() -> str:
    """Of an app role assignment: 43 characters."""
    return secrets.token_urlsafe(32)


def item_id(prefix: str) -> str:
    """Of an item of a mailbox: long, case-sensitive, no character that a URL path cannot hold."""
    return prefix + base64.urlsafe_b64encode(secrets.token_bytes(84)).decode()


def message_id() -> str:
    """Of a message, as long as it stays where it is."""
    return item_id("AAMkA") + "AAA="


def immutable_id() -> str:
    return item_id("AAkALg") + "AA="


def folder_id() -> str:
    return item_id("AQMkA") + "AAA="


def change_key() -> str:
    return base64.b64encode(secrets.token_bytes(15)).decode()


def secret_text() -> str:
    """A client secret as Entra makes them: 40 characters, the fourth and fifth always `8Q`."""
    text = secrets.token_urlsafe(36)
    return (text[:3] + "8Q~" + text[3:])[:40].replace("_", ".")
