# Copyright (c) 2026 The catalog.mail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to this collection: it may change without notice.
"""Read Postfix's queue and log for one message. An edge: it decides nothing."""

from __future__ import annotations

import os
from typing import Dict, List, Optional, Sequence, Set, Tuple

from .maillog import Evidence, QueueEntry, candidates, read_log, read_queue
from .message import MailUnderTest

SBIN = ["/usr/sbin", "/usr/local/sbin"]
LOG_FILES = ("/var/log/mail.log", "/var/log/maillog", "/var/log/mail")
MAX_LOG = 1024 * 1024
"""Bytes at the end of a log file that are read."""
MAX_CANDIDATES = 20
"""Messages of the queue whose headers are read to find the test e-mail."""


def postconf(module, config_directory: str, names: Sequence[str]) -> Dict[str, str]:
    """Return parameters of Postfix with their references resolved; unreadable parameters are missing."""
    path = module.get_bin_path("postconf", opt_dirs=SBIN)
    if not path:
        return {}
    # postconf fails when inet_interfaces names an address that the host no longer has: override the parameter.
    code, out, _err = module.run_command(
        [path, "-c", config_directory, "-x", "-o", "inet_interfaces=", *names],
        environ_update={"LC_ALL": "C"}, errors="replace"
    )
    rows = [line.partition("=") for line in out.splitlines()] if code == 0 else []
    return {name.strip(): value.strip() for name, equals, value in rows if equals}


def look_up(module, config_directory: str, table: str, key: str) -> Optional[str]:
    """Return the value that a lookup table of Postfix has for a key; None without an entry, or when it cannot be read."""
    path = module.get_bin_path("postmap", opt_dirs=SBIN)
    if not path:
        return None
    code, out, _err = module.run_command(
        [path, "-c", config_directory, "-q", key, table], environ_update={"LC_ALL": "C"}, errors="replace")
    return out.rstrip("\n") if code == 0 else None


class Traces:
    """Follows one message through one instance of Postfix."""

    def __init__(self, module, config_directory: str, message: MailUnderTest, since: float) -> None:
        """``since`` is the time of handing over, in seconds since 1970."""
        self._module = module
        self._config_directory = config_directory
        self._message = message
        self._since = since
        self._own: List[str] = []
        self._log_files: Sequence[str] = LOG_FILES
        own_file = postconf(module, config_directory, ("maillog_file",)).get("maillog_file", "")
        if own_file.startswith("/") and not own_file.startswith("/dev/"):
            self._log_files = (own_file, *LOG_FILES)
        self._foreign: Set[str] = set()

    def look(self) -> Evidence:
        """Read queue and log."""
        text, recent = self._log()
        log = read_log(text, self._message.message_id, self._own, recent)
        self._own = list(log.queue_ids)
        if log.outcome and log.outcome.status == "sent":
            return Evidence(True, False, None, log)  # A queue may hold many thousand messages: read it only when needed.
        readable, down, entries = self._queue()
        return Evidence(readable, down, self._own_entry(entries), log)

    def remove(self) -> Tuple[str, ...]:
        """Delete the message from the queue; return the deleted queue ids."""
        path = self._module.get_bin_path("postsuper", opt_dirs=SBIN)
        if not path:
            return ()
        gone = []
        for entry in self._queue()[2]:
            if entry.queue_id in self._own:
                code, _out, _err = self._run([path, *self._instance(), "-d", entry.queue_id, entry.queue_name])
                gone += [entry.queue_id] if code == 0 else []
        return tuple(gone)

    def _instance(self) -> List[str]:
        return ["-c", self._config_directory]

    def _run(self, command: Sequence[str]) -> Tuple[int, str, str]:
        return self._module.run_command(list(command), environ_update={"LC_ALL": "C"}, errors="replace")

    def _queue(self) -> Tuple[bool, bool, List[QueueEntry]]:
        """Return whether the queue could be read, whether Postfix is stopped, and the entries."""
        path = self._module.get_bin_path("postqueue", opt_dirs=SBIN)
        if not path:
            return False, False, []
        code, out, err = self._run([path, *self._instance(), "-j"])
        return code == 0, "mail system is down" in err.lower(), read_queue(out) if code == 0 else []

    def _own_entry(self, entries: Sequence[QueueEntry]) -> Optional[QueueEntry]:
        """Return the message's entry: by a known queue id, else by the Message-ID in its headers.

        Only root may read the headers. For other users the entry with the message's sender and recipient is shown, but
        not treated as proven, since another message must never be deleted.
        """
        for entry in entries:
            if entry.queue_id in self._own:
                return entry
        unseen = [
            entry for entry in candidates(entries, self._message.sender, self._message.recipient, self._since)
            if entry.queue_id not in self._foreign
        ]
        likely = None
        for entry in unseen[:MAX_CANDIDATES]:
            headers = self._headers(entry)
            if self._message.message_id in headers:
                self._own.append(entry.queue_id)
                return entry
            if headers:
                self._foreign.add(entry.queue_id)
            elif (entry.sender, entry.recipients) == (self._message.sender, (self._message.recipient,)):
                likely = entry
        return likely

    def _headers(self, entry: QueueEntry) -> str:
        """Return the headers of a message in the queue; empty when they cannot be read."""
        path = self._module.get_bin_path("postcat", opt_dirs=SBIN)
        code, out, _err = self._run([path, *self._instance(), "-hq", entry.queue_id]) if path else (1, "", "")
        return out if code == 0 else ""

    def _log(self) -> Tuple[str, bool]:
        """Return the mail log and whether it begins at the submission: the journal does, the tail of a file does not."""
        path = self._module.get_bin_path("journalctl")
        if path:
            # Facility 2 is mail (RFC 5424), for every syslog_name of an instance.
            code, out, _err = self._run(
                [path, "--quiet", "--no-pager", "-o", "short-iso", f"--since=@{self._since:.3f}",
                 "SYSLOG_FACILITY=2"]
            )
            if code == 0 and out.strip():
                return out, True
        for name in self._log_files:
            text = tail(name)
            if text:
                return text, False
        return "", False


def tail(path: str) -> str:
    """Return the end of a file; empty when it cannot be read."""
    try:
        with open(path, "rb") as stream:
            stream.seek(0, os.SEEK_END)
            stream.seek(max(0, stream.tell() - MAX_LOG))
            return stream.read(MAX_LOG).decode("utf-8", "replace")
    except OSError:
        return ""
