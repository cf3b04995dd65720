#!/usr/bin/env python3
"""Notifies Alice every two and a half seconds until the file in the second argument is there; runs on the catalog's host.

    flow.py NAME STOP_FILE

Then waits until all of them were sent, and prints their Message-IDs as JSON. Exit status 1: some were not.
"""

from __future__ import annotations

import json
import pathlib
import sys
import time
import urllib.request
from typing import Any

API = "http://127.0.0.1:8025/api/v1/notifications"
# Graph takes 30 mails a minute of a mailbox.
PAUSE = 2.5
SECONDS = 120


def ask(method: str, url: str, body: Any = None) -> Any:
    """A call of the application's API."""
    token = pathlib.Path("/etc/catalog-mail/admin-token").read_text(encoding="utf-8").strip()
    headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}
    data = json.dumps(body).encode() if body else None
    request = urllib.request.Request(url, method=method, headers=headers, data=data)  # noqa: S310  # http, to this host
    with urllib.request.urlopen(request, timeout=30) as answer:  # noqa: S310  # http, to this host
        return json.load(answer)


def main() -> None:
    """Send, wait, tell."""
    name, stop = sys.argv[1], pathlib.Path(sys.argv[2])
    sent = []
    while not stop.exists():
        text = f"{name} {len(sent)}"
        recipients = [{"address": "alice@corp.test"}]
        sent.append(ask("POST", API, {"kind": "message", "subject": text, "text": text, "recipients": recipients})["id"])
        time.sleep(PAUSE)
    deadline = time.monotonic() + SECONDS
    while True:
        deliveries = [ask("GET", f"{API}/{one}")["deliveries"][0] for one in sent]
        waiting = [one for one in deliveries if one["state"] != "sent"]
        if not waiting:
            break
        if time.monotonic() > deadline:
            sys.exit(f"{len(waiting)} of {len(sent)} were not sent: {json.dumps(waiting[:5])}")
        time.sleep(1)
    print(json.dumps([one["message_id"] for one in deliveries]))


if __name__ == "__main__":
    main()
