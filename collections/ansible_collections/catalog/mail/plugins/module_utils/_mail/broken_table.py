# Copyright (c) 2026 The catalog.mail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to this collection: it may change without notice.
"""Find the lookup table that Postfix could not read, in the warnings of its log. Pure."""

from __future__ import annotations

import re
from typing import Callable, Mapping, Optional, Sequence

from .finding import Finding

NAME = "broken_table"

_TABLE = r"([a-z0-9_]{1,20}:[^ \t\"]{1,300}?)"
# "hash:/etc/postfix/x is unavailable. open database ...: No such file or directory"; the reason helps, so it comes first.
_UNAVAILABLE = re.compile(rf": {_TABLE} is unavailable\. (.{{1,300}})")
_FAILED = re.compile(
    rf": {_TABLE}(?: lookup error for |: lookup of '|: table lookup problem|: lookup error)"
    r"|unsupported dictionary type: ([a-z0-9_]{1,20})"
    r"|open database (/[^ ]{1,300}?)(?:\.db|\.lmdb|\.cdb)?: (?=.)")
_PARAMETER = re.compile(r"\b([a-z0-9_]{3,60}_(?:maps|checks|domains|relay|access))\b.{0,200}(?:lookup (?:failure|problem|error))"
                        r"|\b([a-z0-9_]{3,60}_maps) map lookup problem")


def broken_table(lines: Sequence[str], settings: Callable[[], Mapping[str, str]]) -> Optional[Finding]:
    """Return the finding for the table that the warnings ``lines`` name; None when they name none.

    ``settings`` returns the parameters of Postfix, for the name of the parameter that the log does not tell.
    """
    for line in lines:
        found = _UNAVAILABLE.search(line)
        if found:
            return _finding(found.group(1), found.group(2).strip(), _parameter(lines, found.group(1), settings))
    for line in lines:
        found = _FAILED.search(line)
        if found:
            table = next(one for one in found.groups() if one)
            return _finding(table, line.partition("]: ")[2] or line, _parameter(lines, table, settings))
    return None


def _parameter(lines: Sequence[str], table: str, settings: Callable[[], Mapping[str, str]]) -> str:
    """Return the parameter that names the table: by Postfix's settings, else by the log; empty when neither tells."""
    bare = table.partition(":")[2] or table
    naming = [name for name, value in settings().items() if table in re.split(r"[,\s]+", value)]
    naming = naming or [name for name, value in settings().items() if bare in value and bare.startswith("/")]
    logged = [one for line in lines for found in [_PARAMETER.search(line)] if found for one in found.groups() if one]
    return next((name for name in logged if name in naming), (naming or logged or [""])[0])


def _finding(table: str, reason: str, parameter: str) -> Finding:
    place = f" of {parameter}" if parameter else ""
    out = f"take it out of {parameter}" if parameter else "take it out of main.cf"
    kind = table.partition(":")[0]
    if "unsupported dictionary type" in reason:
        remedy = f"Write a type that this Postfix has (postconf -m), or install the package postfix-{kind}, or {out}"
    elif "No such file" in reason:
        remedy = f"Create the table with postmap {table} (postfix_map does both, file and index), or {out}"
    elif "Permission denied" in reason:
        remedy = f"Let Postfix read the file and its folder, or {out}"
    else:
        remedy = f"Query it by hand (postmap -q KEY {table}) and correct what it says, or {out}"
    return Finding(
        NAME, f"Postfix cannot use the lookup table {table}{place}: {reason.rstrip('.')}",
        f"{remedy}; then run postfix reload")
