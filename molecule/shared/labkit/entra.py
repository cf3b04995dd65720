# Copyright (c) 2026 The catalog.mail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Control and check the emulator of Microsoft Entra and Graph (tests/emulator) on the host entra."""
from __future__ import annotations

import json
import socket
import ssl
import urllib.error
import urllib.request
from typing import Any

from labkit.definition import CLOUD_DOMAIN, ENTRA, HOSTS
from labkit.state import LabError, entra_secrets, home

TENANT = "f0e1d2c3-b4a5-4697-8877-665544332211"
AUTOMATION = "0a0b0c0d-1a1b-4c1d-8a2b-2c2d3a3b3c3d"
"""The app registration with which the playbooks log in."""

_RIGHTS = (
    "Application.ReadWrite.OwnedBy", "Application.Read.All", "AppRoleAssignment.ReadWrite.All",
    "RoleManagement.ReadWrite.Exchange", "User.Read.All",
    # For the role verify, which finds the test e-mail in a mailbox of the tenant.
    "Mail.Read",
)
_ADDRESS = HOSTS[ENTRA].address


def control(method: str, path: str, body: str = "") -> str:
    """Call the emulator's control; return its answer, as JSON text. Raises LabError when it refuses or does not answer."""
    request = urllib.request.Request(
        f"https://{_ADDRESS}/_control/{path}", method=method, data=body.encode() or None,
        headers={"Authorization": f"Bearer {entra_secrets()['control_token']}", "Content-Type": "application/json"},
    )
    # Without a proxy of the environment.
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}), urllib.request.HTTPSHandler(context=_tls()))
    try:
        with opener.open(request, timeout=30) as answer:
            return str(answer.read().decode())
    except urllib.error.HTTPError as error:
        raise LabError(f"The emulator refuses {method} {path}: {error.read().decode(errors='replace')}") from error
    except OSError as error:
        raise LabError(f"The emulator on the host {ENTRA} does not answer: {error}. Start it: lab.py up {ENTRA}") from error


def begin() -> None:
    """Reset the emulator to a tenant with three mailboxes and the automation's registration."""
    control("POST", "reset")
    users: list[dict[str, Any]] = [
        {"user_principal_name": f"{name}@{CLOUD_DOMAIN}", "display_name": name.capitalize()}
        for name in ("catalog", "replies", "carol")
    ]
    automation = {
        "display_name": "automation", "app_id": AUTOMATION, "secret": entra_secrets()["automation_secret"],
        "roles": _RIGHTS,
    }
    tenant = {"id": TENANT, "display_name": "Cloud", "domains": [CLOUD_DOMAIN], "users": users, "applications": [automation]}
    control("POST", "seed", json.dumps({"tenants": [tenant]}))


def clear_faults() -> None:
    """Clear faults that an earlier, perhaps killed, run has left."""
    control("DELETE", "faults")
    control("DELETE", "lag")


def trouble() -> str | None:
    """Return why the emulator is not ready, or None."""
    try:
        with socket.create_connection((_ADDRESS, 25), timeout=2) as connection:
            if not connection.recv(512).startswith(b"220"):
                return "port 25 gives no greeting"
    except OSError as error:
        return f"port 25: {error}"
    try:
        control("GET", "faults")
    except LabError as error:
        return str(error)
    return None


def _tls() -> ssl.SSLContext:
    """Return a TLS context that trusts only the lab's CA. The certificate contains the address as well."""
    return ssl.create_default_context(cafile=str(home() / "ca.crt"))
