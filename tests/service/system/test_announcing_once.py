# Copyright (c) 2026 The catalog.mail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A problem is told once, by whichever node sees it first, also when the process is killed after any line."""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path
from types import FrameType
from typing import Any

import catalog_mail
from catalog_mail.adapters.clock import SystemClock
from catalog_mail.adapters.database import tables
from catalog_mail.adapters.database.engine import make_engine
from catalog_mail.adapters.database.notifications import DatabaseNotifications
from catalog_mail.adapters.database.opt_outs import DatabaseOptOuts
from catalog_mail.adapters.database.problems import DatabaseProblems
from catalog_mail.adapters.database.recipients import DatabaseRecipients
from catalog_mail.adapters.database.users import DatabaseUsers
from catalog_mail.adapters.store_only_queue import StoreOnlyQueue
from catalog_mail.domain.catalog.people import User
from catalog_mail.domain.health import About, Reason, Report
from catalog_mail.domain.identifiers import new_id
from catalog_mail.domain.notifications.notification import Kind
from catalog_mail.domain.trouble.plan import Timing
from catalog_mail.services.announcing import Announcing
from catalog_mail.services.notifications import Notifications
from sqlalchemy import Engine, delete, select

NO_READER = Reason(About.REPLIES, "no-reader", "No process reads the mailbox of replies.", "Start it.")
AT_ONCE = Timing(timedelta(0), timedelta(0), timedelta(0))
# The files whose lines decide what is stored and when.
FILES = {
    str(Path(catalog_mail.__file__).parent / name)
    for name in ("services/announcing.py", "adapters/database/problems.py", "adapters/database/writing.py")
}


class Settings:
    """The switch for all notifications."""

    def __init__(self, *, on: bool = True) -> None:
        self._on = on

    def switched_on(self) -> bool:
        return self._on


class GivenHealth:
    """The health that the test gives."""

    def __init__(self, *reasons: Reason) -> None:
        self.reasons = reasons

    def present(self) -> Report:
        return Report(ready=True, configured=True, reasons=self.reasons)


def announcing(engine: Engine, health: GivenHealth, node: str = "node1", *, on: bool = True) -> Announcing:
    clock, directory, switch = SystemClock(), DatabaseRecipients(engine), Settings(on=on)
    return Announcing(
        health=health,
        store=DatabaseProblems(engine),
        notifications=Notifications(
            store=DatabaseNotifications(engine), queue=StoreOnlyQueue(), recipients=directory, settings=switch, clock=clock,
        ),
        directory=directory,
        admin_email="ops@corp.test",
        node=node,
        timing=AT_ONCE,
        clock=clock,
    )  # fmt: skip


def told(engine: Engine) -> list[tuple[str, str, str | None]]:
    """Return address, state and reason of each delivery, sorted."""
    query = select(tables.deliveries.c.address, tables.deliveries.c.state, tables.deliveries.c.reason)
    with engine.connect() as connection:
        return sorted((row.address, row.state, row.reason) for row in connection.execute(query))


def kinds(engine: Engine) -> list[str]:
    with engine.connect() as connection:
        return [row.data["state"] for row in connection.execute(select(tables.events).order_by(tables.events.c.id))]


def add_admins(engine: Engine) -> None:
    users = DatabaseUsers(engine)
    for name, change in (("adam", {}), ("anna", {}), ("old", {"active": False}), ("jane", {"server_admin": False})):
        users.add_user(User(new_id(), name, name.title(), f"{name}@corp.test", **{"server_admin": True, **change}))
    DatabaseOptOuts(engine).opt_out("anna@corp.test", Kind.SYSTEM_HEALTH, SystemClock().now())


def test_the_admins_are_told_and_their_wishes_hold(engine: Engine) -> None:
    add_admins(engine)
    announcing(engine, GivenHealth(NO_READER)).look()
    assert told(engine) == [
        ("adam@corp.test", "accepted", None),
        ("anna@corp.test", "suppressed", "unsubscribed"),
        ("ops@corp.test", "accepted", None),
    ]


def test_nothing_is_sent_while_all_is_switched_off_nor_afterwards(engine: Engine) -> None:
    announcing(engine, GivenHealth(NO_READER), on=False).look()
    for _look in range(3):
        announcing(engine, GivenHealth(NO_READER)).look()
    assert told(engine) == [("ops@corp.test", "suppressed", "switched_off")]
    assert kinds(engine) == ["began"]


def test_nodes_of_one_database_tell_once(engine: Engine) -> None:
    health = GivenHealth(NO_READER)
    nodes = [announcing(engine, health, f"node{number}") for number in range(4)]
    for reasons, state in (((NO_READER,), ["began"]), ((), ["began", "ended"])):
        health.reasons = reasons
        for _look in range(3):
            with ThreadPoolExecutor(len(nodes)) as threads:
                list(threads.map(lambda node: node.look(), nodes))
        assert kinds(engine) == state
        assert len(told(engine)) == len(state)


def test_a_process_that_is_killed_after_any_line_tells_once(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'catalog-mail.db'}"
    engine = make_engine(url)
    tables.metadata.create_all(engine)
    line = 0
    was_killed = True
    while was_killed:
        engine.dispose()
        was_killed = look_and_die(url, line)
        announcing(engine, GivenHealth(NO_READER)).look()
        assert (len(told(engine)), kinds(engine)) == (1, ["began"]), f"killed after line {line}"
        with engine.begin() as connection:
            for table in ("deliveries", "notifications", "events", "problems"):
                connection.execute(delete(tables.metadata.tables[table]))
        line += 1
    assert line > 50
    engine.dispose()


def look_and_die(url: str, last: int) -> bool:
    """Look in a process that is killed after this many lines of FILES; return whether it came so far."""
    pid = os.fork()
    if pid == 0:
        try:
            made = announcing(make_engine(url), GivenHealth(NO_READER))
            sys.settrace(_killer(last))
            made.look()
            sys.settrace(None)
        finally:
            os._exit(0)
    _pid, status = os.waitpid(pid, 0)
    return os.WIFSIGNALED(status)


def _killer(last: int) -> Callable[..., Any]:
    left = [last]

    def trace(frame: FrameType, event: str, _argument: object) -> Callable[..., Any] | None:
        if frame.f_code.co_filename not in FILES:
            return None
        if event == "line":
            left[0] -= 1
            if left[0] < 0:
                os.kill(os.getpid(), signal.SIGKILL)
        return trace

    return trace
