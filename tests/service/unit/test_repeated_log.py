# Copyright (c) 2026 The catalog.mail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A failure that repeats is logged once, then counted."""

from __future__ import annotations

import io
import logging
import sqlite3
from collections.abc import Iterator
from dataclasses import dataclass, field

import pytest
from catalog_mail.domain.errors import StorageFailed
from catalog_mail.repeated_log import HOLD, KINDS, RepeatedLog
from sqlalchemy.exc import OperationalError


@dataclass
class Log:
    """A logger with one handler and the filter; `now` is its clock."""

    stream: io.StringIO = field(default_factory=io.StringIO)
    now: float = 0.0

    def __post_init__(self) -> None:
        self.logger = logging.Logger("catalog_mail.queue")
        handler = logging.StreamHandler(self.stream)
        handler.setFormatter(logging.Formatter("%(levelname)s %(message)s"))
        self.repeated = RepeatedLog(handler, clock=lambda: self.now)
        handler.addFilter(self.repeated)
        self.logger.addHandler(handler)

    @property
    def lines(self) -> list[str]:
        return self.stream.getvalue().splitlines()

    def fail(self, error: Exception, text: str = "housekeeping failed") -> None:
        try:
            raise error
        except Exception:
            self.logger.exception(text)


@pytest.fixture
def log() -> Iterator[Log]:
    made = Log()
    yield made
    if made.repeated._timer:
        made.repeated._timer.cancel()


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("again in 1.3 s", "again in 20 s"),
        ("batch 01jd3k5g6h7j8k9m0n1p2q3r4s ended", "batch 01jd3k5g6h7j8k9m0n1p2q3r5t ended"),
        ("workflow 7f1c2b3a-1111-4222-8333-123456789abc", "workflow 7f1c2b3a-1111-4222-8333-123456789abd"),
        ("at <x object at 0x7f0000000000>", "at <x object at 0x7f0000000010>"),
    ],
)
def test_equal_but_for_numbers_is_held_back(log: Log, one: str, other: str):
    log.logger.error(one)
    log.logger.error(other)
    assert log.lines == [f"ERROR {one}"]


def test_the_number_is_told_after_a_minute(log: Log):
    for _ in range(1000):
        log.logger.error("the mailbox fails")
    log.now = HOLD
    log.repeated.tell()
    assert log.lines == ["ERROR the mailbox fails", "ERROR 999 more like this in 60 s: the mailbox fails"]
    log.logger.error("the mailbox fails")
    log.now = 2 * HOLD
    log.repeated.tell()
    assert log.lines[2:] == ["ERROR 1 more like this in 60 s: the mailbox fails"]
    log.now = 3 * HOLD
    log.repeated.tell()  # it did not come again, so it is forgotten
    log.logger.error("the mailbox fails")
    assert log.lines[3:] == ["ERROR the mailbox fails"]


def test_the_end_of_the_process_tells_what_was_counted(log: Log):
    log.logger.error("the mailbox fails")
    log.logger.error("the mailbox fails")
    log.repeated.tell(all_kinds=True)
    assert log.lines[1:] == ["ERROR 1 more like this in 0 s: the mailbox fails"]


def test_others_pass(log: Log):
    for text in ("alice@corp.test refused", "bob@corp.test refused"):
        log.logger.warning(text)
    log.logger.error("alice@corp.test refused")
    for _ in range(2):
        log.logger.info("reading the mailbox")
    assert len(log.lines) == 5


def test_an_exception_from_the_same_line_is_held_back(log: Log):
    for number in range(3):
        log.fail(ValueError(f"value {number} of x"))
    text = log.stream.getvalue()
    assert text.count("Traceback") == 1
    assert "value 0" in text
    try:
        raise ValueError("elsewhere")
    except ValueError:
        log.logger.exception("housekeeping failed")
    assert log.stream.getvalue().count("Traceback") == 2


def wrapped(error: Exception) -> Exception:
    made = RuntimeError("the engine stopped")
    made.__cause__ = error
    return made


@pytest.mark.parametrize(
    "error",
    [
        StorageFailed("The disk is full.", "Free space."),
        wrapped(StorageFailed("The disk is full.", "Free space.")),
        sqlite3.OperationalError("database or disk is full"),
        sqlite3.DatabaseError("the disk is full"),
        OperationalError("INSERT\nINTO x", None, sqlite3.OperationalError("database or disk is full")),
    ],
)
def test_a_failure_of_storage_is_one_line(log: Log, error: Exception):
    log.fail(error)
    assert len(log.lines) == 1
    assert "housekeeping failed: " in log.lines[0]
    assert "disk is full" in log.lines[0]


ENGINE = """Exception while reading the schedules: Traceback (most recent call last):
  File "base.py", line 154, in __init__
    self.connection = engine.raw_connection()
                      ^^^^^^^^^^^^^^^^^^^^^^^
psycopg.OperationalError: connection refused

The above exception was the direct cause of the following exception:

Traceback (most recent call last):
  File "x.py", line 1, in y
sqlalchemy.exc.OperationalError: (psycopg.OperationalError) connection refused
[SQL: SELECT a[1]
FROM b LIMIT %(param_1)s FOR UPDATE]
[SQL parameters hidden due to hide_parameters=True]
(Background on this error at: https://sqlalche.me/e/20/e3q8)
"""


def test_a_traceback_in_the_text_is_left_out(log: Log):
    log.logger.warning(ENGINE)
    (line,) = log.lines
    assert line.startswith("WARNING Exception while reading the schedules: psycopg.OperationalError: connection refused")
    assert line.endswith("sqlalchemy.exc.OperationalError: (psycopg.OperationalError) connection refused")


def test_its_memory_is_bounded(log: Log):
    for number in range(3 * KINDS):
        log.logger.error("x" * (number + 1))
    assert len(log.repeated._kinds) == KINDS
