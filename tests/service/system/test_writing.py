# Copyright (c) 2026 The catalog.mail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Concurrent changes share a commit on SQLite, and a failing one does not affect the others."""

from __future__ import annotations

import threading
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path

import pytest
from catalog_mail.adapters.database import tables
from catalog_mail.adapters.database.engine import make_engine
from catalog_mail.adapters.database.writing import write
from helpers.waiting import PATIENCE
from sqlalchemy import Connection, Engine, event, insert, select
from sqlalchemy.exc import IntegrityError

NOW = datetime(2026, 3, 1, tzinfo=UTC)


@pytest.fixture
def engine(tmp_path: Path) -> Engine:
    made = make_engine(f"sqlite:///{tmp_path / 'x.db'}")
    tables.metadata.create_all(made)
    return made


def names(engine: Engine) -> set[str]:
    with engine.connect() as connection:
        return set(connection.execute(select(tables.opt_outs.c.address)).scalars())


def add(name: str, connection: Connection) -> str:
    connection.execute(insert(tables.opt_outs).values(address=name, kind="mention", at=NOW))
    return name.upper()


def test_concurrent_changes_share_commits(engine: Engine) -> None:
    commits = 0

    def count(_connection: Connection) -> None:
        nonlocal commits
        commits += 1
        time.sleep(0.005)  # a slow disk

    event.listen(engine, "commit", count)
    with ThreadPoolExecutor(16) as pool:
        results = list(pool.map(lambda number: write(engine, lambda c: add(f"node{number}", c)), range(320)))
    assert results == [f"NODE{number}" for number in range(320)]
    assert len(names(engine)) == 320
    assert commits < 300, "concurrent changes share a commit"


def test_a_failing_change_is_rolled_back_alone(engine: Engine) -> None:
    write(engine, lambda c: add("taken", c))
    hold = threading.Event()

    def change(number: int) -> str:
        def make(connection: Connection) -> str:
            if number == 0:
                hold.wait(PATIENCE)  # other changes queue up in the meantime
            add(f"first{number}", connection)
            return add("taken" if number % 2 else f"second{number}", connection)

        return write(engine, make)

    with ThreadPoolExecutor(8) as pool:
        futures = [pool.submit(change, number) for number in range(8)]
        time.sleep(0.2)
        hold.set()
    for number, future in enumerate(futures):
        if number % 2:
            assert isinstance(future.exception(), IntegrityError)
        else:
            assert future.result() == f"SECOND{number}"
    expected = {f"{place}{number}" for number in range(0, 8, 2) for place in ("first", "second")}
    assert names(engine) == expected | {"taken"}


def test_a_failed_commit_is_reported_to_every_change(engine: Engine) -> None:
    def refuse(_connection: Connection) -> None:
        raise OSError("the disk is full")

    event.listen(engine, "commit", refuse)
    with ThreadPoolExecutor(4) as pool:
        futures = [pool.submit(write, engine, lambda c, number=number: add(f"node{number}", c)) for number in range(4)]
    assert [type(future.exception()) for future in futures] == [OSError] * 4
    event.remove(engine, "commit", refuse)
    assert names(engine) == set()
    assert write(engine, lambda c: add("after", c)) == "AFTER"
