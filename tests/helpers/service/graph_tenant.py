# Copyright (c) 2026 The catalog.mail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A tenant in the emulator with the mailboxes of the tests, and settings that use it."""

from __future__ import annotations

import email
import email.policy
from dataclasses import dataclass, field
from email.message import EmailMessage
from typing import Any

from emulator.running import TENANT, Running

from helpers.service.process import RunningService
from helpers.waiting import wait_until

DOMAIN = "corp.test"
CATALOG, REPLIES, JANE = (f"{name}@{DOMAIN}" for name in ("catalog", "replies", "jane"))
ALL_ROLES = ("Mail.Send", "Mail.Read", "Mail.ReadWrite")


@dataclass
class GraphWorld:
    """`app` is the registration that the settings name: app_id, client_secret, key_id."""

    emulator: Running
    app: dict[str, Any] = field(default_factory=dict)

    def begin(self, *roles: str, **application: Any) -> None:
        """Reset mailboxes and registration; the registration has these roles, or all that are needed."""
        self.emulator.reset()
        self.emulator.clear_faults()
        for address in (CATALOG, REPLIES, JANE, f"joe@{DOMAIN}", f"admin@{DOMAIN}"):
            self.user(address)
        self.app = self.register("catalog", roles=list(roles or ALL_ROLES), **application)

    def seed(self, **given: Any) -> dict[str, Any]:
        return self.emulator.seed({"id": TENANT, "domains": [DOMAIN], **given})[0]

    def user(self, address: str, **given: Any) -> None:
        self.seed(users=[{"user_principal_name": address, **given}])

    def register(self, name: str, **given: Any) -> dict[str, Any]:
        """Create a registration with a secret."""
        made: dict[str, Any] = self.seed(applications=[{"display_name": name, "secret": True, **given}])["applications"][0]
        return made

    @property
    def access(self) -> dict[str, str]:
        """Return the table [microsoft] of the service's configuration file."""
        return {"authority_url": self.emulator.url, "graph_url": self.emulator.url, "ca_file": str(self.emulator.ca_file)}

    def registration(self, **change: Any) -> dict[str, Any]:
        """Return the registration in the form that settings use."""
        own = {"tenant_id": TENANT, "client_id": self.app["app_id"], "client_secret": self.app["client_secret"]}
        return {name: value for name, value in {**own, **change}.items() if value is not None}

    def sending(self, *, sender: str | None = None, **change: Any) -> dict[str, Any]:
        """Return settings that send by Graph, with replies off."""
        microsoft = self.registration(**{"email_address": CATALOG, **change})
        return {"notifications": {"enabled": True, "transport": "microsoft", "from": {"address": sender}, "microsoft": microsoft}}

    def receiving(self, *, interactions: dict[str, Any] | None = None, **change: Any) -> dict[str, Any]:
        """Return settings that send and receive by Graph."""
        part = {
            "enabled": True, "reply_to": REPLIES, "receiver": "microsoft", "sync_interval": 10,
            "microsoft": self.registration(**change), **(interactions or {}),
        }  # fmt: skip
        return {**self.sending(), "interactions": part}

    # -- content of the mailboxes --------------------------------------------------------------------------------------

    def found(self, address: str, folder: str = "inbox") -> list[dict[str, Any]]:
        return self.emulator.messages(address, folder)

    def mails(self, address: str, folder: str = "inbox") -> list[EmailMessage]:
        return [email.message_from_bytes(one["raw"], policy=email.policy.SMTP) for one in self.found(address, folder)]

    def wait_for(self, address: str, count: int) -> list[EmailMessage]:
        """Wait until the Inbox holds this many mails; return them."""
        wait_until(lambda: len(self.found(address)) >= count, f"{count} mails did not arrive at {address}")
        return self.mails(address)

    # -- received requests ---------------------------------------------------------------------------------------------

    def asked(self, method: str, words: str) -> list[dict[str, Any]]:
        """Return the requests whose path or query contains these words."""
        return [one for one in self.emulator.requests() if one["method"] == method and words in f"{one['path']}?{one['query']}"]

    @property
    def most_at_once(self) -> int:
        return max(self.emulator.state()["most_concurrent"].values(), default=0)


def post(service: RunningService, *addresses: str, subject: str = "A subject") -> dict[str, Any]:
    """Post a notification to these recipients; return the API's representation."""
    body = {"kind": "message", "recipients": [{"address": one} for one in addresses], "subject": subject, "text": "Text."}
    answer = service.call("POST", "/notifications", body, role="catalog")
    assert answer.status_code == 202, answer.text
    found: dict[str, Any] = answer.json()
    return found


def deliveries(service: RunningService, notification: dict[str, Any]) -> list[dict[str, Any]]:
    answer: dict[str, Any] = service.call("GET", f"/notifications/{notification['id']}", role="viewer").json()
    found: list[dict[str, Any]] = answer["deliveries"]
    return found
