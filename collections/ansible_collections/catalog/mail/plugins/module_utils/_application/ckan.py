# Copyright (c) 2026 The catalog.mail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to this collection: it may change without notice.
"""The adapter of CKAN: it edits CKAN's configuration file and restarts CKAN's units."""

from __future__ import annotations

import os
from typing import Any, Dict, Optional

from .._core.errors import InputRefused, Outdated, ServiceFailed
from .._core.file_transaction import Transaction, clear_workspaces, workspace, write_private
from .._mail.connection import Server
from .candidate_test import checked_recipient, send_candidate
from .ckan_host import CkanHost
from .ckan_settings import MAIL_FROM, PASSWORD_OPTION, PATHS, REPLY_TO, Values, document, reason, spelled_out, wanted
from .port import Application, Document, Planned, Saved, Stored
from .restart_record import DUE, RestartRecord
from .settings_compared import PASSWORD, changes, refuse_stored_secret, unmanaged

_TIMEOUT = 30
"""Seconds for each step of the test's SMTP session."""


class Ckan(Application):
    """CKAN on this host, with its configuration file and its systemd units."""

    def __init__(self, module, desired: Document) -> None:
        self._module = module
        self._path = os.path.abspath(module.params["ckan"]["config_file"])
        self._units = tuple(module.params["ckan"]["units"])
        self._host = CkanHost(module, self._path, self._units)
        self._record = RestartRecord("ckan", os.path.realpath(self._path))
        self._present: Values = {}
        self._values: Dict[str, Optional[str]] = {}
        self._content = b""

    def read(self) -> Stored:
        """Return the settings that CKAN has after its next start."""
        return Stored(document(self._host.state().present), 0)

    def health(self) -> Dict[str, Any]:
        """Return whether CKAN runs with the settings of its file."""
        running, reasons = self._host.running(), []
        if not running:
            reasons.append(_reason("not-running", "A unit of CKAN does not run.", "Read its journal: journalctl -u UNIT."))
        if self._record.due():
            reasons.append(_reason("restart-due", "CKAN runs with older settings than those of its file.", "Restart it."))
        return {
            "status": "degraded" if reasons else "ok", "ready": running,
            "configured": bool(self._host.state().present[MAIL_FROM]), "reasons": reasons,
            "problems": [f"{one['cause']} {one['remedy']}" for one in reasons], "version": None}

    def plan(self, desired: Document) -> Planned:
        """Compare what CKAN reads with what the task wants."""
        desired, state = spelled_out(desired), self._host.state()
        self._present = state.present
        self._values = wanted(self._present, desired)
        self._content = state.edited(self._values).to_bytes()
        before, after = document(self._present), document({**self._present, **self._values})
        found = changes(before, after, self._secret_words())
        refuse_stored_secret(found, desired, bool(self._present[PASSWORD_OPTION]))
        if self._is_tested():
            checked_recipient(self._module.params["test_recipient"])
            self._sender()
        if not found and self._record.due():
            found = [DUE]
        return Planned(Stored(before, 0), found, unmanaged(desired, after, {}, reason), self._units if found else ())

    def save(self, desired: Document, planned: Planned) -> Saved:
        """Test, write the file, restart CKAN. The earlier file comes back when CKAN does not start with the new one."""
        test = self._tested() if self._is_tested() else None
        # A run that was killed while it wrote may have left a copy of the file.
        clear_workspaces(os.path.dirname(os.path.realpath(self._path)))
        if self._values:
            self._write()
        else:
            self._host.restart()
        self._record.clear()
        advice = () if self._units else (f"CKAN reads {self._path} at its start: restart CKAN, or name its units in ckan.units.",)
        return Saved(self.read(), planned.changes, test, None, advice, self._units)

    def _write(self) -> None:
        found, transaction = os.stat(self._path), Transaction(self._module)
        if self._units:
            self._record.note(self._units)
        with workspace(os.path.dirname(os.path.realpath(self._path))) as private:
            new = write_private(private, self._content)
            if self._host.state().edited(self._values).to_bytes() != self._content:
                raise Outdated(f"{self._path} changed during the task.", "Run the task again.", field="ckan.config_file")
            transaction.replace(self._path, new, found.st_mode & 0o7777, found.st_uid, found.st_gid)
        try:
            self._host.restart()
        except ServiceFailed:
            transaction.roll_back()
            self._host.restart()
            self._record.clear()
            raise

    def _secret_words(self) -> Dict[str, Optional[str]]:
        if PASSWORD_OPTION not in self._values:
            return {}
        return {PASSWORD: "changed" if self._values[PASSWORD_OPTION] else "removed"}

    def _is_tested(self) -> bool:
        return bool(self._module.params["test"]) and bool(set(self._values) - {REPLY_TO})

    def _sender(self) -> str:
        sender = {**self._present, **self._values}[MAIL_FROM]
        if not sender:
            raise InputRefused(PATHS[MAIL_FROM], "CKAN has no sender of its e-mail", "Give the sender's address")
        return sender

    def _tested(self) -> Dict[str, Any]:
        values = {**self._present, **self._values}
        smtp = document(values)["notifications"]["smtp"]
        password = values[PASSWORD_OPTION] if smtp["username"] else None
        server = Server(smtp["host"], smtp["port"], smtp["tls"], smtp["username"], password, None, _TIMEOUT)
        return send_candidate(server, self._sender(), checked_recipient(self._module.params["test_recipient"]))


def _reason(code: str, cause: str, remedy: str) -> Dict[str, Any]:
    return {"about": "settings", "code": code, "cause": cause, "remedy": remedy, "field": None, "count": None}
