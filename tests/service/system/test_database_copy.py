# Copyright (c) 2026 The catalog.mail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""All data moves between SQLite and PostgreSQL with messages under way: nothing is lost, nothing doubled."""

from __future__ import annotations

import json
import random
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from catalog_mail.adapters.database.copying import _begin
from catalog_mail.adapters.database.engine import make_engine, reading
from catalog_mail.adapters.database.tables import delivery_counts, metadata
from helpers.service.catalog_users import notify
from helpers.service.dovecot import Dovecot
from helpers.service.process import RunningService
from helpers.service.reply_roundtrip import RoundTrip, answer
from helpers.service.smtp_sink import MailSink
from sqlalchemy import func, select

LATER, TAKEN = "451 4.3.0 Try again later", "250 2.0.0 Ok: taken"
WAITING = 12


@pytest.fixture
def sqlite_url(tmp_path: Path) -> str:
    return f"sqlite:///{tmp_path / 'moved.db'}"


@pytest.fixture(params=["to PostgreSQL", "to SQLite"])
def move(request: pytest.FixtureRequest, make_service: Callable[..., RunningService]) -> tuple[RunningService, str]:
    """Return a service with the database to copy, and the URL of an empty one of the other kind."""
    queue = {"retry_first_seconds": 1, "takeover_after": 5}
    postgresql, sqlite = request.getfixturevalue("postgresql"), request.getfixturevalue("sqlite_url")
    if request.param == "to PostgreSQL":
        return make_service(queue=queue), postgresql
    return make_service(queue=queue, database_url=postgresql), sqlite


def rows(url: str) -> dict[str, Any]:
    """Return all rows by table, and the numbers of deliveries by state."""
    engine = make_engine(url.replace("postgresql://", "postgresql+psycopg://"))
    try:
        with reading(engine) as connection:
            found: dict[str, Any] = {
                table.name: sorted(map(repr, connection.execute(select(table)).all()))
                for table in metadata.sorted_tables
                if table is not delivery_counts
            }
            states = delivery_counts.c.state
            counts = select(states, func.sum(delivery_counts.c.deliveries)).group_by(states)
            found["counts"] = {state: int(number) for state, number in connection.execute(counts) if number}
            return found
    finally:
        engine.dispose()


def source_of(service: RunningService) -> str:
    return str(service.settings.get("database_url", f"sqlite:///{service.database}"))


def refused(service: RunningService, *words: str, status: int = 1) -> str:
    """Run a command that fails with this status; return its message."""
    done = service.command(*words)
    assert done.returncode == status, done.stdout + done.stderr
    assert "Traceback" not in done.stderr
    return done.stderr


def test_what_waits_is_not_known_with_a_damaged_configuration(move: tuple[RunningService, str]) -> None:
    """Another database is refused, for each kind of damage; the same one is not, so that a run of Ansible mends the file."""
    service, target = move
    whole = service.config.read_text()
    for damage in ("catalog_nam = 'A'", "catalog_name = 1", "this is not TOML"):
        service.config.write_text(f"{damage}\n{whole}")
        said = refused(service, "database", "check-move", "--to", target, status=3)
        assert "what waits in the present database is not known. Mend the configuration first." in said
        assert service.command("database", "check-move", "--to", source_of(service)).returncode == 0
    service.config.write_text(f"database_url = 'postgresql://catalog:hunter2@db.corp.test/catalog'\n{whole}")
    assert "hunter2" not in refused(service, "database", "check-move", "--to", target, status=3)
    service.config.write_text(whole)


def test_a_move_loses_and_doubles_nothing(move: tuple[RunningService, str], sink: MailSink, dovecot: Dovecot) -> None:
    service, target = move
    roundtrip = RoundTrip(service, sink, dovecot, dovecot.add_user())
    roundtrip.set_up()
    conversation, mail = roundtrip.mention()
    roundtrip.receive(answer(mail, "Before."))
    with roundtrip.syncing():
        roundtrip.replies(conversation)
        roundtrip.wait_handled(1)
    sink.answer = lambda _envelope: LATER
    for number in range(WAITING):
        notify(service, "message", subject=f"Number {number}", text="Text.", recipients=[{"address": "jane@corp.test"}])
    assert "catalog-mail-reply-sync.service" in refused(service, "database", "copy", "--to", target), "it runs"
    assert f"{WAITING} messages that are not sent yet" in refused(service, "database", "check-move", "--to", target, status=3)
    assert service.stop() == 0

    before = rows(source_of(service))
    done = service.command("database", "copy", "--to", target)
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["deliveries"] == WAITING + 1
    assert "Set database_url to the new database" in done.stderr
    assert rows(target) == before == rows(source_of(service))
    assert service.command("database", "check-move", "--to", target).returncode == 0
    assert "holds" in refused(service, "database", "copy", "--to", target)
    assert "Name another database" in refused(service, "database", "copy", "--to", source_of(service))

    dovecot.set_flags(roundtrip.user, "1:*", "\\Seen", how="-FLAGS.SILENT")
    roundtrip.receive(answer(mail, "After."))
    sink.answer = lambda _envelope: TAKEN
    service.configure(database_url=target)
    service.start()
    with roundtrip.syncing():
        assert [post["text"] for post in roundtrip.replies(conversation, 2)] == ["Before.", "After."]
        roundtrip.wait_handled(2)
    sink.wait_for(WAITING, such=lambda message: "Number" in str(message["Subject"]))
    subjects = Counter(str(message["Subject"]) for message in sink.messages)
    assert {subject: count for subject, count in subjects.items() if "Number" in subject} == {
        f"Number {number}": 1 for number in range(WAITING)
    }
    # Numbers of new rows follow the copied ones.
    roundtrip.save(sync_interval=20)


def test_a_kill_leaves_the_target_refused_or_complete(service: RunningService, postgresql: str) -> None:
    assert service.stop() == 0
    before = rows(source_of(service))
    copying = service.background("database", "copy", "--to", postgresql)
    time.sleep(random.uniform(0.3, 1.5))  # noqa: S311
    copying.kill()
    copying.wait()
    assert rows(source_of(service)) == before
    done = service.command("database", "copy", "--to", postgresql)
    assert done.returncode == 0 or "holds" in done.stderr, done.stderr
    assert rows(postgresql) == before


@pytest.mark.parametrize("kind", ["postgresql", "sqlite_url"])
def test_an_unfinished_copy_is_refused_and_repeated(
    kind: str, prepared: RunningService, make_service: Callable[..., RunningService], request: pytest.FixtureRequest
) -> None:
    service, target = make_service(start=False), request.getfixturevalue(kind)
    service.adopt(prepared)
    engine = make_engine(target.replace("postgresql://", "postgresql+psycopg://"))
    _begin(engine)  # the state in which a kill leaves the target
    engine.dispose()
    source = source_of(service)
    service.configure(database_url=target)
    for command in ("migrate", "serve", "reply-sync"):
        assert "A copy into this database has begun and not ended" in refused(service, command)
    service.configure(database_url=source)
    assert service.command("database", "copy", "--to", target).returncode == 0
    assert rows(target) == rows(source)
