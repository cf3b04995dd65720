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
from typing import Any, Dict, Optional

from .._core.errors import InputRefused, SettingsRefused
from .._mail.connection import Server, StageFailed
from .._mail.diagnosis import diagnose
from .._mail.maillog import Attempt, read_log
from .._mail.message import MailUnderTest, checked_address, compose
from .._mail.smtp import Submitted, by_smtp
from .port import MailServer

LOG_SECONDS = 60
"""Seconds for which a delivery is waited for in the log."""
_POLL_SECONDS = 0.5

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


def send_by_built_in(mail_server: MailServer, sender: str, recipient: str) -> Dict[str, Any]:
    """Send a message by an application's own mail server, and follow it in the log. Raises SettingsRefused."""
    message = compose(sender, recipient, secrets.token_hex(10), socket.gethostname(), datetime.now(timezone.utc))
    begun = time.monotonic()
    words = mail_server.submit(message)
    if words:
        raise _not_delivered(words)
    outcome = _outcome(mail_server, message.message_id, begun + LOG_SECONDS)
    if outcome is None:
        raise _not_delivered(f"the mail log shows no delivery within {LOG_SECONDS} s")
    if outcome.status != "sent":
        raise _not_delivered(f"{outcome.status}: {outcome.words}")
    return {
        "recipient": recipient, "message_id": message.message_id, "server": outcome.relay or "built-in",
        "response": outcome.words, "tls": None, "authenticated": None, "seconds": round(time.monotonic() - begun, 2)}


def _outcome(mail_server: MailServer, message_id: str, deadline: float) -> Optional[Attempt]:
    while True:
        outcome = read_log(mail_server.mail_log(), message_id).outcome
        if outcome or time.monotonic() > deadline:
            return outcome
        time.sleep(_POLL_SECONDS)


def _not_delivered(words: str) -> SettingsRefused:
    finding = diagnose(words)
    return SettingsRefused(
        "notifications.transport: the built-in mail server did not deliver the test message, and nothing was saved. "
        f'The reason given: "{words}". Cause: {finding.cause}. Remedy: {finding.remedy}.',
        field="notifications.transport", stage="relay", cause=f"{finding.cause}.", remedy=f"{finding.remedy}.",
        code=finding.name)


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
