# Copyright (c) 2026 The catalog.mail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to this collection: it may change without notice.
"""Write the report of a run of the playbook drift to files."""

from __future__ import annotations

import json
import os
import tempfile
from typing import Callable, Dict, Mapping, Optional

from ._drift_page import page
from ._drift_report import Report, junit

WRITERS: Dict[str, Callable[[Report], str]] = {
    "json": lambda report: json.dumps(report.document(), indent=2, ensure_ascii=False) + "\n",
    "junit": junit,
    "html": page,
}


def write_reports(report: Report, files: Mapping[str, Optional[str]]) -> None:
    """Write the report in each form that has a file. Raises OSError."""
    for kind, path in files.items():
        if path:
            _write(path, WRITERS[kind](report))


def _write(path: str, text: str) -> None:
    """Replace a file at once, so that a reader never sees half of it."""
    try:
        with tempfile.NamedTemporaryFile("w", encoding="utf-8", dir=os.path.dirname(path) or ".", delete=False) as file:
            file.write(text)
        os.chmod(file.name, 0o644)
        os.replace(file.name, path)
    except OSError as exc:
        raise OSError(exc.errno, exc.strerror, path) from exc
