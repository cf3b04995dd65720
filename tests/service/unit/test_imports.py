# Copyright (c) 2026 The catalog.mail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Unused libraries are not loaded: msal and requests only with Microsoft or a webhook."""

from __future__ import annotations

import os
import subprocess
import sys

from helpers.service.process import SOURCE
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
