# Copyright (c) 2026 The catalog.mail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The running service while its database or its disk fails: every answer says so, and health is never green."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import psycopg
import pytest
import requests
from catalog_mail import config
from catalog_mail.adapters.cipher import Cipher
from catalog_mail.bootstrap.application import Application
from catalog_mail.bootstrap.serving import UNSUBSCRIBE
from catalog_mail.domain.catalog.people import Principal, Role
from catalog_mail.domain.errors import StorageFailed
from catalog_mail.domain.notifications.notification import Kind
from catalog_mail.domain.notifications.unsubscribe import make_token
from helpers.service import postgres
from helpers.service.process import RunningService
from helpers.service.relay import Relay
from helpers.service.small_disk import SmallDisk, small_disk
from helpers.waiting import wait_until

NOTICE = {"kind": "message", "subject": "One", "text": "One. " * 2000, "recipients": [{"address": "alice@corp.test"}]}


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[SmallDisk]:
    with small_disk(tmp_path / "disk") as mounted:
        yield mounted


@pytest.fixture
def on_small_disk(disk: SmallDisk, prepared: RunningService) -> Iterator[RunningService]:
    """Return a service whose database is on the small disk; a lock of another program is waited for one second."""
    service = RunningService(disk.folder)
    service.configure(database_url=f"sqlite:///{service.database}?timeout=1")
    service.log = disk.folder.parent / "service.log"
    service.adopt(prepared)
    service.start()
    yield service
    service.kill()


def post(service: RunningService) -> requests.Response:
    return service.call("POST", "/notifications", NOTICE, role="catalog")


def is_told(answer: requests.Response, *codes: str) -> None:
    """Check an answer 503 with its problem and Retry-After."""
    assert answer.status_code == 503, answer.text
    assert int(answer.headers["Retry-After"]) > 0
    assert answer.headers["Content-Type"] == "application/problem+json"
    problem = answer.json()
    assert problem["code"] in codes, problem
    assert problem["cause"] and problem["remedy"] and problem["status"] == 503
    assert not {"sqlalchemy", "psycopg.", "Traceback"} & set(answer.text.split())


def health(service: RunningService) -> dict[str, Any]:
    """Return the health, and check that its three endpoints agree."""
    answer = service.call("GET", "/health", role=None)
    found: dict[str, Any] = answer.json()
    assert answer.status_code == (503 if found["status"] == "failing" else 200), answer.text
    assert bool(found["reasons"]) == (found["status"] != "ok")
    assert service.call("GET", "/health/live", role=None).json() == {"live": True}
    return found


def is_failing(service: RunningService, *codes: str) -> None:
    found = health(service)
    assert (found["status"], found["ready"]) == ("failing", False), found
    assert found["reasons"][0]["code"] in codes, found
    assert found["reasons"][0]["remedy"] and found["problems"]
    is_told(service.call("GET", "/health/ready", role=None), *codes)


def stores_again(service: RunningService) -> None:
    wait_until(lambda: post(service).status_code == 202, "nothing is stored although the fault is mended")
    found = health(service)
    assert found["ready"] is True and found["status"] == "degraded", found  # there are no settings
    assert service.call("GET", "/health/ready", role=None).json() == {"ready": True}
    assert service.call("GET", "/metrics", role=None).status_code == 200


def test_faults_of_a_file_and_its_disk(on_small_disk: RunningService, disk: SmallDisk):
    service = on_small_disk
    stores_again(service)

    disk.fill()
    wait_until(lambda: post(service).status_code == 503, "a full disk is not noticed")
    is_told(post(service), "storage-disk-full")
    is_failing(service, "storage-disk-full")
    assert service.call("GET", "/metrics", role=None).status_code == 200
    disk.free()
    stores_again(service)

    other = sqlite3.connect(service.database, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    is_told(post(service), "storage-locked")
    is_failing(service, "storage-locked")
    other.execute("ROLLBACK")
    other.close()
    stores_again(service)

    aside = service.database.with_suffix(".aside")
    service.database.rename(aside)
    is_told(post(service), "storage-moved")
    is_failing(service, "storage-moved")
    aside.rename(service.database)
    stores_again(service)

    os.truncate(service.database, 0)
    is_told(post(service), "storage-damaged")
    is_failing(service, "storage-damaged")
    assert "catalog_mail_storage_ok 0.0" in service.call("GET", "/metrics", role=None).text
    assert "Traceback" not in service.log.read_text()


# -- starts


def refuses_to_start(service: RunningService, *words: str, says: str) -> None:
    """Check that a command ends with cause and remedy as its last line, and shows nothing of a library."""
    done = service.command(*words)
    lines = done.stderr.splitlines()
    assert done.returncode == 1, (words, done.stderr)
    assert lines[-1].startswith("catalog-mail: ") and says in lines[-1], done.stderr
    assert "Traceback" not in done.stderr and "sqlalche" not in done.stderr, done.stderr


COMMANDS: list[Callable[[Application], object]] = [
    Application.migrate,
    Application.reply_sync,
    Application.archive,
    Application.export_settings,
    lambda application: application.tokens.all(),
    lambda application: application.test_email("a@corp.test", Principal("a test", Role.SERVER_ADMIN)),
]


def test_starts_over_damaged_files(make_service: Callable[..., RunningService], prepared: RunningService):
    service = make_service(start=False)
    service.adopt(prepared)
    service.start()
    assert service.stop() == 0
    whole = service.database.read_bytes()

    service.database.write_bytes(whole[: len(whole) // 2])
    refuses_to_start(service, "serve", says="restore the last backup")
    for command in COMMANDS:
        with pytest.raises(StorageFailed, match=f"{service.database} is damaged"):
            command(Application(config.load(service.config)))

    # An empty file is what a new installation begins with; beside the mark of a created database it is a loss.
    service.database.write_bytes(b"")
    with pytest.raises(StorageFailed, match="is empty or missing"):
        Application(config.load(service.config)).migrate()
    service.database.unlink()
    with pytest.raises(StorageFailed, match="is empty or missing"):
        Application(config.load(service.config)).migrate()

    service.database.write_bytes(whole)
    service.start()


def test_an_emptied_database_of_an_earlier_version_is_a_loss(tmp_path: Path):
    """Earlier versions left another file beside the database, which goes once the database has its mark."""
    service = RunningService(tmp_path)
    earlier = [tmp_path / name for name in ("queue.db", "queue.db-wal")]
    for path in earlier:
        path.write_bytes(b"names of batches")
    application = Application(config.load(service.config))
    with pytest.raises(StorageFailed, match="is empty or missing") as refused:
        application.migrate()
    assert str(earlier[0]) in str(refused.value.remedy)
    earlier[0].unlink()
    application.migrate()
    assert not any(path.exists() for path in earlier)
    service.database.unlink()
    with pytest.raises(StorageFailed, match="is empty or missing"):
        Application(config.load(service.config)).migrate()


def test_a_mark_that_cannot_be_written_keeps_the_older_one(tmp_path: Path):
    """The database is migrated all the same, and the file of an earlier version still shows that it was created."""
    service = RunningService(tmp_path)
    mark = tmp_path / f"{service.database.name}.created"
    mark.symlink_to(tmp_path / "missing" / "mark")
    application = Application(config.load(service.config))
    application.migrate()
    earlier = tmp_path / "queue.db"
    earlier.write_bytes(b"names of batches")
    application.migrate()
    assert earlier.exists()
    mark.unlink()
    application.migrate()
    assert mark.stat().st_size and not earlier.exists()


def test_starts_on_a_full_disk(tmp_path: Path):
    with small_disk(tmp_path / "disk", "64k") as disk:
        service = RunningService(tmp_path)
        service.configure(database_url=f"sqlite:///{disk.folder}/catalog-mail.db", key_file=str(disk.folder / "key"))
        disk.fill()
        refuses_to_start(service, "key", says="on a disk with free space")
        with pytest.raises(StorageFailed, match="is full"):
            Application(config.load(service.config)).migrate()


# -- a database server


def operations(service: RunningService) -> Iterator[tuple[str, str]]:
    """Yield method and address of each operation of the description, with values in place of its parameters."""
    for path, methods in service.call("GET", "/openapi.json", role=None).json()["paths"].items():
        for method, operation in methods.items():
            assert "503" in operation["responses"] or path.endswith(("/live", "/metrics")), f"{method} {path}"
            address = path
            for parameter in operation.get("parameters", []):
                address = address.replace(f"{{{parameter['name']}}}", "01jd3k5g6h7j8k9m0n1p2q3r4s")
            yield method.upper(), address


def every_answer_tells(service: RunningService, *codes: str) -> None:
    """Send each operation, and check that none hides the failure of storage; links of mails need no database to be refused."""
    headers = {"Authorization": f"Bearer {service.tokens['server_admin']}", "X-Catalog-User": "jane"}
    for method, path in operations(service):
        if "/unsubscribe/" in path or "/health" in path or path.endswith("/metrics"):
            continue
        is_told(requests.request(method, service.url + path, headers=headers, json={}, timeout=60), *codes)


@pytest.fixture
def relayed(postgresql: str, make_service: Callable[..., RunningService]) -> Iterator[tuple[RunningService, Relay]]:
    """Return a service that reaches PostgreSQL through a relay."""
    address = urlsplit(postgresql)
    with Relay(address.port or 0) as relay:
        yield make_service(database_url=postgresql.replace(f":{address.port}/", f":{relay.port}/")), relay


def test_faults_of_a_database_server(relayed: tuple[RunningService, Relay], postgresql: str):
    service, relay = relayed
    stores_again(service)
    with service.syncing():
        wait_until(lambda: service.call("GET", "/replies/sync").json()["workers"], "no reader of replies reports")
        takes_away_and_brings_back(service, relay)
    with service.syncing():  # its stop ends with status 0 although it cannot withdraw its report
        wait_until(lambda: service.call("GET", "/replies/sync").json()["workers"], "no reader of replies reports")
        relay.cut()
    relay.mend()
    refuses_in_other_ways(service, postgresql)
    log = service.log.read_text()
    assert "Traceback" not in log, log
    assert len(log) < 30_000, log
    assert postgres.PASSWORD not in log


def takes_away_and_brings_back(service: RunningService, relay: Relay) -> None:
    relay.cut()
    is_told(post(service), "storage-away")
    keys = Cipher.from_file(service.folder / "key").derived(UNSUBSCRIBE)
    page = requests.post(f"{service.url}/unsubscribe/{make_token(keys, 'a@corp.test', Kind.MENTION)}", timeout=60)
    assert (page.status_code, page.headers["Retry-After"]) == (503, "10")
    assert "Please try again later" in page.text and "127.0.0.1" not in page.text
    is_failing(service, "storage-away")
    every_answer_tells(service, "storage-away")
    refuses_to_start(service, "serve", says="Start the database server")
    relay.mend()
    stores_again(service)


def refuses_in_other_ways(service: RunningService, postgresql: str) -> None:
    server, _, name = postgresql.rpartition("/")
    with psycopg.connect(f"{server}/postgres", autocommit=True) as admin:

        def change(how: str) -> None:
            admin.execute(f'ALTER DATABASE "{name}" {how}')
            admin.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s", [name])

        change("SET default_transaction_read_only = on")
        wait_until(lambda: post(service).status_code == 503, "a read-only server is not noticed")
        is_told(post(service), "storage-standby")
        is_failing(service, "storage-standby")
        change("RESET default_transaction_read_only")
        stores_again(service)

        change("ALLOW_CONNECTIONS false")
        is_told(post(service), "storage-starting", "storage-away")
        change("ALLOW_CONNECTIONS true")
        stores_again(service)
