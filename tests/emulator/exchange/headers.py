# Copyright (c) 2026 The catalog.mail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Headers of a message as text, whatever they hold."""

from __future__ import annotations

import re
from email.header import decode_header, make_header
from typing import Any


def header(message: Any, name: str) -> str:
    """A header in one line, decoded, whatever it holds; empty where there is none."""
    value = next((value for known, value in message.raw_items() if known.lower() == name.lower()), None)
    return "" if value is None else decoded(line(value))


def line(value: object) -> str:
    """A header's value unfolded; bytes beyond ASCII are read as UTF-8, as Exchange does."""
    text = str(value).encode("utf-8", "surrogateescape").decode("utf-8", "replace")
    return re.sub(r"\r?\n[ \t]*", " ", text).strip()


def decoded(text: str) -> str:
    """Without encoded words; as it is where they cannot be decoded."""
    try:
        return str(make_header(decode_header(text))).encode("utf-8", "replace").decode("utf-8")
    except (ValueError, LookupError):
        return text
