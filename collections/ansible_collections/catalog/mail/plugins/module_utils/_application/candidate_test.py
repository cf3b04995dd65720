# Copyright (c) 2026 The catalog.mail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to this collection: it may change without notice.
"""Test new settings from this host before they are saved: one message over an SMTP session of our own."""

from __future__ import annotations

import secrets
import socket
import time
from datetime import datetime, timezone
from typing import Any, Dict

from .._core.errors import InputRefused, SettingsRefused
from .._mail.connection import Server, StageFailed
from .._mail.diagnosis import diagnose
from .._mail.message import MailUnderTest, checked_address, compose
from .._mail.smtp import Submitted, by_smtp

_FIELDS = {
    "login": "notifications.smtp.password", "connect": "notifications.smtp.host", "submit": "notifications.from.address"}
"""The setting to look at first, by the stage of the failure."""


def checked_recipient(recipient: Any) -> str:
    """Return the recipient of the test message. Raises InputRefused without one."""
    if not recipient:
        raise InputRefused(
            "test_recipient", "the new settings are tested by a message, and it has no recipient",
            "Give an address, or set test: false")
    return checked_address("test_recipient", recipient)


def send_candidate(server: Server, sender: str, recipient: str) -> Dict[str, Any]:
    """Send a message by settings that are not saved yet; return the result ``test`` of email_settings. Raises SettingsRefused."""
    message = compose(sender, recipient, secrets.token_hex(10), socket.gethostname(), datetime.now(timezone.utc))
    begun = time.monotonic()
    try:
        submitted = by_smtp(server, message)
    except StageFailed as exc:
        raise _refused(server, exc) from None
    return _result(server, message, submitted, round(time.monotonic() - begun, 2))


def _result(server: Server, message: MailUnderTest, submitted: Submitted, seconds: float) -> Dict[str, Any]:
    return {
        "recipient": message.recipient, "message_id": message.message_id, "server": f"{server.host}:{server.port}",
        "response": submitted.reply, "tls": submitted.tls, "authenticated": server.username, "seconds": seconds}


def _refused(server: Server, failed: StageFailed) -> SettingsRefused:
    finding = diagnose(failed.words, failed.stage)
    field = _FIELDS[failed.stage]
    return SettingsRefused(
        f"{field}: the test of the new settings failed at {server.host}:{server.port} (stage {failed.stage}), and nothing was "
        f'saved. The reason given: "{failed.words}". Cause: {finding.cause}. Remedy: {finding.remedy}.',
        field=field, stage=failed.stage, cause=f"{finding.cause}.", remedy=f"{finding.remedy}.", code=finding.name)
