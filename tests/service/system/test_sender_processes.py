# Copyright (c) 2026 The catalog.mail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The service sends in processes of their own: one unit, one stop, one end."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import sqlite3
import time
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from catalog_mail.bootstrap import forking, sending
from helpers.bench.process_costs import tree
from helpers.service.notification_client import delivery_of
from helpers.service.process import RunningService, started_service, through
from helpers.service.smtp_sink import MailSink
from helpers.systemd import NotifySocket
from helpers.waiting import PATIENCE, wait_until

MESSAGE = {"kind": "message", "recipients": [{"address": "a@corp.test"}], "subject": "A message", "text": "Text."}


def senders(service: RunningService) -> list[int]:
    """Return the processes that send."""
    assert service.process
    return tree(service.process.pid)[1:]


def wait_until_gone(pids: list[int]) -> None:
    wait_until(lambda: not any(Path(f"/proc/{pid}").exists() for pid in pids), f"{pids} live on")


def states(service: RunningService) -> set[str]:
    """Return the states of all deliveries."""
    with contextlib.closing(sqlite3.connect(service.database)) as database:
        return {state for (state,) in database.execute("SELECT DISTINCT state FROM deliveries")}


@pytest.fixture(scope="module", autouse=True)
def frozen(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningService]:
    """Run a service with a sender that hangs: it counts as hanging after two minutes, in which other tests of this file run."""
    with started_service(tmp_path_factory.mktemp("frozen")) as service:
        os.kill(senders(service)[0], signal.SIGSTOP)
        yield service


def post(service: RunningService, number: int = 1) -> None:
    for _ in range(number):
        assert service.call("POST", "/notifications", MESSAGE, role="catalog").status_code == 202


def test_as_many_processes_as_processors(service: RunningService) -> None:
    assert len(senders(service)) == len(sending.shares(16, forking.processors()))


def test_no_more_processes_than_messages_at_a_time(make_service: Callable[..., RunningService]) -> None:
    service = make_service(queue={"concurrency": 1})
    assert len(senders(service)) == 1


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGSEGV], ids=lambda number: number.name)
def test_the_service_ends_with_a_sender(
    make_service: Callable[..., RunningService], sink: MailSink, number: signal.Signals
) -> None:
    """With a lease of an hour: the next start frees what the sender had leased."""
    service = make_service(queue={"takeover_after": 3600})
    assert service.save(through(sink.port)).status_code == 200
    sink.holding = True
    post(service, 30)
    wait_until(lambda: "sending" in states(service), "no message is being sent")
    pids = senders(service)
    os.kill(pids[0], number)
    sink.holding = False
    assert service.process
    assert service.process.wait(PATIENCE) == 1, "systemd restarts a service that failed"
    wait_until_gone(pids)
    assert f"sender process {pids[0]} ended by itself ({number.name}); the service stops" in service.log.read_text()
    service.start()
    wait_until(lambda: states(service) == {"sent"}, service.log.read_text)
    arrived = Counter(delivery_of(message["Message-ID"]) for message in sink.messages)
    assert len(arrived) == 30
    assert sum(count - 1 for count in arrived.values()) <= 16, "only messages in progress are repeated"


@pytest.mark.parametrize("to_all", [False, True], ids=["the service", "all its processes"])
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT], ids=lambda number: number.name)
def test_a_stop_finishes_the_message_in_progress(
    service: RunningService, sink: MailSink, number: signal.Signals, to_all: bool
) -> None:
    """A terminal sends SIGINT to all processes, and systemd SIGTERM."""
    begun = sink.answer_slowly(1)
    assert service.save(through(sink.port)).status_code == 200
    post(service)
    assert begun.wait(PATIENCE)
    assert service.process
    pids = senders(service)
    for pid in [service.process.pid, *pids] if to_all else [service.process.pid]:
        os.kill(pid, number)
    assert service.process.wait(PATIENCE) == 0
    wait_until_gone(pids)
    assert len(sink.taken) == 1
    service.start()
    time.sleep(1.5)
    assert len(sink.taken) == 1


def test_no_process_outlives_a_killed_service(service: RunningService, sink: MailSink) -> None:
    assert service.save(through(sink.port)).status_code == 200
    pids = senders(service)
    service.kill()
    wait_until_gone(pids)


def test_no_process_outlives_a_service_that_cannot_listen(service: RunningService) -> None:
    before = set(Path("/proc").glob("[0-9]*"))
    assert service.command("serve").returncode == 1
    left = [folder for folder in set(Path("/proc").glob("[0-9]*")) - before if str(service.config) in _command(folder)]
    assert left == []


def _command(folder: Path) -> str:
    try:
        return (folder / "cmdline").read_text()
    except OSError:
        return ""


def test_no_sender_holds_the_port(service: RunningService) -> None:
    """A service that stops refuses connections at once."""
    for pid in senders(service):
        ports = [line.split()[1].rpartition(":")[2] for line in _sockets_of(pid)]
        assert f"{service.port:04X}" not in ports


def _sockets_of(pid: int) -> list[str]:
    mine = {os.readlink(entry).removeprefix("socket:[").rstrip("]") for entry in Path(f"/proc/{pid}/fd").iterdir()}
    return [line for line in Path(f"/proc/{pid}/net/tcp").read_text().splitlines()[1:] if line.split()[9] in mine]


def test_only_the_service_itself_reports_to_systemd(
    make_service: Callable[..., RunningService], tmp_path: Path
) -> None:
    systemd = NotifySocket(tmp_path / "notify")
    service = make_service(start=False)
    service.prepare()
    with systemd.environment():
        service.start(wait=False)
    assert systemd.next() == "READY=1"
    for pid in senders(service):
        os.kill(pid, signal.SIGTERM)
    assert service.stop() == 0
    assert systemd.next() == "STOPPING=1"


def test_a_sender_that_hangs_is_named(frozen: RunningService) -> None:
    """In health, and by the diagnosis."""

    def is_named() -> bool:
        reasons = frozen.call("GET", "/health", role=None).json()["reasons"]
        return "queue-not-running" in {reason["code"] for reason in reasons}

    wait_until(is_named, frozen.log.read_text)
    diagnosed = frozen.command("diagnose", "--json")
    assert "queue-not-running" in {one["id"] for one in json.loads(diagnosed.stdout)["findings"]}, diagnosed.stderr
