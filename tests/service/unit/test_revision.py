"""The revision of the database that this version needs."""

from __future__ import annotations

from pathlib import Path

from catalog_mail.adapters.database.engine import make_engine
from catalog_mail.adapters.database.migrate import migrate, wanted
from catalog_mail.adapters.database.revision import WANTED, current


def test_it_is_the_newest_migrations(tmp_path: Path) -> None:
    engine = make_engine(f"sqlite:///{tmp_path / 'x.db'}")
    assert current(engine) is None
    assert migrate(engine) == wanted() == WANTED == current(engine)
    engine.dispose()
