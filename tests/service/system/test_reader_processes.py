# Copyright (c) 2026 The catalog.mail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Replies are read in processes of their own, with the same outcomes; no process outlives the others."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
from collections.abc import Iterator
from datetime import UTC, datetime
from itertools import islice
from typing import Any

import pytest
from catalog_mail.adapters import reader_processes
from catalog_mail.adapters.reader_processes import ReaderEnded, ReaderProcesses
from catalog_mail.bootstrap import forking, replying
from catalog_mail.domain.replies import outcome as outcomes
from catalog_mail.domain.replies.decision import Reading
from catalog_mail.domain.replies.mailbox import RawMessage
from catalog_mail.domain.replies.outcome import ReadingFailed
from catalog_mail.domain.replies.reply import NotPosted
from helpers.bench.process_costs import tree
from helpers.service.decision_cost import POLICY, message
from helpers.service.dovecot import Dovecot
from helpers.service.process import RunningService
from helpers.service.reply_roundtrip import RoundTrip, answer
from helpers.service.smtp_sink import MailSink
from helpers.waiting import PATIENCE, wait_until

MANY = 40
NOW = datetime(2026, 11, 30, 9, 0, tzinfo=UTC)
LARGE = b"A line of a large message.\r\n" * 12_000
BOUNCE = b"From: <>\r\nTo: replies@corp.test\r\nContent-Type: multipart/report; boundary=x\r\n\r\n--x\r\n\r\n--x--\r\n"


def raw(key: str, content: bytes) -> RawMessage:
    return RawMessage(key, content, len(content), NOW)


def messages(number: int = MANY) -> list[RawMessage]:
    """Return ordinary replies, with a large one and a bounce among them."""
    found = [raw(str(place), message("text/plain", f"This is answer {place}.\r\n".encode())) for place in range(number)]
    found[3] = raw("3", message("text/plain", LARGE))
    found[5] = raw("5", BOUNCE)
    return found


@pytest.fixture
def readers() -> Iterator[ReaderProcesses]:
    found = ReaderProcesses(2)
    yield found
    found.close()


def test_processes_return_what_one_process_returns(readers: ReaderProcesses) -> None:
    assert len(LARGE) > reader_processes.LARGEST
    for number in (MANY, reader_processes.FEWEST + 1, 7):
        expected = list(ReaderProcesses(0).begin(messages(number), POLICY))
        assert list(readers.begin(messages(number), POLICY)) == expected
        read = [item.found.key for item in expected if isinstance(item.found, Reading)]
        assert read == [str(n) for n in range(number) if n != 5]
        assert isinstance(expected[5].found, NotPosted)


def test_outcomes_that_were_not_taken_are_dropped(readers: ReaderProcesses) -> None:
    earlier = readers.begin(messages(), POLICY)
    assert len(list(islice(earlier, 7))) == 7
    others = [raw(f"other {place}", message("text/plain", b"Yes.\r\n")) for place in range(MANY)]
    assert list(readers.begin(others, POLICY)) == list(ReaderProcesses(0).begin(others, POLICY))


def test_an_error_concerns_one_message_only(monkeypatch: pytest.MonkeyPatch) -> None:
    """The processes are forked with the analysis that fails."""
    read = outcomes.read_parsed

    def failing(message: RawMessage, *parsed: Any) -> object:
        if message.key == "8":
            raise RecursionError("too deep")
        return read(message, *parsed)

    monkeypatch.setattr(outcomes, "read_parsed", failing)
    with contextlib.closing(ReaderProcesses(2)) as readers:
        found = list(readers.begin(messages(), POLICY))
    failed = [place for place, item in enumerate(found) if isinstance(item.found, ReadingFailed)]
    assert failed == [8]
    assert isinstance(found[8].found, ReadingFailed)
    assert "RecursionError: too deep" in found[8].found.stack


def test_the_end_of_a_process_ends_this_one() -> None:
    others = set(tree(os.getpid()))
    with contextlib.closing(ReaderProcesses(1)) as readers:
        (pid,) = set(tree(os.getpid())) - others
        os.kill(pid, signal.SIGKILL)
        with pytest.raises(ReaderEnded) as ended:
            list(readers.begin(messages(), POLICY))
    assert ended.value.code == 1


@pytest.fixture
def roundtrip(service: RunningService, sink: MailSink, dovecot: Dovecot) -> RoundTrip:
    found = RoundTrip(service, sink, dovecot, dovecot.add_user())
    found.set_up()
    return found


def children(process: subprocess.Popen[bytes]) -> list[int]:
    """Return the readers of a process once it has them all."""
    number = min(forking.processors(), replying.MOST_READERS) if forking.processors() > 1 else 0

    def are_there() -> bool:
        return len(tree(process.pid)) == 1 + number

    wait_until(are_there, "there are no readers")
    return tree(process.pid)[1:]


def wait_until_gone(pids: list[int]) -> None:
    wait_until(lambda: not any(os.path.exists(f"/proc/{pid}") for pid in pids), f"{pids} live on")


def test_replies_are_posted_once_and_in_order_when_a_reader_dies(roundtrip: RoundTrip) -> None:
    conversation, mail = roundtrip.mention()
    process = roundtrip.service.background("reply-sync")
    pids = children(process)
    roundtrip.receive(answer(mail, "First."))
    roundtrip.wait_handled(1)
    if not pids:  # one processor: all is read in one process
        process.terminate()
        assert process.wait(PATIENCE) == 0
    else:
        os.kill(pids[0], signal.SIGKILL)
        texts = ["First.", *(f"Number {number}." for number in range(MANY))]
        process.send_signal(signal.SIGSTOP)  # so that the process finds all messages together
        for text in texts[1:]:
            roundtrip.receive(answer(mail, text))
        process.send_signal(signal.SIGCONT)
        assert process.wait(PATIENCE) == 1, "systemd restarts a service that failed"
        wait_until_gone(pids)
        assert f"reader process {pids[0]} ended by itself; the service stops" in roundtrip.service.log.read_text()
        with roundtrip.syncing():
            posts = roundtrip.replies(conversation, len(texts))
        assert [post["text"] for post in posts] == texts


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGKILL], ids=lambda number: number.name)
def test_no_reader_outlives_the_service(roundtrip: RoundTrip, number: signal.Signals) -> None:
    _conversation, mail = roundtrip.mention()
    process = roundtrip.service.background("reply-sync")
    pids = children(process)
    roundtrip.receive(answer(mail, "Yes."))
    roundtrip.wait_handled(1)
    for pid in pids:  # systemd sends the signal to every process: the main process decides about the end
        os.kill(pid, signal.SIGTERM)
    os.kill(process.pid, number)
    assert process.wait(PATIENCE) == (0 if number == signal.SIGTERM else -signal.SIGKILL)
    wait_until_gone(pids)
