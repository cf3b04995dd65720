#!/usr/bin/env python3
# Copyright (c) 2026 The catalog.mail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Notify Alice every 2.5 seconds until the file STOP_FILE exists; runs on the catalog's host.

    flow.py NAME STOP_FILE

Then wait until all notifications are sent, and print JSON: `sent`, their Message-IDs; `seconds`, the duration; `attempts`, the
most attempts that a notification took. Exit status 1: some were not sent.
"""

from __future__ import annotations

import json
import pathlib
import sys
import time
import urllib.request
from typing import Any

API = "http://127.0.0.1:8025/api/v1/notifications"
# Graph accepts 30 messages a minute from a mailbox.
PAUSE = 2.5
SECONDS = 240


def ask(method: str, url: str, body: Any = None) -> Any:
    """Call the application's API; return the JSON answer."""
    token = pathlib.Path("/etc/catalog-mail/admin-token").read_text(encoding="utf-8").strip()
    headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}
    data = json.dumps(body).encode() if body else None
    request = urllib.request.Request(url, method=method, headers=headers, data=data)  # noqa: S310  # http, to this host
    with urllib.request.urlopen(request, timeout=240) as answer:  # noqa: S310  # http, to this host
        return json.load(answer)


def main() -> None:
    """Run the script."""
    name, stop = sys.argv[1], pathlib.Path(sys.argv[2])
    begun = time.monotonic()
    accepted: list[str] = []
    while not stop.exists():
        text = f"{name} {len(accepted)}"
        recipients = [{"address": "alice@corp.test"}]
        accepted.append(ask("POST", API, {"kind": "message", "subject": text, "text": text, "recipients": recipients})["id"])
        time.sleep(PAUSE)
    ended = time.monotonic()
    while True:
        found = [ask("GET", f"{API}/{one}") for one in accepted]
        waiting = [one for one in found if one["deliveries"][0]["state"] != "sent"]
        if not waiting:
            break
        if time.monotonic() > ended + SECONDS:
            sys.exit(f"{len(waiting)} of {len(accepted)} were not sent: {json.dumps(waiting[:5])}")
        time.sleep(0.5)
    sent = [one["deliveries"][0]["message_id"] for one in found]
    attempts = max(one["deliveries"][0]["attempts"] for one in found)
    print(json.dumps({"sent": sent, "seconds": ended - begun, "attempts": attempts}))


if __name__ == "__main__":
    main()
