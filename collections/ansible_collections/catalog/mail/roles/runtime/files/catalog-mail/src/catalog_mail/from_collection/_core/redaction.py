# Copyright (c) 2026 The catalog.mail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to this collection: it may change without notice.
"""Remove passwords from texts of servers, libraries and logs. Pure."""

from __future__ import annotations

import re
from base64 import b64encode
from typing import Iterable, Iterator, Optional, Set, Tuple

MASK = "********"
MAX_WORDS = 1000
"""Characters of a foreign text that are shown; a reply of SMTP is at most 512 a line."""

# In a protocol trace the login follows the mechanism, in base64 (RFC 4954, RFC 9051).
_LOGIN_COMMAND = re.compile(r"\b(AUTH(?:ENTICATE)? [A-Z0-9-]{2,20}) \S.*")


class Secrets:
    """The passwords of one run, in every form in which a protocol carries them."""

    def __init__(self, logins: Iterable[Tuple[Optional[str], Optional[str]]] = ()) -> None:
        """``logins`` are pairs of user name and password; a pair without a password adds nothing."""
        forms: Set[str] = set()
        for username, password in logins:
            if password:
                forms.update(_forms(username or "", password))
        self._forms = sorted(forms, key=len, reverse=True)

    def hide(self, text: str) -> str:
        """Replace every known form of a password, and the words after a login command."""
        for form in self._forms:
            text = text.replace(form, MASK)
        return hide_login_commands(text)

    def words(self, text: object) -> str:
        """Make a foreign text fit for a message: one line, no control characters, limited length, no password.

        Bytes are read as UTF-8. The text is cut after the passwords are replaced, so that no part of one is left.
        """
        if isinstance(text, bytes):
            text = text.decode("utf-8", "replace")
        line = " ".join(self.hide(str(text)[: MAX_WORDS * 10]).split())
        shown = "".join(char for char in line if char.isprintable())
        return shown if len(shown) <= MAX_WORDS else shown[:MAX_WORDS] + " ..."


def hide_login_commands(line: str) -> str:
    """Replace the words after an AUTH or AUTHENTICATE command in a line of a log or trace."""
    return _LOGIN_COMMAND.sub(r"\1 " + MASK, line)


def _forms(username: str, password: str) -> Iterator[str]:
    """Yield the password in clear, quoted for IMAP, and in the base64 of SASL PLAIN and LOGIN (RFC 4616).

    Also as Python's repr of bytes: imaplib puts the server's line so into its errors, and some servers repeat
    the refused command. The repr escapes one kind of quotation mark; the content of the line decides which one.
    """
    raw = password.encode("utf-8", "surrogateescape")
    user = username.encode("utf-8", "surrogateescape")
    quoted = password.replace("\\", "\\\\").replace('"', '\\"')
    for form in (password, quoted):
        shown = repr(b'"' + form.encode("utf-8", "surrogateescape"))[3:-1].replace("\\'", "'")
        yield from (form, shown, shown.replace("'", "\\'"), shown.replace('"', '\\"'))
    yield b64encode(raw).decode("ascii")
    yield b64encode(b"\0" + user + b"\0" + raw).decode("ascii")
