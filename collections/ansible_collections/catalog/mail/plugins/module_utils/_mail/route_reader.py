# Copyright (c) 2026 The catalog.mail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to this collection: it may change without notice.
"""Read the way of a message from the log, the parameters and the lookup tables of Postfix. An edge: it decides nothing."""

from __future__ import annotations

from typing import Dict, Optional

from .broken_table import broken_table
from .finding import Finding
from .maillog import Attempt, LogFindings
from .postfix_tracking import look_up, postconf
from .route import PARAMETERS, Route, read_route


class RouteReader:
    """Reads the way of one message to ``recipient`` through one instance of Postfix."""

    def __init__(self, module, config_directory: str, sender: str, recipient: str) -> None:
        self._module = module
        self._config_directory = config_directory
        self._sender = sender
        self._recipient = recipient

    def route(self, log: LogFindings) -> Optional[Route]:
        """Return the way of the last attempt, one to the recipient's own address first; None without an attempt."""
        attempts = log.last_attempts(self._recipient)
        if not attempts:
            return None
        attempt: Attempt = min(attempts, key=lambda one: one.recipient.lower() != self._recipient.lower())
        settings = postconf(self._module, self._config_directory, PARAMETERS)
        return read_route(attempt, self._recipient, log.sender or self._sender, settings, self._look)

    def broken_table(self, log: LogFindings) -> Optional[Finding]:
        """Return the finding for a lookup table that Postfix could not read; None when the log names none."""
        return broken_table(log.trouble, self._settings)

    def _settings(self) -> Dict[str, str]:
        return postconf(self._module, self._config_directory, ())

    def _look(self, table: str, key: str) -> Optional[str]:
        return look_up(self._module, self._config_directory, table, key)
