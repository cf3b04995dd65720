# Copyright (c) 2026 The catalog.mail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to this collection: it may change without notice.
"""The commands, files and processes of Postfix. An edge: it reads and writes; it decides nothing."""

from __future__ import annotations

import hashlib
import json
import os
import time
from contextlib import contextmanager
from typing import Dict, Iterator, List, Optional, Sequence, Set, Tuple, Union

from .._core.errors import CommandFailed, PostfixRefused
from .._core.file_transaction import facts_of, let_cool_down, read_bytes, workspace, write_private
from .aliases import Aliases
from .lookup_table import COMPILED, Table, TableState, complaint, parse_table
from .main_cf import MainCf, folded
from .processes import children_of, has_dropped_root, is_master, proc_file, start_time_of

SBIN = ["/usr/sbin", "/sbin", "/usr/local/sbin"]
RUN_DIRECTORY = "/run/catalog-mail"
RELOAD_SECONDS = 10.0
LOG_TAGS = ("postfix", "postfix/master", "postfix/postfix-script", "postfix/qmgr")


class Postfix:
    """One instance of Postfix on this host, found by its configuration directory."""

    def __init__(self, module, config_directory: str) -> None:
        self._module = module
        self.config_directory = os.path.abspath(config_directory)
        self.main_cf_path = os.path.join(self.config_directory, "main.cf")
        self._paths: Dict[str, str] = {}
        self._defaults: Optional[Dict[str, str]] = None

    # Installation

    @property
    def installed(self) -> bool:
        """Whether Postfix is installed and this instance's main.cf exists."""
        return bool(self._module.get_bin_path("postconf", opt_dirs=SBIN)) and os.path.exists(self.main_cf_path)

    def command(self, name: str) -> str:
        """Return the path of one of Postfix's commands. Raises CommandFailed when it is missing."""
        if name not in self._paths:
            path = self._module.get_bin_path(name, opt_dirs=SBIN)
            if not path:
                raise CommandFailed(
                    f"Postfix is not installed on this host: there is no {name}. "
                    "Install the package postfix, or use the role catalog.mail.postfix, which does.")
            self._paths[name] = path
        return self._paths[name]

    def defaults(self) -> Dict[str, str]:
        """Return every parameter of this Postfix with its default; works with invalid files as well."""
        if self._defaults is None:
            code, out, err = self._run([self.command("postconf"), "-c", self.config_directory, "-d"])
            if code:
                raise CommandFailed(f"postconf -d failed: {_last_line(err)}")
            self._defaults = _assignments(out)
        return self._defaults

    def read_parameters(self) -> Tuple[Dict[str, str], List[str]]:
        """Return every parameter with its default, including those of the services in master.cf, and the table types.

        Works with an invalid main.cf as well, since Postfix's tools read an empty one.
        """
        with self._scratch(b"") as directory:
            parameters = self._printed(directory)
            types = self._printed(directory, "-m")
        self._defaults = {**_assignments(parameters), "config_directory": self.config_directory}
        return self._defaults, sorted(types.split())

    def table_types(self) -> List[str]:
        """Return the installed lookup table types (``postconf -m``), sorted."""
        with self._scratch(b"") as directory:
            return sorted(self._printed(directory, "-m").split())

    def _printed(self, directory: str, *words: str) -> str:
        """Return the output of postconf for a configuration directory."""
        code, out, err = self._run([self.command("postconf"), "-c", directory, *words])
        if code:
            raise CommandFailed(f"{' '.join(('postconf', *words))} failed: {_last_line(err)}")
        return out

    def main_cf(self) -> MainCf:
        """Read main.cf. Raises CommandFailed when it does not exist."""
        data = read_bytes(self.main_cf_path)
        if data is None:
            raise CommandFailed(
                f"{self.main_cf_path} does not exist. Install the package postfix, or name the directory "
                "of the instance in config_directory.")
        return MainCf.from_bytes(data)

    def _run(self, command: Sequence[str]) -> Tuple[int, str, str]:
        return self._module.run_command(list(command), environ_update={"LC_ALL": "C"}, errors="surrogateescape")

    # Validation of a configuration

    @contextmanager
    def _scratch(self, main_cf: bytes) -> Iterator[str]:
        """Create a configuration directory in the module's temporary folder: another main.cf, links to the other files.

        With an empty main.cf Postfix's tools also answer when they cannot read the real one.
        """
        with workspace(self._module.tmpdir) as directory:
            let_cool_down(write_private(directory, main_cf, "main.cf"))
            for name in ("master.cf", "dynamicmaps.cf", "dynamicmaps.cf.d"):
                source = os.path.join(self.config_directory, name)
                if os.path.exists(source):
                    os.symlink(source, os.path.join(directory, name))
            yield directory

    def problem_of(self, candidate: bytes) -> str:
        """Return Postfix's error for a main.cf with this content; empty without one.

        Writes only in the module's temporary folder. One of Postfix's tools finds invalid numbers, names and
        addresses, the other invalid references. The daemons are not started: each would leave a "fatal" line in the
        mail log; ``_postfix/parameters.py`` knows the types of their parameters.
        """
        with self._scratch(candidate) as directory:
            for command in (
                [self.command("postmap"), "-c", directory, "-q", "x", "inline:{x=y}"],
                [self.command("postconf"), "-c", directory, "-x"],
            ):
                code, _out, err = self._run(command)
                if code:
                    return self._readable(err, directory)
            return ""

    def mentions(self, path: str, main_cf: MainCf) -> bool:
        """Whether this main.cf or master.cf names the file, perhaps with a reference such as $config_directory in its path."""
        name = os.path.basename(path)
        return name in str(main_cf) or name in self.master_cf()

    def master_cf(self) -> str:
        """Return the text of master.cf; empty without one."""
        data = read_bytes(os.path.join(self.config_directory, "master.cf")) or b""
        return data.decode("utf-8", "surrogateescape")

    def resolved(self, candidate: bytes, names: Sequence[str]) -> Dict[str, str]:
        """Return parameters of a main.cf with this content, their references resolved; none when Postfix rejects it."""
        with self._scratch(candidate) as directory:
            code, out, _err = self._run([self.command("postconf"), "-c", directory, "-x", "-o", "inet_interfaces=", *names])
        return {} if code else _assignments(out)

    def _expanded(self, name: str, main_cf: MainCf) -> str:
        return main_cf.parameters.get(name) or self.defaults().get(name, "")

    def _readable(self, text: str, directory: str) -> str:
        lines = [line for line in text.splitlines() if "fatal:" in line or "error:" in line] or text.splitlines()
        message = lines[-1].strip() if lines else "it gave no reason"
        return message.replace(directory, self.config_directory).partition("fatal: ")[2] or message

    # Processes

    def running(self) -> bool:
        """Whether the master process of this instance is alive."""
        return self.master_pid() is not None

    def master_pid(self) -> Optional[int]:
        """Return the process id of the running master; None when Postfix is stopped."""
        queue = self._expanded("queue_directory", self.main_cf())
        text = (read_bytes(os.path.join(queue, "pid", "master.pid")) or b"").strip()
        if not text.isdigit():
            return None
        return int(text) if is_master(int(text)) else None

    def reload_pending(self) -> bool:
        """Whether the running daemons are older than main.cf, or than a table that they read once, and do not use it yet."""
        started = self._queue_manager_started()
        if started is None:
            return False
        noted = facts_of(self.reload_marker)
        # The inode's change time (ctime) of main.cf, since any process may set the modification time.
        return os.stat(self.main_cf_path).st_ctime > started + 0.02 or (noted is not None and noted.mtime_ns / 1e9 > started)

    def note_reload(self) -> None:
        """Record, until the next reload or start of Postfix, that its daemons do not see a table."""
        self._mark(self.reload_marker, "reload")

    def _queue_managers(self) -> List[int]:
        """Return the process ids of the queue manager; master starts a new one at each reload."""
        master = self.master_pid()
        children = children_of(master) if master else []
        return [pid for pid in children if proc_file(pid, "comm").strip() == b"qmgr"]

    def _queue_manager_started(self) -> Optional[float]:
        """Return the start time of the queue manager, in seconds since 1970; None while Postfix is stopped."""
        started = [start_time_of(pid) for pid in self._queue_managers()]
        return max(started) if started else None

    def restart_pending(self) -> bool:
        """Whether a parameter that only a start reads was written after the running master started."""
        marker = facts_of(self.restart_marker)
        pid = (read_bytes(self.restart_marker) or b"").strip()
        if not marker or not pid.isdigit() or not is_master(int(pid)):
            return False
        return marker.mtime_ns / 1e9 > start_time_of(int(pid))

    def note_restart(self) -> None:
        """Record, until the next start of Postfix or of the host, that the running master needs a restart.

        The record holds the process id, since the master cannot be found after a change of queue_directory.
        """
        master = self.master_pid()
        if master is None:
            return
        self._mark(self.restart_marker, str(master))

    @property
    def restart_marker(self) -> str:
        """Return the path of the file that records a needed restart."""
        return self._marker("restart")

    @property
    def reload_marker(self) -> str:
        """Return the path of the file that records a needed reload."""
        return self._marker("reload")

    def _marker(self, kind: str) -> str:
        name = hashlib.sha256(self.config_directory.encode()).hexdigest()[:16]
        return os.path.join(RUN_DIRECTORY, f"{kind}-{name}")

    def _mark(self, path: str, text: str) -> None:
        os.makedirs(RUN_DIRECTORY, mode=0o755, exist_ok=True)
        with open(path, "w", encoding="ascii") as stream:
            stream.write(f"{text}\n")

    def reload(self) -> None:
        """Reload Postfix. Raises PostfixRefused when the reload fails or Postfix ends after it."""
        asked = time.time()
        before = set(self._queue_managers())
        code, _out, err = self._run([self.command("postfix"), "-c", self.config_directory, "reload"])
        if code:
            raise PostfixRefused(
                f"postfix reload failed: {self._why(err, asked)}", stage="reload")
        self._await_queue_manager(before, asked)

    def _await_queue_manager(self, before: Set[int], asked: float) -> None:
        """Wait for the new queue manager, the first daemon that reads the new parameters.

        A queue manager with wrong parameters runs for a second longer, but ends before it drops root. Without a queue
        manager before the reload, a missing one is not an error.
        """
        seen: Set[int] = set()
        limit = time.monotonic() + RELOAD_SECONDS
        while time.monotonic() < limit:
            if not self.running():
                raise PostfixRefused(f"Postfix ended when it was reloaded: {self._why('', asked)}", stage="reload")
            new = set(self._queue_managers()) - before
            if any(has_dropped_root(pid) for pid in new):
                return
            if seen - new:
                break
            seen |= new
            time.sleep(0.05)
        if before:
            raise PostfixRefused(
                f"Postfix was reloaded, but has no queue manager any more: {self._why('', asked)}", stage="reload")

    def start(self) -> bool:
        """Start this instance; return whether it runs afterwards.

        Use systemd when a unit runs the instance: systemd would take an instance started by hand for stopped, and later
        restarts would do nothing.
        """
        systemctl = self._module.get_bin_path("systemctl")
        managed = self.config_directory == self._usual_directory()
        if systemctl and managed and os.path.isdir("/run/systemd/system"):
            self._run([systemctl, "restart", "postfix"])
        if not self.running():
            self._run([self.command("postfix"), "-c", self.config_directory, "start"])
        return self.running()

    def _usual_directory(self) -> str:
        """Return the configuration directory of the instance that the distribution's unit runs."""
        return self._run([self.command("postconf"), "-d", "-h", "config_directory"])[1].strip()

    def _why(self, err: str, since: float) -> str:
        """Return Postfix's reason, which Postfix writes only to the log when it has no terminal."""
        if err.strip():
            return _last_line(err)
        journal = self._module.get_bin_path("journalctl")
        if journal:
            time.sleep(0.2)  # the line appears in the journal after a moment
            tags = [f"--identifier={name}" for name in LOG_TAGS]
            _code, out, _err = self._run(
                [journal, "--quiet", "--no-pager", "-o", "cat", f"--since=@{since - 1:.0f}", *tags])
            lines = [line for line in out.splitlines() if "fatal:" in line or "error:" in line]
            if lines:
                return lines[-1].partition("fatal: ")[2] or lines[-1]
        return self.problem_of(read_bytes(self.main_cf_path) or b"") or "it gave no reason; see the mail log"

    # Lookup tables

    def table_state(self, table: Union[Table, Aliases], read_compiled: bool = True) -> TableState:
        """Read a table from the disk, by wish without the content of its compiled form."""
        data = read_bytes(table.path)
        compiled = tuple(facts_of(path) for path in table.compiled_paths)
        return TableState(
            source=facts_of(table.path),
            text=None if data is None else data.decode("utf-8", "surrogateescape"),
            compiled=compiled,
            content=self._compiled_content(table) if read_compiled and compiled and None not in compiled else None,
            leftovers=tuple(path for path in table.foreign_paths if os.path.exists(path)))

    def _compiled_content(self, table: Union[Table, Aliases]) -> Optional[Dict[str, str]]:
        code, out, _err = self._run(
            [self.command("postmap"), "-c", self.config_directory, "-o", "-s", f"{table.type}:{table.path}"])
        return dict(parse_table(out)) if code == 0 else None

    def alias(self, table_type: str, path: str, name: str) -> Optional[str]:
        """Return an alias from the compiled form of a file of aliases; None without it."""
        code, out, _err = self._run(
            [self.command("postalias"), "-c", self.config_directory, "-q", name, f"{table_type}:{path}"])
        return None if code else out.strip()

    def compile(self, table: Union[Table, Aliases], path: str) -> None:
        """Compile the file at ``path`` into the file beside it, by postmap or postalias, or read it when its type is text.

        Raises PostfixRefused when a line is not understood. Both commands also warn of main.cf, such as of a parameter that
        is set twice; such a warning says nothing about the table. Of aliases postalias warns of what was there before.
        """
        how = ["-o"] if COMPILED.get(table.type) else ["-q", "x"]
        code, _out, err = self._run(
            [self.command(table.compiler), "-c", self.config_directory, *how, f"{table.type}:{path}"])
        failed = code != 0 and (how == ["-o"] or "fatal:" in err)
        problem = _last_line(err) if failed else complaint(path, err) if table.compiler == "postmap" else ""
        if problem:
            raise PostfixRefused(f"{table.compiler} refused the table: {problem}", stage=table.compiler)

    # The queue

    def queue(self) -> List[Dict]:
        """Return the messages in the queue, as ``postqueue -j`` prints them; works with Postfix stopped as well."""
        code, out, err = self._run([self.command("postqueue"), "-c", self.config_directory, "-j"])
        if code:
            raise CommandFailed(f"postqueue -j failed: {_last_line(err)}")
        return [json.loads(line) for line in out.splitlines() if line.strip()]


def _assignments(text: str) -> Dict[str, str]:
    """Read ``name = value`` lines as postconf prints them."""
    rows = (line.partition("=") for line in text.splitlines() if "=" in line)
    return {name.strip(): folded(value) for name, _equals, value in rows}


def _last_line(text: str) -> str:
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    return lines[-1] if lines else "no reason was given"
