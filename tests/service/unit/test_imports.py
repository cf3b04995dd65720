"""What an installation does not use is not loaded: msal and requests are for those who use Microsoft or a webhook."""

from __future__ import annotations

import os
import subprocess
import sys

from helpers.service.process import SOURCE

# All that the service and the reader of replies import while they start and work without Microsoft.
SCRIPT = """
import sys
import catalog_mail.api.app, catalog_mail.bootstrap.application, catalog_mail.daemon
import catalog_mail.bootstrap.serving, catalog_mail.bootstrap.replying
import catalog_mail.adapters.imap, catalog_mail.adapters.queue, catalog_mail.adapters.servers, catalog_mail.services.reply_watch
import catalog_mail.services.delivery, catalog_mail.services.reply_sync, catalog_mail.services.archiving
print(sorted({"msal", "requests", "jwt"} & set(sys.modules)))
"""


def test_microsofts_libraries_are_loaded_only_where_microsoft_is_used() -> None:
    done = subprocess.run(
        [sys.executable, "-c", SCRIPT], env={**os.environ, "PYTHONPATH": str(SOURCE)}, capture_output=True, text=True,
        timeout=60, check=True,
    )  # fmt: skip
    assert done.stdout.strip() == "[]"
