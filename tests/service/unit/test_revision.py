# Copyright (c) 2026 The catalog.mail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The database revision that this version requires."""

from __future__ import annotations

from pathlib import Path

from catalog_mail.adapters.database.engine import make_engine
from catalog_mail.adapters.database.migrate import migrate, wanted
from catalog_mail.adapters.database.revision import WANTED, current


def test_the_revision_is_the_newest_migration(tmp_path: Path) -> None:
    engine = make_engine(f"sqlite:///{tmp_path / 'x.db'}")
    assert current(engine) is None
    assert migrate(engine) == wanted() == WANTED == current(engine)
    engine.dispose()
