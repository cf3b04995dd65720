# Copyright (c) 2026 The catalog.mail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The running service opens no other connection, listens on no other port, and logs nothing confidential."""

from __future__ import annotations

import os
import re
import time
from collections.abc import Callable
from pathlib import Path

from helpers.bench.process_costs import tree
from helpers.service.process import RunningService, through
from helpers.service.smtp_sink import MailSink

LISTENING, ESTABLISHED = "0A", "01"


def sockets(pid: int) -> list[tuple[str, str, int, int]]:
    """Return state, remote address, local port and remote port of each TCP socket of a process (proc(5))."""
    mine = set()
    for entry in Path(f"/proc/{pid}/fd").iterdir():
        try:
            found = re.fullmatch(r"socket:\[(\d+)\]", os.readlink(entry))
        except FileNotFoundError:
            continue
        if found:
            mine.add(found[1])
    rows = []
    for table in ("tcp", "tcp6"):
        for line in Path(f"/proc/{pid}/net/{table}").read_text().splitlines()[1:]:
            words = line.split()
            if words[9] in mine:
                remote, _, remote_port = words[2].partition(":")
                rows.append((words[3], remote, int(words[1].rpartition(":")[2], 16), int(remote_port, 16)))
    return rows


def test_it_uses_only_its_port_and_the_mail_server(service: RunningService, sink: MailSink) -> None:
    assert service.save(through(sink.port)).status_code == 200
    assert service.process
    called: set[int] = set()
    listening: set[int] = set()
    for number in range(20):
        body = {"kind": "message", "recipients": [{"address": "a@corp.test"}], "subject": f"{number}", "text": "Text."}
        assert service.call("POST", "/notifications", body, role="catalog").status_code == 202
        for state, _remote, port, remote_port in (row for pid in tree(service.process.pid) for row in sockets(pid)):
            if state == LISTENING:
                listening.add(port)
            elif port != service.port:
                called.add(remote_port)
        time.sleep(0.1)
    sink.wait_for(20)
    assert listening == {service.port}
    assert called == {sink.port}


def test_the_log_holds_no_confidential_data(
    make_service: Callable[..., RunningService], sink: MailSink
) -> None:
    service = make_service(queue={"retry_first_seconds": 1})
    answers = iter(["451 4.3.0 Try again", "550 5.7.1 Refused"])
    sink.answer = lambda _envelope: next(answers, "250 2.0.0 Ok: taken")
    assert service.save(through(sink.port)).status_code == 200
    for number in range(3):
        body = {"kind": "message", "recipients": [{"address": f"elephant{number}@corp.test"}],
                "subject": "A mauve elephant", "text": "A mauve elephant."}  # fmt: skip
        assert service.call("POST", "/notifications", body, role="catalog").status_code == 202
    sink.wait_for(2)
    service.stop()
    written = service.log.read_bytes()
    assert b"451 4.3.0" in written or b"failed, again at" in written
    assert b"elephant" not in written
    for token in service.tokens.values():
        assert token.encode() not in written
