# Copyright (c) 2026 The catalog.mail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to this collection: it may change without notice.
"""Return the keys by which Postfix searches its lookup tables, in its order (transport(5), virtual(5), aliases(5)). Pure."""

from __future__ import annotations

from typing import List


def address_keys(address: str, delimiter: str) -> List[str]:
    """Return the keys of canonical and virtual alias tables: the address, without extension, the local part, the domain."""
    local, _at, domain = address.lower().rpartition("@")
    bare = _bare(local, delimiter)
    return _distinct([f"{local}@{domain}", f"{bare}@{domain}", local, bare, f"@{domain}"])


def alias_keys(address: str, delimiter: str) -> List[str]:
    """Return the keys of the aliases of local(8)."""
    local = address.lower().rpartition("@")[0]
    return _distinct([local, _bare(local, delimiter)])


def sender_keys(address: str, delimiter: str) -> List[str]:
    """Return the keys of sender_dependent_relayhost_maps; the empty sender of a bounce is asked for as <>."""
    local, _at, domain = address.lower().rpartition("@")
    if not domain:
        return ["<>"]
    return _distinct([f"{local}@{domain}", f"{_bare(local, delimiter)}@{domain}", f"@{domain}"])


def transport_keys(address: str, delimiter: str) -> List[str]:
    """Return the keys of transport_maps: the address, the domain, its parent domains with a dot before them, the star."""
    local, _at, domain = address.lower().rpartition("@")
    labels = domain.split(".")
    parents = ["." + ".".join(labels[number:]) for number in range(1, len(labels))]
    return _distinct([f"{local}@{domain}", f"{_bare(local, delimiter)}@{domain}", domain, *parents, "*"])


def _bare(local: str, delimiter: str) -> str:
    places = [local.find(char) for char in delimiter if local.find(char) > 0]
    return local[:min(places)] if places else local


def _distinct(keys: List[str]) -> List[str]:
    return list(dict.fromkeys(keys))
