# Copyright (c) 2026 The catalog.mail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Run the archive in a process that kills itself before or after its IMAP command number `kill`.

    python archive_process.py '{"server": {...}, "keep_days": 30, "kill": 3, "after": false}'

Prints the number of commands when it completes.
"""

from __future__ import annotations

import json
import os
import signal
import sys
from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any

from catalog_mail.adapters.imap import ImapMailboxes
from catalog_mail.adapters.imap.session import Session
from catalog_mail.domain.settings.document import TLS
from catalog_mail.domain.settings.servers import ImapServer
from catalog_mail.services.archiving import Archiving

# Commands that change a mailbox.
WRITING = {"COPY", "MOVE", "STORE", "EXPUNGE"}


def main() -> None:
    given = json.loads(sys.argv[1])
    count = 0
    asked = Session.uid

    def uid(session: Session, *command: str | bytes) -> list[Any]:
        nonlocal count
        if command[0] not in WRITING:
            return asked(session, *command)
        count += 1
        if count == given["kill"] and not given["after"]:
            os.kill(os.getpid(), signal.SIGKILL)
        answer = asked(session, *command)
        if count == given["kill"]:
            os.kill(os.getpid(), signal.SIGKILL)
        return answer

    Session.uid = uid  # type: ignore[method-assign]
    server = ImapServer(**{**given["server"], "tls": TLS(given["server"]["tls"])})
    archive = SimpleNamespace(enabled=True, keep_days=given["keep_days"])
    settings: Any = SimpleNamespace(receiving=lambda: SimpleNamespace(server=server, archive=archive))
    store: Any = SimpleNamespace(handled=lambda _place, _keys: {})
    clock = SimpleNamespace(now=lambda: datetime.now(UTC))
    done = Archiving(settings=settings, mailboxes=ImapMailboxes(), store=store, clock=clock).run()
    print(json.dumps({"commands": count, "archived": done.archived, "expired": done.expired}))


if __name__ == "__main__":
    main()
