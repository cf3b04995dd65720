# Copyright (c) 2026 The catalog.mail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Exchange Online's limit of thirty messages a minute of a mailbox, in all processes of a host."""

from __future__ import annotations

import errno
import multiprocessing
import os
from collections.abc import Callable
from dataclasses import replace
from multiprocessing.pool import Pool
from pathlib import Path
from typing import NoReturn

import pytest
from catalog_mail.adapters.graph import message_rate
from catalog_mail.adapters.graph.apps import Apps
from catalog_mail.adapters.graph.message_rate import MESSAGES, PERIOD, MessageRate
from catalog_mail.domain.settings.servers import GraphServer

SERVER = GraphServer(
    "a@corp.test", "tenant", "client", "https://login.corp.test", "https://graph.corp.test", "interactions.microsoft"
)
OTHER = replace(SERVER, mailbox="b@corp.test")


@pytest.fixture
def at(monkeypatch: pytest.MonkeyPatch) -> Callable[[float], None]:
    """Set the time."""
    now = [1000.0]
    monkeypatch.setattr(message_rate.time, "monotonic", lambda: now[0])
    return lambda seconds: now.__setitem__(0, 1000.0 + seconds)


@pytest.fixture(params=["shared", "own"])
def folder(request: pytest.FixtureRequest, tmp_path: Path) -> Path | None:
    """Return a folder for the times, or none."""
    return tmp_path if request.param == "shared" else None


def use_up(rate: MessageRate) -> None:
    for _ in range(MESSAGES):
        assert rate.reserve() == 0


def test_thirty_messages_in_any_minute(at: Callable[[float], None], folder: Path | None) -> None:
    rate = MessageRate(folder, SERVER)
    for number in range(MESSAGES):
        at(number)
        assert rate.reserve() == 0
    assert rate.reserve() == PERIOD - MESSAGES + 1
    at(PERIOD)
    assert rate.reserve() == 0
    assert rate.reserve() == pytest.approx(1)


def test_no_message_is_sent_during_retry_after(at: Callable[[float], None], folder: Path | None) -> None:
    rate = MessageRate(folder, SERVER)
    rate.close(10)
    rate.close(3)
    assert rate.reserve() == 10
    at(10)
    assert rate.reserve() == 0


@pytest.mark.parametrize(
    "change", [{"tenant_id": "TENANT"}, {"tenant_id": "corp.test"}, {"client_id": "other"}, {"mailbox": "A@Corp.test"}], ids=str
)
def test_another_spelling_is_the_same_mailbox(folder: Path | None, change: dict[str, str]) -> None:
    apps = Apps(folder)
    assert apps.rate(SERVER) is apps.rate(replace(SERVER, **change))
    assert apps.rate(SERVER) is not apps.rate(OTHER)
    use_up(apps.rate(SERVER))
    assert apps.rate(OTHER).reserve() == 0
    if folder:  # as in another process
        assert MessageRate(folder, replace(SERVER, **change)).reserve() > 0


def turns(folder: Path) -> int:
    """In a separate process: return how many of forty turns were given."""
    rate = MessageRate(folder, SERVER)
    return sum(rate.reserve() == 0 for _ in range(40))


def test_processes_share_the_limit(tmp_path: Path) -> None:
    with Pool(4, context=multiprocessing.get_context("fork")) as pool:
        assert sum(pool.map(turns, [tmp_path] * 8, chunksize=1)) == MESSAGES


def test_the_limit_outlives_the_process(at: Callable[[float], None], tmp_path: Path) -> None:
    use_up(MessageRate(tmp_path, SERVER))
    MessageRate(tmp_path, OTHER).close(70)
    at(1)
    assert MessageRate(tmp_path, SERVER).reserve() == PERIOD - 1
    assert MessageRate(tmp_path, OTHER).reserve() == 69


def test_times_before_the_last_start_of_the_host_are_forgotten(at: Callable[[float], None], tmp_path: Path) -> None:
    """The monotonic clock begins again with the host: times of the run before can be far ahead of it."""
    use_up(MessageRate(tmp_path, SERVER))
    MessageRate(tmp_path, SERVER).close(10_000)
    at(-990)
    rate = MessageRate(tmp_path, SERVER)
    use_up(rate)
    assert rate.reserve() == PERIOD


@pytest.mark.parametrize("content", [b"", b"x", b"\xff" * 256, b"\0" * 256, b"x" * 300], ids=lambda content: content[:2].hex())
def test_a_damaged_file_counts_as_new(tmp_path: Path, content: bytes) -> None:
    MessageRate(tmp_path, SERVER)
    (file,) = tmp_path.iterdir()
    file.write_bytes(content)
    use_up(MessageRate(tmp_path, SERVER))
    assert MessageRate(tmp_path, SERVER).reserve() > 0


@pytest.mark.parametrize("call", ["open", "pwrite"])
@pytest.mark.parametrize("code", [errno.ENOSPC, errno.EDQUOT, errno.EROFS], ids=errno.errorcode.get)
def test_a_full_disk_stops_no_message(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, call: str, code: int) -> None:
    def fail(*_arguments: object) -> NoReturn:
        raise OSError(code, os.strerror(code))

    monkeypatch.setattr(message_rate.os, call, fail)
    assert MessageRate(tmp_path, SERVER).reserve() == 0


def test_the_file_is_private(tmp_path: Path) -> None:
    MessageRate(tmp_path, SERVER)
    (file,) = tmp_path.iterdir()
    assert file.stat().st_mode & 0o777 == 0o600
    assert "corp" not in file.name
