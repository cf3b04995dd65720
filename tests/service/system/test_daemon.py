# Copyright (c) 2026 The catalog.mail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The running service under systemd: it reports readiness, and a stop interrupts nothing."""

from __future__ import annotations

import os
import re
import signal
import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest
import requests
from helpers.service.process import RunningService, through
from helpers.service.smtp_sink import MailSink
from helpers.systemd import NotifySocket
from helpers.waiting import PATIENCE


@pytest.fixture
def systemd(tmp_path: Path) -> NotifySocket:
    """Return systemd's end of a service."""
    return NotifySocket(tmp_path / "notify")


def test_ready_is_reported_when_requests_are_answered(make_service: Callable[..., RunningService], systemd: NotifySocket):
    service = make_service(start=False)
    service.prepare()
    with systemd.environment():
        service.start(wait=False)
    assert systemd.next() == "READY=1"
    assert requests.get(f"{service.url}/api/v1/health", timeout=PATIENCE).json()["ready"] is True
    assert service.stop() == 0
    assert systemd.next() == "STOPPING=1"


def test_a_hang_that_systemd_ends_shows_its_place(
    make_service: Callable[..., RunningService], prepared: RunningService, systemd: NotifySocket
):
    """systemd ends a process without beats by SIGABRT: the log has the stack of each thread, without values."""
    service = make_service(start=False)
    service.adopt(prepared)
    for command in ("serve", "reply-sync"):
        with systemd.environment():
            process = service.background(command)
        systemd.wait_ready()
        process.send_signal(signal.SIGABRT)
        assert process.wait(PATIENCE) == -signal.SIGABRT
        assert re.search(r"Fatal Python error: Aborted.*Current thread.*in main", service.log.read_text(), flags=re.DOTALL)
        service.log.unlink()


def test_a_stop_finishes_the_message_in_progress(service: RunningService, sink: MailSink):
    begun = sink.answer_slowly(1.5)
    assert service.save(through(sink.port)).status_code == 200
    accepted = service.call("POST", "/notifications", {
        "kind": "message", "subject": "Slow", "text": "A slow server.", "recipients": [{"address": "alice@corp.test"}],
    })  # fmt: skip
    assert accepted.status_code == 202, accepted.text
    assert begun.wait(PATIENCE)
    assert service.stop() == 0
    assert len(sink.taken) == 1
    service.start()
    state = service.call("GET", f"/notifications/{accepted.json()['id']}").json()
    assert state["deliveries"][0]["state"] == "sent"
    time.sleep(1)
    assert len(sink.taken) == 1


def test_a_stop_answers_the_requests_that_are_open(service: RunningService, sink: MailSink):
    begun = sink.answer_slowly(1.5)
    answers: list[requests.Response] = []
    asking = threading.Thread(
        target=lambda: answers.append(service.save(through(sink.port), test={"recipient": "alice@corp.test"}))
    )
    asking.start()
    assert begun.wait(PATIENCE)
    assert service.stop() == 0
    asking.join(PATIENCE)
    assert [answer.status_code for answer in answers] == [200]


def test_a_port_that_is_taken_is_named(service: RunningService):
    refused = service.command("serve")
    assert refused.returncode == 1
    assert f"port {service.port}" in refused.stderr
    assert "ss -ltnp" in refused.stderr


def test_it_stops_before_it_is_ready(make_service: Callable[..., RunningService]):
    service = make_service(start=False)
    service.prepare()
    service.start(wait=False)
    assert service.process
    time.sleep(0.2)
    os.kill(service.process.pid, signal.SIGTERM)
    assert service.process.wait(PATIENCE) in (0, -signal.SIGTERM)
