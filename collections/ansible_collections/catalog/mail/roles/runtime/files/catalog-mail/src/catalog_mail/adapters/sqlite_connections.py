# Copyright (c) 2026 The catalog.mail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Replace pooled connections to a SQLite file that an outage of its disk has made useless."""

from __future__ import annotations

import sqlite3

from sqlalchemy import Engine, event
from sqlalchemy.engine import ExceptionContext

# Result codes after which a new connection may work where this one never does again: a connection that was opened while the disk
# was read-only stays read-only (sqlite.org/rescode.html).
_LOST = ("SQLITE_READONLY", "SQLITE_IOERR", "SQLITE_CANTOPEN", "SQLITE_PERM")


def replace_lost_connections(engine: Engine) -> None:
    """Let the engine open new connections after such an error, as SQLAlchemy does by itself for a server that was away."""
    event.listen(engine, "handle_error", _judge)


def _judge(context: ExceptionContext) -> None:
    error = context.original_exception
    code = getattr(error, "sqlite_errorname", "") if isinstance(error, sqlite3.Error) else ""
    if code and code.startswith(_LOST):
        context.is_disconnect = True
