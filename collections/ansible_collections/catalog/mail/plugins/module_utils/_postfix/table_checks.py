# Copyright (c) 2026 The catalog.mail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to this collection: it may change without notice.
"""Check tables against the parameters that name them, before anything is written: a named table that is missing stops mail."""

from __future__ import annotations

import os
from typing import Mapping, Sequence, Tuple

from .._core.errors import InputRefused
from .aliases import alias_file_refused, is_alias_file
from .instance import Postfix
from .lookup_table import WRITABLE, Table, TableChange, files_of
from .main_cf import MainCf
from .parameters import named_tables
from .state import DesiredPostfix
from .table_parameters import broken_after


class TableChecks:
    """The checks of one run. In check mode an earlier task may be missing, so that some refusals are warnings there."""

    def __init__(self, module, postfix: Postfix) -> None:
        self._module = module
        self._postfix = postfix

    def no_aliases(self, tables: Sequence[Table], effective: Mapping[str, str]) -> None:
        """Raise InputRefused for a lookup table at the path of a file of aliases."""
        for table in tables:
            if any(is_alias_file(path, effective) for path in (table.path, os.path.realpath(table.path))):
                raise alias_file_refused(table.path)

    def named_exist(self, desired: DesiredPostfix) -> None:
        """Raise for a parameter that names a table which neither exists nor is made in this run: Postfix would refuse mail."""
        made = {table.path for table in desired.tables if table.present}
        for name, value in desired.parameters.items():
            for table_type, path in named_tables(value or ""):
                if path in made or table_type not in WRITABLE or all(map(os.path.exists, files_of(table_type, path))):
                    continue
                said = f"there is no table {table_type}:{path}, and without it Postfix refuses mail"
                self._refuse(f"parameters.{name}", said, "Make it first, with postfix_map")

    def named_stay(
        self, tables: Sequence[Tuple[Table, Sequence[TableChange]]], after: MainCf, defaults: Mapping[str, str]
    ) -> None:
        """Raise for a table that main.cf (after this run) or master.cf names, and that this run removes or gives another type."""
        written = [table for table, rows in tables if not {row.what for row in rows} <= {"attributes"}]
        effective = {**defaults, **after.parameters}
        for place, table in broken_after(written, after.parameters, effective, self._postfix.master_cf()):
            said = f"{place} names {table}, which this task would remove or replace, and without it Postfix refuses mail"
            self._refuse(self._field(), said, f"Change {place} first")

    def _field(self) -> str:
        return "tables" if "tables" in self._module.params else "state" if "entries" in self._module.params else "relayhost"

    def _refuse(self, field: str, said: str, remedy: str) -> None:
        if not self._module.check_mode:
            raise InputRefused(field, said, remedy)
        self._module.warn(f"{field}: {said}. A run without check mode does it in an earlier task, or fails. {remedy}.")
