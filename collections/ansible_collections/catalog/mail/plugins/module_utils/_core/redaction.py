# Copyright (c) 2026 The catalog.mail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to this collection: it may change without notice.
"""Keeps passwords out of the texts that servers, libraries and logs produce. Pure."""

from __future__ import annotations

import re
from base64 import b64encode
from typing import Iterable, Iterator, Optional, Set, Tuple

MASK = "********"
MAX_WORDS = 1000
"""Characters of a foreign text that are shown; a reply of SMTP is at most 512 a line."""

# What follows the mechanism in a protocol trace is the login itself, in base64 (RFC 4954, RFC 9051).
_LOGIN_COMMAND = re.compile(r"\b(AUTH(?:ENTICATE)? [A-Z0-9-]{2,20}) \S.*")


class Secrets:
    """Passwords of one run, and every form in which a protocol carries them."""

    def __init__(self, logins: Iterable[Tuple[Optional[str], Optional[str]]] = ()) -> None:
        """``logins`` are pairs of user name and password; a pair without a password adds nothing."""
        forms: Set[str] = set()
        for username, password in logins:
            if password:
                forms.update(_forms(username or "", password))
        self._forms = sorted(forms, key=len, reverse=True)

    def hide(self, text: str) -> str:
        """The text with every known form of a password, and what follows a login command, replaced."""
        for form in self._forms:
            text = text.replace(form, MASK)
        return hide_login_commands(text)

    def words(self, text: object) -> str:
        """A foreign text fit to be shown: one line, no control characters, bounded, no password.

        Bytes are read as UTF-8. The text is cut after the passwords are replaced, never through one.
        """
        if isinstance(text, bytes):
            text = text.decode("utf-8", "replace")
        line = " ".join(self.hide(str(text)[: MAX_WORDS * 10]).split())
        shown = "".join(char for char in line if char.isprintable())
        return shown if len(shown) <= MAX_WORDS else shown[:MAX_WORDS] + " ..."


def hide_login_commands(line: str) -> str:
    """A log or trace line without what follows an AUTH or AUTHENTICATE command."""
    return _LOGIN_COMMAND.sub(r"\1 " + MASK, line)


def _forms(username: str, password: str) -> Iterator[str]:
    """The password as it is, quoted for IMAP, and inside the base64 of SASL PLAIN and LOGIN (RFC 4616).

    And as Python shows bytes: imaplib puts the server's line so into its errors, and some servers repeat
    the command they did not like. Python escapes one kind of quotation mark, which one hangs on the line.
    """
    raw = password.encode("utf-8", "surrogateescape")
    user = username.encode("utf-8", "surrogateescape")
    quoted = password.replace("\\", "\\\\").replace('"', '\\"')
    for form in (password, quoted):
        shown = repr(b'"' + form.encode("utf-8", "surrogateescape"))[3:-1].replace("\\'", "'")
        yield from (form, shown, shown.replace("'", "\\'"), shown.replace('"', '\\"'))
    yield b64encode(raw).decode("ascii")
    yield b64encode(b"\0" + user + b"\0" + raw).decode("ascii")
