# Copyright (c) 2026 The catalog.mail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Unused libraries are not loaded: msal and requests only with Microsoft, and no HTTP server in the reader of replies."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from helpers.service.process import SOURCE, RunningService
from helpers.waiting import PATIENCE

# Everything that the service and the reader of replies import to start and work without Microsoft.
SCRIPT = """
import sys
import catalog_mail.api.app, catalog_mail.bootstrap.application, catalog_mail.daemon
import catalog_mail.bootstrap.serving, catalog_mail.bootstrap.replying
import catalog_mail.adapters.imap, catalog_mail.adapters.queue, catalog_mail.adapters.servers, catalog_mail.services.reply_watch
import catalog_mail.services.delivery, catalog_mail.services.reply_sync, catalog_mail.services.archiving
print(sorted({"msal", "requests", "jwt"} & set(sys.modules)))
"""


def test_microsofts_libraries_are_loaded_only_when_used() -> None:
    done = subprocess.run(
        [sys.executable, "-c", SCRIPT], env={**os.environ, "PYTHONPATH": str(SOURCE)}, capture_output=True, text=True,
        timeout=PATIENCE, check=True,
    )  # fmt: skip
    assert done.stdout.strip() == "[]"


SERVER = """
import sys
import catalog_mail.api.app, catalog_mail.bootstrap.application, catalog_mail.bootstrap.serving, catalog_mail.daemon
print([name for name in sys.modules if name.startswith("catalog_mail.domain.replies.extraction")])
"""


def test_the_service_does_not_load_the_reading_of_replies() -> None:
    """Its expressions take a tenth of a start to compile."""
    done = subprocess.run(
        [sys.executable, "-c", SERVER], env={**os.environ, "PYTHONPATH": str(SOURCE)}, capture_output=True, text=True,
        timeout=PATIENCE, check=True,
    )  # fmt: skip
    assert done.stdout.strip() == "[]"


TABLES = """
import sys
import catalog_mail.adapters.database.tables
print([name for name in sys.modules if name.startswith("sqlalchemy.dialects.")])
"""


def test_the_tables_load_no_dialect() -> None:
    """A service uses one database, and the dialect of the other takes half as long as the tables to load."""
    done = subprocess.run(
        [sys.executable, "-c", TABLES], env={**os.environ, "PYTHONPATH": str(SOURCE)}, capture_output=True, text=True,
        timeout=PATIENCE, check=True,
    )  # fmt: skip
    assert done.stdout.strip() == "[]"


# Libraries of the API, of migrations and of Microsoft.
NOT_FOR_REPLIES = {
    "alembic", "click", "fastapi", "h11", "jinja2", "jwt", "msal", "requests", "starlette", "urllib3", "uvicorn",
}  # fmt: skip
# Reads the settings once, in place of the loop until a stop.
READER = f"""
import itertools, sys
from catalog_mail import cli, looping
looks = itertools.count()
looping.watch = lambda run, _progress: run(lambda: None, lambda: next(looks) > 0)
cli.main(["--config", sys.argv[1], "reply-sync"])
print(sorted({NOT_FOR_REPLIES!r} & {{name.partition(".")[0] for name in sys.modules}}))
"""


def test_the_reader_of_replies_loads_no_server(tmp_path: Path) -> None:
    service = RunningService(tmp_path)
    service.prepare()
    done = subprocess.run(
        [sys.executable, "-c", READER, str(service.config)], env={**os.environ, "PYTHONPATH": str(SOURCE)}, capture_output=True,
        text=True, timeout=PATIENCE, check=True,
    )  # fmt: skip
    assert done.stdout.strip() == "[]"
