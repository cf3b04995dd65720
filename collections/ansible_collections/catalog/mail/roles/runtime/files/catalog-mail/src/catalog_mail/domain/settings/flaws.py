# Copyright (c) 2026 The catalog.mail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Say what is wrong with a text that was copied or typed with a small flaw, and how to write it."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable
from urllib.parse import urlsplit

_NAMES = {
    " ": "a blank", "\t": "a tab", "\n": "a line end", "\r": "a line end", "\u00a0": "a non-breaking space",
    "\u00ad": "a soft hyphen", "\u200b": "a zero-width space", "\u200c": "a zero-width character",
    "\u200d": "a zero-width character", "\u2060": "a zero-width character", "\ufeff": "a byte order mark",
}  # fmt: skip
# Blanks, control and format characters (zero-width ones, marks of direction), line and paragraph separators.
_UNSEEN = frozenset({"Zs", "Zl", "Zp", "Cc", "Cf"})
_QUOTES = re.compile(r"""\A(["'`\u2018\u201c\u201e\u00ab])(.*)["'`\u2019\u201d\u201c\u00bb]\Z""", re.DOTALL)
_PORT = re.compile(r"\A(.+):(\d{0,5})\Z")
_NUMBERS = re.compile(r"\A[\d.]+\Z", re.ASCII)
_NAMED = re.compile(r"\A(?:.*<)?(?:mailto:)?([^<>]+?)>?\Z", re.DOTALL | re.IGNORECASE)


def unseen(character: str) -> bool:
    """Return whether a character is a blank, or is not shown."""
    return unicodedata.category(character) in _UNSEEN


def name_of(character: str) -> str:
    """Return the name of a character that is not shown, for a sentence."""
    return _NAMES.get(character) or f"an invisible character (U+{ord(character):04X})"


def blank_flaw(text: str) -> tuple[str, str] | None:
    """Return where the first blank or invisible character is, and the text without all of them; None when there is none."""
    found = next((character for character in text if unseen(character)), None)
    if found is None:
        return None
    shown = "".join(character for character in text if not unseen(character))
    end = next((character for character in reversed(text) if unseen(character)), found)
    if unseen(text[-1]):
        return f"it ends with {name_of(end)}", shown
    if unseen(text[0]):
        return f"it begins with {name_of(found)}", shown
    return f"it has {name_of(found)} in it", shown


def edge_flaw(text: str) -> tuple[str, str] | None:
    """As `blank_flaw`, but blanks inside the text are no flaw."""
    inner = text.strip("".join({character for character in text if unseen(character)}))
    if inner == text:
        return None
    flaw = blank_flaw(text)
    return (flaw[0], inner) if flaw else None


def inner_flaw(text: str) -> tuple[str, str] | None:
    """As `blank_flaw`, but plain blanks inside the text are no flaw, as in a name of several words."""
    inner = text.strip(" ")
    return blank_flaw(text) if inner != text or any(unseen(character) for character in inner if character != " ") else None


def address_flaw(text: str, valid: Callable[[str], bool]) -> tuple[str, str] | None:
    """Return what is wrong with the text of an e-mail address, and the right text; None where that cannot be told.

    `valid` returns whether a text is an address.
    """
    flaw, right = blank_flaw(text) or ("", text)
    if valid(right):
        return flaw, right
    name = _NAMED.match(text.strip())
    bare = (name[1] if name else text).rstrip(".")
    if valid(bare):
        return "it has more than the address in it", bare
    local, _at, domain = bare.rpartition("@")
    international = _international(domain)
    if international and valid(f"{local}@{international[1]}"):
        return "its domain has characters outside ASCII, which DNS has only in the xn-- form", f"{local}@{international[1]}"
    return None


def host_flaw(text: str, valid: Callable[[str], bool]) -> tuple[str, str]:
    """Return what is wrong with the text of a host, and the remedy; with the right text where it can be told.

    `valid` returns whether a text is a host. The flaw is empty for an unknown kind of flaw.
    """
    for check in (_blank, _quoted, _several, _url, _user, _port, _bracketed, _path, _international, _dots, _numbers):
        found = check(text)
        if found:
            flaw, right = found
            return flaw, f"Write {right}." if valid(right) else GENERAL
    return "", GENERAL


GENERAL = "Give one such as smtp.example.com, without a port."


def _blank(text: str) -> tuple[str, str] | None:
    return blank_flaw(text)


def _quoted(text: str) -> tuple[str, str] | None:
    found = _QUOTES.match(text)
    return ("it has quotation marks around it", found[2]) if found else None


def _several(text: str) -> tuple[str, str] | None:
    first = re.split(r"[,;]", text)[0]
    return ("it names several, and one is needed", first) if first != text else None


def _url(text: str) -> tuple[str, str] | None:
    if "://" not in text:
        return None
    try:
        right = urlsplit(text).hostname or ""
    except ValueError:
        right = ""
    return "it is a URL; the port and the encryption have settings of their own", right


def _user(text: str) -> tuple[str, str] | None:
    return ("it has a user name or an e-mail address in it", text.rpartition("@")[2]) if "@" in text else None


def _port(text: str) -> tuple[str, str] | None:
    found = _PORT.match(text)
    bare = found[1] if found else ""
    if not bare or (":" in bare and not bare.startswith("[")):
        return None
    return "it has a port in it, which has a setting of its own", bare.strip("[]")


def _bracketed(text: str) -> tuple[str, str] | None:
    return ("brackets are for IP addresses", text.strip("[]<>{}()")) if text[:1] in tuple("[<{(") else None


def _path(text: str) -> tuple[str, str] | None:
    return ("it has a path in it", text.partition("/")[0]) if "/" in text else None


def _dots(text: str) -> tuple[str, str] | None:
    right = ".".join(part for part in text.split(".") if part)
    return ("it has a dot too many", right) if right not in {text, text.removesuffix(".")} else None


def _numbers(text: str) -> tuple[str, str] | None:
    return ("an IPv4 address has four numbers from 0 to 255", "") if _NUMBERS.match(text) else None


def _international(text: str) -> tuple[str, str] | None:
    """Give an international name in its ASCII form (IDNA); full-width letters and dots become ASCII."""
    if text.isascii():
        return None
    try:
        right = text.encode("idna").decode("ascii") if not set(text) & set("\u00df\u1e9e\u03c2") else ""
    except UnicodeError:
        right = ""
    return "it has characters outside ASCII, which DNS has only in the xn-- form", right
