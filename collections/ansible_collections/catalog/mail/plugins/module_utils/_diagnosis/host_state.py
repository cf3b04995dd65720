# Copyright (c) 2026 The catalog.mail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to this collection: it may change without notice.
"""Read the state of a host through an object that runs commands and reads files. Decides nothing."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import List, Optional, Protocol, Sequence, Tuple

from .._mail.maillog import QueueEntry, read_queue

DATA_DIRECTORIES = ("/var/lib/catalog-mail", "/var/spool/postfix")
"""Folders whose disks must have free space: those of the application and of Postfix."""
UNIT = "catalog-mail.service"
LOG_FILES = ("/var/log/mail.log", "/var/log/maillog")
LOG_DAYS = 7
"""Days of the journal that are searched for a message."""
JOURNAL_LINES = 15
MISSING = 127
"""The exit status of a command that is not installed."""

_TROUBLE = re.compile(r"\b(?:fatal|error|panic): (.*)")


class Host(Protocol):
    """Runs commands and reads files; never raises for a missing command, a missing file or a refused access."""

    @property
    def root(self) -> bool:
        """Whether commands run as root."""

    def run(self, command: Sequence[str]) -> Tuple[int, str, str]:
        """Return status, output and errors; the status is MISSING when there is no such command."""

    def tail(self, path: str) -> str:
        """Return the end of a text file; empty when it cannot be read."""

    def space(self, path: str) -> Optional[Tuple[int, int]]:
        """Return the free and all bytes of a folder's disk; None when the folder cannot be read."""


@dataclass(frozen=True)
class PostfixState:
    """Postfix on the host. ``running`` is None when only root could tell; ``trouble`` is its error about the configuration."""

    installed: bool
    running: Optional[bool] = None
    trouble: str = ""
    queue: Tuple[QueueEntry, ...] = ()
    helo: str = ""


@dataclass(frozen=True)
class Disk:
    """Bytes of the disk that holds a folder."""

    folder: str
    free: int
    total: int


@dataclass(frozen=True)
class HostState:
    """The state of a host. ``synchronized``: the clock; None when unknown. ``journal``: last lines of a service that is down.

    ``service`` is systemd's state of the application's unit; empty when the host has none.
    """

    postfix: PostfixState
    disks: Tuple[Disk, ...] = ()
    synchronized: Optional[bool] = None
    service: str = ""
    journal: Tuple[str, ...] = ()


def read_state(host: Host, config_directory: str) -> HostState:
    """Read the whole state."""
    disks = [(folder, host.space(folder)) for folder in DATA_DIRECTORIES]
    service = _service(host)
    return HostState(
        postfix=_postfix(host, config_directory),
        disks=tuple(Disk(folder, *space) for folder, space in disks if space),
        synchronized=_synchronized(host),
        service=service,
        journal=_journal(host) if service == "failed" else (),
    )


def read_message_log(host: Host, message_id: str) -> str:
    """Return the lines of the mail log that can be about a message: from the journal, else the end of a log file."""
    names = _grep(host, re.escape(message_id).replace("\\<", "<").replace("\\>", ">"))
    queue_ids = sorted(set(re.findall(r"\]: ([0-9A-Za-z]{5,30}): ", names)))
    if queue_ids:
        return _grep(host, "|".join(queue_ids[:20]))
    return next((text for text in map(host.tail, LOG_FILES) if message_id.lower() in text.lower()), "")


def _grep(host: Host, pattern: str) -> str:
    """Return the lines of the facility mail (2, RFC 5424) that match."""
    code, out, _err = host.run([
        "journalctl", "--quiet", "--no-pager", "-o", "short-iso", f"--since=-{LOG_DAYS}d", "--case-sensitive=no",
        f"--grep={pattern}", "SYSLOG_FACILITY=2"])
    return out if code == 0 else ""


def _postfix(host: Host, directory: str) -> PostfixState:
    code, _out, _err = host.run(["postconf", "-c", directory, "-d", "-h", "mail_version"])
    if code:
        return PostfixState(installed=False)
    running, _out, _err = host.run(["postfix", "-c", directory, "status"])
    code, _out, errors = host.run(["postmap", "-c", directory, "-q", "x", "inline:{x=y}"])
    _code, queue, _err = host.run(["postqueue", "-c", directory, "-j"])
    _code, helo, _err = host.run(["postconf", "-c", directory, "-x", "-h", "-o", "inet_interfaces=", "smtp_helo_name"])
    return PostfixState(
        installed=True,
        running=running == 0 if host.root else None,
        trouble=_trouble(errors) if code else "",
        queue=tuple(read_queue(queue)),
        helo=helo.strip(),
    )


def _trouble(errors: str) -> str:
    lines: List[str] = [match.group(1) for match in map(_TROUBLE.search, errors.splitlines()) if match]
    return lines[-1].strip() if lines else " ".join(errors.split())


def _synchronized(host: Host) -> Optional[bool]:
    code, out, _err = host.run(["timedatectl", "show", "--property=NTPSynchronized", "--value"])
    return {"yes": True, "no": False}.get(out.strip()) if code == 0 else None


def _service(host: Host) -> str:
    code, out, _err = host.run(["systemctl", "show", "--property=LoadState,ActiveState", UNIT])
    values = dict(line.split("=", 1) for line in out.splitlines() if "=" in line) if code == 0 else {}
    return values.get("ActiveState", "") if values.get("LoadState") == "loaded" else ""


def _journal(host: Host) -> Tuple[str, ...]:
    _code, out, _err = host.run(
        ["journalctl", "--quiet", "--no-pager", "-o", "cat", f"--lines={JOURNAL_LINES}", f"--unit={UNIT}"])
    return tuple(out.splitlines())
