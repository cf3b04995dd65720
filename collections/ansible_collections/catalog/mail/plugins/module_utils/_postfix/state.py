# Copyright (c) 2026 The catalog.mail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to this collection: it may change without notice.
"""Present and desired state of an instance of Postfix."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Callable, Mapping, Optional, Sequence

from .lookup_table import Table
from .main_cf import MainCf


@dataclass(frozen=True)
class Present:
    """Present state of an instance: main.cf, the defaults of its Postfix, its lookup table types."""

    config_directory: str
    main_cf: MainCf
    defaults: Mapping[str, str]
    table_types: Sequence[str]
    default_table_type: str


@dataclass(frozen=True)
class DesiredPostfix:
    """Desired state of an instance: parameters (None removes), tables, and warnings.

    With ``tidy``, main.cf has one line for each parameter, and no line that sets none. ``root_alias`` holds the targets of
    root's mail; without one, the file of aliases stays as it is. With ``renews_copies``, the copies of files of /etc in the
    queue directory of a running Postfix are kept up to date. ``advice`` returns a warning of a run that changes something,
    from the parameters after it and the text of master.cf.
    """

    parameters: Mapping[str, Optional[str]]
    tables: Sequence[Table] = ()
    allow_unknown: bool = False
    warnings: Sequence[str] = ()
    tidy: bool = False
    root_alias: Sequence[str] = ()
    renews_copies: bool = False
    advice: Optional[Callable[[Mapping[str, str], str], str]] = None

    def with_parameters(self, parameters: Mapping[str, Optional[str]]) -> DesiredPostfix:
        """Return the same state with further parameters, which override its own."""
        return replace(self, parameters={**self.parameters, **parameters})
