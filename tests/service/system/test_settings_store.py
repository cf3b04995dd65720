# Copyright (c) 2026 The catalog.mail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The settings in SQLite and PostgreSQL: saved atomically, encrypted, and read consistently."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from catalog_mail.adapters.cipher import Cipher, new_key
from catalog_mail.adapters.database.audit import DatabaseAudit
from catalog_mail.adapters.database.engine import make_engine
from catalog_mail.adapters.database.settings_store import DatabaseSettings
from catalog_mail.adapters.database.tables import metadata
from catalog_mail.domain.errors import PreconditionFailed
from catalog_mail.ports.audit import AuditEntry
from catalog_mail.ports.settings import StoredSettings
from helpers.waiting import PATIENCE
from sqlalchemy import Engine, event

WHEN = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
PASSWORD = "notifications.smtp.password"
MakeEngine = Callable[[], Engine]


@pytest.fixture
def database(database_url: str) -> Iterator[MakeEngine]:
    """Return a function that makes engines for one new database of either kind."""
    engines: list[Engine] = []

    def make() -> Engine:
        engines.append(make_engine(database_url))
        return engines[-1]

    metadata.create_all(make())
    yield make
    for engine in engines:
        engine.dispose()


@pytest.fixture
def cipher() -> Cipher:
    return Cipher([new_key()])


def entry(actor: str = "ansible") -> AuditEntry:
    return AuditEntry(WHEN, actor, "email_settings.save", "saved", {"changes": []})


def document(host: str) -> dict[str, Any]:
    return {"notifications": {"smtp": {"host": host}, "display": "M\u00fcnchen \U0001f4d6 \u2028"}}


def test_the_store_is_empty_before_the_first_save(database: MakeEngine, cipher: Cipher) -> None:
    store = DatabaseSettings(database(), cipher)
    assert store.load() == StoredSettings(0, {}, {})
    assert store.revision() == 0


def test_saved_settings_are_visible_to_other_processes(database: MakeEngine, cipher: Cipher) -> None:
    saved = DatabaseSettings(database(), cipher).save(
        document("a"), {PASSWORD: "hunter2 \u00e4", "interactions.imap.password": None}, expected_revision=0, audit=entry()
    )
    other = DatabaseSettings(database(), cipher)
    assert other.load() == saved
    assert (saved.revision, saved.document, saved.changed_by, saved.changed_at) == (1, document("a"), "ansible", WHEN)
    assert {path: (secret.value, secret.changed_at) for path, secret in saved.secrets.items()} == {
        PASSWORD: ("hunter2 \u00e4", WHEN)
    }
    assert other.revision() == 1


def test_a_secret_is_kept_changed_and_deleted(database: MakeEngine, cipher: Cipher) -> None:
    store = DatabaseSettings(database(), cipher)
    for revision, (changed, expected) in enumerate(
        [({PASSWORD: "old"}, "old"), ({}, "old"), ({PASSWORD: "new"}, "new"), ({PASSWORD: None}, None), ({}, None)]
    ):
        saved = store.save(document("a"), changed, expected_revision=revision, audit=entry())
        found = saved.secrets.get(PASSWORD)
        assert (found.value if found else None) == expected


def test_secrets_are_encrypted_in_the_file(tmp_path: Path, cipher: Cipher) -> None:
    engine = make_engine(f"sqlite:///{tmp_path / 'settings.db'}")
    metadata.create_all(engine)
    DatabaseSettings(engine, cipher).save(document("a"), {PASSWORD: "hunter2-at-rest"}, expected_revision=0, audit=entry())
    engine.dispose()
    stored = b"".join(file.read_bytes() for file in tmp_path.iterdir())
    assert b"notifications.smtp.password" in stored
    assert b"hunter2" not in stored


def test_a_secret_with_a_lost_key_is_still_reported(database: MakeEngine, cipher: Cipher) -> None:
    DatabaseSettings(database(), cipher).save(document("a"), {PASSWORD: "old"}, expected_revision=0, audit=entry())
    secret = DatabaseSettings(database(), Cipher([new_key()])).load().secrets[PASSWORD]
    assert (secret.value, secret.changed_at) == (None, WHEN)


@pytest.mark.parametrize("expected", [0, 2, 5])
def test_a_lost_update_is_refused_completely(database: MakeEngine, cipher: Cipher, expected: int) -> None:
    engine = database()
    store = DatabaseSettings(engine, cipher)
    before = store.save(document("a"), {PASSWORD: "old"}, expected_revision=0, audit=entry())
    with pytest.raises(PreconditionFailed):
        store.save(document("b"), {PASSWORD: "new"}, expected_revision=expected, audit=entry("somebody"))
    assert store.load() == before
    assert [kept.actor for kept in DatabaseAudit(engine).entries(limit=10)] == ["ansible"]


@pytest.mark.parametrize("revision", [0, 1])
def test_one_of_many_concurrent_writers_wins(database: MakeEngine, cipher: Cipher, revision: int) -> None:
    if revision:
        DatabaseSettings(database(), cipher).save(document("first"), {}, expected_revision=0, audit=entry())
    start = threading.Barrier(6)
    won: list[str] = []
    lost: list[str] = []

    def write(name: str) -> None:
        store = DatabaseSettings(database(), cipher)
        start.wait(PATIENCE)
        try:
            store.save(document(name), {PASSWORD: name}, expected_revision=revision, audit=entry(name))
            won.append(name)
        except PreconditionFailed:
            lost.append(name)

    threads = [threading.Thread(target=write, args=(f"writer{number}",)) for number in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(PATIENCE)
    assert (len(won), len(lost)) == (1, 5)
    engine = database()
    stored = DatabaseSettings(engine, cipher).load()
    assert (stored.revision, stored.changed_by, stored.secrets[PASSWORD].value) == (revision + 1, won[0], won[0])
    assert stored.document == document(won[0])
    assert len(DatabaseAudit(engine).entries(limit=10)) == revision + 1


def test_secret_and_document_are_read_from_one_save(database: MakeEngine, cipher: Cipher) -> None:
    """Another save may occur between two statements of the reader: a new password must not go to the old host."""
    writer = DatabaseSettings(database(), cipher)
    writer.save(document("old"), {PASSWORD: "old"}, expected_revision=0, audit=entry())
    engine = database()
    statements: list[str] = []

    def overtake(_connection: Any, _cursor: Any, statement: str, *_rest: Any) -> None:
        statements.append(statement)
        if len([one for one in statements if one.startswith("SELECT")]) == 1:
            writer.save(document("new"), {PASSWORD: "new"}, expected_revision=1, audit=entry())

    event.listen(engine, "after_cursor_execute", overtake)
    read = DatabaseSettings(engine, cipher).load()
    assert read.document["notifications"]["smtp"]["host"] == read.secrets[PASSWORD].value == "old"
    assert writer.load().secrets[PASSWORD].value == "new"


def test_a_failed_save_changes_nothing(database: MakeEngine, cipher: Cipher) -> None:
    engine = database()
    store = DatabaseSettings(engine, cipher)
    before = store.save(document("a"), {PASSWORD: "old"}, expected_revision=0, audit=entry())

    def fail(_connection: Any, _cursor: Any, statement: str, *_rest: Any) -> None:
        if statement.startswith("INSERT INTO audit"):
            raise OSError("no space left on device")

    event.listen(engine, "before_cursor_execute", fail)
    with pytest.raises(OSError, match="no space"):
        store.save(document("b"), {PASSWORD: "new"}, expected_revision=1, audit=entry())
    event.remove(engine, "before_cursor_execute", fail)
    assert store.load() == before
