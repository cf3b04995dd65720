# Copyright (c) 2026 The catalog.mail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to this collection: it may change without notice.
"""Find passwords in values of main.cf: in tables within a value, and in the parameters of a database client. Pure."""

from __future__ import annotations

import re
from typing import Any, List, Mapping

# A table within a value: inline: has entries in braces, pcre: and regexp: may have, static: returns its name for each key.
_TABLE = re.compile(r"(?:^|[\s,{:])(?:static|inline|pcre|regexp):")
# What a table returns: a login, user:password, and no transport such as smtp:[host]:25.
_TRANSPORTS = ("smtp", "smtps", "submission", "submissions", "lmtp", "relay", "local", "virtual", "error", "retry", "discard",
               "unix", "inet", "hash", "lmdb", "btree", "cdb", "pcre", "regexp", "texthash", "ldap", "mysql", "pgsql", "sqlite")
_LOGIN = re.compile(
    r"(?:=\s*|static:\{?\s*|/[a-z]*\s+)(?!(?:" + "|".join(_TRANSPORTS) + r"):)([^\s{}:,=]+:[^\s{},]+)", re.IGNORECASE)
# The parameters of ldap:, mysql: and pgsql: tables that are defined in main.cf.
_ENDINGS = ("_password", "_passwd", "_bind_pw", "_pw", "_secret")


def holds_secret(name: str, value: str) -> bool:
    """Whether a parameter's value is, or contains, a password."""
    if not value:
        return False
    if _TABLE.search(value) and ("passw" in name or _LOGIN.search(value)):
        return True
    if name.endswith(_ENDINGS):
        return not value.startswith("$")
    return "passw" in name and not name.endswith("_maps") and "/" not in value


def secrets_of_parameters(params: Mapping[str, Any]) -> List[str]:
    """Return the texts in a module's option ``parameters`` that no output may have: values, and the logins in them."""
    parameters = params["parameters"]
    if not isinstance(parameters, Mapping):
        return []
    found: List[str] = []
    for name, value in parameters.items():
        texts = [str(one) for one in value] if isinstance(value, list) else [value] if isinstance(value, str) else []
        for text in texts:
            if holds_secret(str(name), text):
                found += [text, *_LOGIN.findall(text)]
    return found
