# Copyright (c) 2026 The catalog.mail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to this collection: it may change without notice.
"""Plan root's alias: find the file of aliases that local(8) reads, and compare it. An edge."""

from __future__ import annotations

import os
from dataclasses import replace
from typing import List, Mapping, Sequence, Tuple

from .._core.errors import InputRefused
from .._core.file_transaction import facts_of, read_bytes
from .aliases import Aliases, file_for_root, plan_aliases, root_alias, unreachable, with_alias
from .instance import Postfix
from .lookup_table import TableChange
from .main_cf import MainCf

REMEDY = "Add $myorigin to mydestination, or map 'root' in a table for virtual_alias_maps (postfix_tables)"


def plan_root_alias(
    module, postfix: Postfix, targets: Sequence[str], after: MainCf, defaults: Mapping[str, str]
) -> List[Tuple[Aliases, List[TableChange]]]:
    """Return root's alias with its changes. Raises InputRefused when no mail for root would reach it."""
    if not targets:
        return []
    value = root_alias(targets)
    table_type, path = file_for_root({**defaults, **after.parameters})
    _check_reached(module, postfix, after)
    source = facts_of(path)
    text = (read_bytes(path) or b"").decode("utf-8", "surrogateescape")
    aliases = Aliases(path, table_type, with_alias(text, "root", value), value)
    if source:
        aliases = replace(aliases, mode=source.mode, owner=source.owner, group=source.group)
    state = postfix.table_state(aliases, read_compiled=False)
    compiled = all(map(os.path.exists, aliases.compiled_paths))
    return [(aliases, plan_aliases(state, aliases, postfix.alias(table_type, path, "root") if compiled else None))]


def _check_reached(module, postfix: Postfix, after: MainCf) -> None:
    """Raise or warn when mail for root leaves this host by the parameters, so that the alias is not used."""
    found = postfix.resolved(after.to_bytes(), ("myorigin", "mydestination"))
    origin = found.get("myorigin", "")
    if origin.startswith("/"):
        lines = (read_bytes(origin) or b"").decode("utf-8", "replace").split()
        origin = lines[0] if lines else ""
    problem = unreachable(origin, found.get("mydestination", "")) if found and origin else ""
    if problem and not found.get("mydestination"):
        raise InputRefused("root_alias", problem, REMEDY)
    if problem:
        module.warn(f"root_alias: {problem}. {REMEDY}.")
