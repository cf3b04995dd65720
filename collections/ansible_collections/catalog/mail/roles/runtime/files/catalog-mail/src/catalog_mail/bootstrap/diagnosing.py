# Copyright (c) 2026 The catalog.mail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Wire the command `diagnose`, which also runs while the service does not."""

from __future__ import annotations

import http.client
import json
import time
from typing import Any

from catalog_mail.adapters.database.drift import DatabaseDrift
from catalog_mail.adapters.database.health import DatabaseProbe
from catalog_mail.adapters.database.lost_messages import DatabaseLostMessages
from catalog_mail.adapters.database.notifications import DatabaseNotifications
from catalog_mail.adapters.disk import FolderDisk
from catalog_mail.adapters.dns import DnsPython
from catalog_mail.adapters.local_host import LocalHost
from catalog_mail.adapters.server_checks import Checks
from catalog_mail.bootstrap.components import Components
from catalog_mail.domain.findings import of_service
from catalog_mail.from_collection._diagnosis.dns_checks import host_name_findings
from catalog_mail.from_collection._diagnosis.finding import Finding
from catalog_mail.from_collection._diagnosis.host_checks import host_findings, message_findings
from catalog_mail.from_collection._diagnosis.host_state import read_message_log, read_state
from catalog_mail.from_collection._mail.maillog import read_log
from catalog_mail.services.diagnosis import Diagnosed, Diagnosis, DnsOptions
from catalog_mail.services.health import Health, Worker
from catalog_mail.services.reply_state import ReplyState

_SECONDS = 10
_LARGEST = 1024 * 1024


class ServiceOnThisHost:
    """The running service, asked over HTTP for what only its own processes know. Implements Worker."""

    def __init__(self, components: Components) -> None:
        config = components.config
        # A service that listens on every address is asked on the loopback.
        self.address = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(config.host, config.host)  # noqa: S104  compared, not bound
        self._port = config.port
        self.health = self._ask()

    def alive(self) -> bool:
        """Return whether its queue runs; True when it does not answer, which is a finding of its own."""
        reasons = self.health.get("reasons") if self.health else None
        return not any(isinstance(one, dict) and one.get("code") == "queue-not-running" for one in reasons or [])

    @property
    def place(self) -> str:
        """Return address and port."""
        return f"{self.address}:{self._port}"

    def _ask(self) -> dict[str, Any] | None:
        connection = http.client.HTTPConnection(self.address, self._port, timeout=_SECONDS)
        try:
            connection.request("GET", "/api/v1/health")
            found = json.loads(connection.getresponse().read(_LARGEST))
        except (OSError, ValueError, http.client.HTTPException):
            return None
        finally:
            connection.close()
        return found if isinstance(found, dict) else None


def look_at_host(message_id: str, helo: str, options: DnsOptions) -> list[Finding]:
    """Check this host, as root or as far as another user can; `helo` is the name in HELO, by default that of Postfix."""
    host = LocalHost()
    state = read_state(host, "/etc/postfix")
    findings = host_findings(state, time.time())
    if options.public_address:
        findings += host_name_findings(DnsPython(options.name_servers), options.public_address, helo or state.postfix.helo)
    if message_id:
        findings += message_findings(read_log(read_message_log(host, message_id), message_id))
    return findings


def look_at_service(components: Components, options: DnsOptions) -> Diagnosed:
    """Check the service with its own settings and database. Raises Misconfigured, StorageFailed."""
    components.check_database()
    running = ServiceOnThisHost(components)
    found = make_diagnosis(components, running, make_reply_state(components)).run(options)
    if running.health is None:
        return Diagnosed((of_service.not_answering(running.place), *found.findings), found.transport)
    return found


def make_diagnosis(components: Components, worker: Worker, replies: ReplyState) -> Diagnosis:
    """Return the diagnosis of a service whose queue `worker` runs."""
    return Diagnosis(
        health=make_health(components, worker, replies),
        settings=components.settings,
        servers=Checks(components.servers),
        replies=replies,
        lost=DatabaseLostMessages(components.engine),
        clock=components.clock,
        dns=DnsPython,
    )


def make_health(components: Components, worker: Worker, replies: ReplyState) -> Health:
    """Return the health check."""
    return Health(
        store=DatabaseNotifications(components.engine),
        probe=DatabaseProbe(components.engine),
        disk=FolderDisk(components.config.state_folder()),
        worker=worker,
        settings=components.settings,
        replies=replies,
        drift=DatabaseDrift(components.engine),
        clock=components.clock,
    )


def make_reply_state(components: Components) -> ReplyState:
    """Return the state of receiving replies."""
    return ReplyState(
        settings=components.settings,
        tracking=components.tracking,
        workers=components.reply_state,
        store=components.reply_store,
        clock=components.clock,
    )
