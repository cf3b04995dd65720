# Copyright (c) 2026 The catalog.mail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Real errors of SQLite and PostgreSQL, as the service's engines raise them."""

from __future__ import annotations

import contextlib
import os
import sqlite3
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import psycopg
import pytest
from catalog_mail.adapters.database import engine as engines
from catalog_mail.adapters.database.engine import make_engine, reading
from catalog_mail.adapters.database.migrate import migrate
from catalog_mail.adapters.graph.limits import AT_ONCE, NoFreeSlot, RequestSlots
from catalog_mail.domain.errors import StorageFailed
from catalog_mail.domain.settings.servers import GraphServer
from helpers.service import postgres
from helpers.service.process import free_port
from helpers.service.small_disk import read_only, small_disk
from sqlalchemy import Engine, text
from sqlalchemy.exc import DBAPIError, IntegrityError, ProgrammingError

NOBODY = 65534


def run(engine: Engine, statement: str) -> None:
    with engine.begin() as connection:
        connection.execute(text(statement))


def failure(action: Callable[[], object]) -> StorageFailed:
    """Return the failure of storage that the action raises."""
    with pytest.raises(StorageFailed) as caught:
        action()
    said = str(caught.value)
    assert caught.value.remedy and caught.value.retry_after > 0
    assert postgres.PASSWORD not in said and "\n" not in said and "sqlalche" not in said, said
    return caught.value


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """Return a migrated SQLite file."""
    path = tmp_path / "catalog-mail.db"
    made = make_engine(f"sqlite:///{path}")
    migrate(made)
    made.dispose()
    return path


def of(path: Path, **query: int) -> Engine:
    words = "&".join(f"{name}={value}" for name, value in query.items())
    return make_engine(f"sqlite:///{path}?{words}")


DAMAGES: dict[str, Callable[[bytes], bytes]] = {
    "half of it": lambda content: content[: len(content) // 2],
    "a page": lambda content: content[:4096],
    "less than a header": lambda content: content[:50],
    "zeros": lambda content: b"\0" * len(content),
    "a header of zeros": lambda content: b"\0" * 100 + content[100:],
    "text": lambda _content: b"This is no database.\n" * 500,
    "another format": lambda content: content[:18] + b"\x63\x63" + content[20:],
    "random pages": lambda content: content[:4096] + b"\xa5" * (len(content) - 4096),
}


@pytest.mark.parametrize("damage", DAMAGES.values(), ids=DAMAGES)
def test_a_damaged_file(file: Path, damage: Callable[[bytes], bytes]):
    file.write_bytes(damage(file.read_bytes()))
    found = failure(lambda: migrate(of(file)))
    assert found.code in ("storage-damaged", "storage-not-writable"), found
    assert str(file) in found.cause


def test_a_file_that_cannot_be_opened(tmp_path: Path):
    (tmp_path / "folder.db").mkdir()
    for path in (tmp_path / "missing" / "x.db", tmp_path / "folder.db"):
        found = failure(lambda path=path: run(of(path), "SELECT 1"))
        assert found.code == "storage-unreadable"
        assert str(path) in found.cause and str(path.parent) in found.remedy


def as_nobody(action: Callable[[], object]) -> str:
    """Run an action in a process of a user without rights; return the code of its StorageFailed."""
    source, target = os.pipe()
    child = os.fork()
    if child == 0:
        said = "nothing was raised"
        try:
            os.setgid(NOBODY)
            os.setuid(NOBODY)
            action()
        except StorageFailed as error:
            said = error.code
        except BaseException as error:  # the parent shows it
            said = repr(error)
        finally:
            os.write(target, said.encode())
            os._exit(0)
    os.close(target)
    os.waitpid(child, 0)
    with os.fdopen(source) as stream:
        return stream.read()


def test_a_file_of_another_user(file: Path):
    with tempfile.TemporaryDirectory(prefix="catalog-mail-owner-") as name:
        Path(name).chmod(0o755)
        path = Path(name, "catalog-mail.db")
        path.write_bytes(file.read_bytes())
        path.chmod(0o600)
        assert as_nobody(lambda: run(of(path), "SELECT 1")) == "storage-unreadable"
        path.chmod(0o644)
        assert as_nobody(lambda: run(of(path), "DELETE FROM users")) in ("storage-not-writable", "storage-unreadable")


def test_a_full_and_a_read_only_disk(tmp_path: Path):
    insert = "INSERT INTO audit (at, actor, action, outcome, detail) VALUES ('2026-11-30', 'a', 'b', 'c', hex(zeroblob(4500)))"
    with small_disk(tmp_path / "disk", "4m") as disk:
        path = disk.folder / "catalog-mail.db"
        engine = of(path)
        migrate(engine)
        disk.fill()
        found = failure(lambda: [run(engine, insert) for _ in range(100)])
        assert found.code == "storage-disk-full"
        assert str(disk.folder) in found.remedy
        engine.dispose()
        Path(f"{path}-shm").unlink(missing_ok=True)  # now SQLite cannot even create the file that it needs
        disk.fill()
        assert failure(lambda: run(of(path), insert)).code == "storage-disk-full"
        disk.free()
        run(engine, insert)
        engine.dispose()
        with read_only(disk.folder, tmp_path / "read-only") as shown:
            assert failure(lambda: run(of(shown / path.name), insert)).code == "storage-read-only"
    with small_disk(tmp_path / "disk", "64k") as disk:
        disk.fill()
        assert failure(lambda: migrate(of(disk.folder / "new.db"))).code == "storage-disk-full"


def test_requests_to_microsoft_need_no_space_on_the_disk(tmp_path: Path):
    server = GraphServer("a@corp.test", "t", "c", "https://login.corp.test", "https://graph.corp.test", "interactions.microsoft")
    with small_disk(tmp_path / "disk", "64k,nr_inodes=2") as disk:
        disk.fill()  # its file takes the last inode
        slots = RequestSlots(disk.folder, server)
        with contextlib.ExitStack() as held:
            for _ in range(AT_ONCE):
                held.enter_context(slots.slot(1))
            with pytest.raises(NoFreeSlot), slots.slot(0.05):
                pass


def test_a_locked_file_and_an_exhausted_pool(file: Path, monkeypatch: pytest.MonkeyPatch):
    with contextlib.closing(sqlite3.connect(file, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        assert failure(lambda: run(of(file, timeout=0), "DELETE FROM users")).code == "storage-locked"
    monkeypatch.setattr(engines, "BUSY_SECONDS", 0.1)
    engine = of(file)
    engine.dispose()  # the new pool knows its place too
    with contextlib.ExitStack() as held:
        found = failure(lambda: [held.enter_context(reading(engine)).execute(text("SELECT 1")) for _ in range(60)])
    assert found.code == "storage-busy"
    assert str(file) in found.cause


def test_mistakes_of_a_statement_stay_what_they_are(file: Path):
    engine = of(file)
    token = "INSERT INTO tokens (name, role, digest, created_at) VALUES ('a', 'viewer', 'd', '2026-11-30')"
    run(engine, token)
    with pytest.raises(IntegrityError):
        run(engine, token)
    with pytest.raises(DBAPIError):
        run(engine, "SELEKT 1")
    run(engine, "DROP TABLE tokens")
    assert failure(lambda: run(engine, token)).code == "storage-incomplete"


# -- PostgreSQL


@pytest.fixture
def database(postgresql: str) -> Iterator[Engine]:
    made = make_engine(postgresql.replace("postgresql://", "postgresql+psycopg://"))
    yield made
    made.dispose()


def changed(engine: Engine, **changes: object) -> Engine:
    """Return an engine of the same database with changes of its URL."""
    return make_engine(engine.url.set(**changes))  # type: ignore[arg-type]


def test_a_server_that_cannot_be_reached_or_refuses(database: Engine):
    run(database, "CREATE ROLE single LOGIN PASSWORD 'x' CONNECTION LIMIT 0")
    name = database.url.database
    for changes, code in (
        ({"port": free_port()}, "storage-away"),
        ({"host": "no-such-host.invalid"}, "storage-name-not-found"),
        ({"password": "wrong"}, "storage-login-refused"),
        ({"username": "nobody"}, "storage-login-refused"),
        ({"database": "missing"}, "storage-no-database"),
        ({"query": {"sslmode": "require"}}, "storage-tls-failed"),
        ({"username": "single", "password": "x"}, "storage-too-many-connections"),
        ({"query": {"options": "-c default_transaction_read_only=on"}}, "storage-standby"),
    ):
        found = failure(lambda changes=changes: run(changed(database, **changes), "CREATE TABLE x (a int)"))
        assert found.code == code, found
        assert changes.get("host", "127.0.0.1") in found.cause
    run(database, "DROP ROLE single")
    assert name


# Raised by the server itself, with this SQLSTATE, as when the fault is real.
STATES = {
    "08006": "away", "25006": "standby", "28P01": "login-refused", "42501": "no-privilege", "42P01": "incomplete",
    "53000": "failed", "53100": "disk-full", "53200": "out-of-memory", "53300": "too-many-connections",
    "55P03": "locked", "40P01": "locked", "57014": "slow", "57P03": "starting", "58030": "disk-error", "XX000": "failed",
    "XX001": "damaged", "XX002": "damaged",
}  # fmt: skip


def test_each_state_of_a_server(database: Engine):
    for state, code in STATES.items():
        raise_it = f"DO $$ BEGIN RAISE EXCEPTION 'real words' USING ERRCODE = '{state}'; END $$"
        found = failure(lambda raise_it=raise_it: run(database, raise_it))
        assert found.code == f"storage-{code}", state
        assert "real words" in found.cause


def test_a_connection_that_the_server_ends(database: Engine):
    end = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()"
    with database.connect() as connection:
        connection.execute(text("SELECT 1"))
        with psycopg.connect(database.url.render_as_string(hide_password=False).replace("+psycopg", "")) as other:
            other.execute(end)
        assert failure(lambda: connection.execute(text("SELECT 1"))).code == "storage-away"
        connection.rollback()
    run(database, "SELECT 1")  # the pool has noticed


def test_a_full_disk_of_a_server(database: Engine):
    with tempfile.TemporaryDirectory(prefix="catalog-mail-tablespace-", ignore_cleanup_errors=True) as name:
        Path(name).chmod(0o755)
        with small_disk(Path(name, "disk"), "1m") as disk:
            os.chown(disk.folder, *_owner_of_data(database))
            with database.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
                connection.execute(text(f"CREATE TABLESPACE small LOCATION '{disk.folder}'"))
            run(database, "CREATE TABLE big (a text) TABLESPACE small")
            insert = "INSERT INTO big SELECT repeat(md5(i::text), 30) FROM generate_series(1, 5000) i"
            found = failure(lambda: run(database, insert))
            assert found.code == "storage-disk-full"
            run(database, "DROP TABLE big")
            with database.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
                connection.execute(text("DROP TABLESPACE small"))


def _owner_of_data(engine: Engine) -> tuple[int, int]:
    with reading(engine) as connection:
        status = os.stat(connection.execute(text("SHOW data_directory")).scalar_one())
    return status.st_uid, status.st_gid


def test_mistakes_on_a_server_stay_what_they_are(database: Engine):
    run(database, "CREATE TABLE x (a int PRIMARY KEY)")
    run(database, "INSERT INTO x VALUES (1)")
    with pytest.raises(IntegrityError):
        run(database, "INSERT INTO x VALUES (1)")
    with pytest.raises(ProgrammingError):
        run(database, "SELEKT 1")
    with pytest.raises(DBAPIError):
        run(database, "SELECT 1 / 0")
