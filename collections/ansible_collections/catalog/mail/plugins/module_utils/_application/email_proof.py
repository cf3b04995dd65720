# Copyright (c) 2026 The catalog.mail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to this collection: it may change without notice.
"""The use case of test_email with every transport, also that of the application: its own test message by its own settings."""

from __future__ import annotations

import time
from dataclasses import replace
from typing import Any, Dict, Mapping, Sequence, Tuple

from .._core.errors import ApiFailed, DeliveryFailed, InputRefused, TokenMissing
from .._core.loopback import is_loopback
from .._core.module import Spec
from .._mail.delivery import Delivery
from .._mail.delivery import deliver as deliver_from_host
from .._mail.finding import Finding
from .._mail.message import MailUnderTest, checked_address
from .._mail.options import SPEC as MAIL
from .._mail.options import Request, read_servers
from .._mail.postfix_tracking import Traces
from .._mail.report import failure
from .._mail.route_reader import RouteReader
from .api_options import API
from .client import CatalogApi

SPEC = MAIL + Spec({"api": {"type": "dict", "options": {
    name: option for name, option in API.options.items() if name != "application"}}})


def deliver(module) -> Dict[str, Any]:
    """Send the test e-mail, wait, and return its way. Raises InputRefused, ApiFailed or DeliveryFailed."""
    if module.params["transport"] == "application":
        return _by_application(module)
    if module.params["api"]:
        raise InputRefused(
            "api", "it has no effect without transport: application", "Set transport: application, or leave it out")
    return deliver_from_host(module)


def _by_application(module) -> Dict[str, Any]:
    """Have the application send its test message by its own settings, and follow that message."""
    request = _request(module)
    logins = [(request.mailbox.username or "", request.mailbox.password or "")] if request.mailbox else []
    api = _api(module, logins)
    notifications = api.read().settings["notifications"]
    if notifications.get("enabled") is False:
        module.warn("Notifications are switched off: the application sends this test e-mail, but few others.")
    request = replace(request, own_postfix=_uses_own_postfix(notifications))
    since, begun = time.time(), time.monotonic()
    try:
        test = api.send_email_test(request.recipient or None)
    except ApiFailed as exc:
        raise _not_sent(module, request, exc, since) from None
    message_id = str(test["message_id"])
    message = MailUnderTest(
        str((notifications.get("from") or {}).get("address") or ""), str(test["recipient"]),
        message_id.strip("<>").partition("@")[0], message_id, b"")
    request = replace(request, sender=message.sender, recipient=message.recipient, via=str(test["server"]))
    return _Proof(module, request, message, test, notifications).run_from(since, begun)


def _api(module, logins: Sequence[Tuple[str, str]]) -> CatalogApi:
    try:
        return CatalogApi(module.params["api"] or _defaults(), logins)
    except TokenMissing as exc:
        remedy = f"{exc.details['remedy']} Without the application, set transport: sendmail."
        raise TokenMissing(exc.details["cause"], remedy, field="api.token_file", code="token-missing") from None


class _Proof(Delivery):
    """The delivery of a message that the application has already handed over."""

    def __init__(self, module, request: Request, message: MailUnderTest, test: Mapping[str, Any], settings: Mapping[str, Any]):
        super().__init__(module, request, message)
        self._test = test
        self._transport = str(settings.get("transport") or "builtin")
        self._since = 0.0

    def run_from(self, since: float, begun: float) -> Dict[str, Any]:
        """Follow the message, which was handed over at these times of the two clocks; return the result."""
        self._since, self._begun = since, begun
        test = {name: self._test.get(name) for name in ("server", "tls", "authenticated", "response")}
        result = self.run()
        encrypted = f", {test['tls']}" if test["tls"] else ", not encrypted"
        handed = f"The application ({self._transport}) handed the message to {test['server']}{encrypted}"
        return {**result, "application": {"transport": self._transport, **test}, "summary": [*result["summary"], handed]}

    def _hand_over(self) -> None:
        self._progress.reply = str(self._test.get("response") or "")
        if self._request.followed:
            self._traces = Traces(self._module, self._request.config_directory, self._message, self._since)


def _request(module) -> Request:
    """Read and check the options. Raises InputRefused."""
    given = module.params
    if given["timeout"] < 1:
        raise InputRefused("timeout", "less than a second is too short for a delivery", "Write 1 or more seconds")
    for name in ("sender", "smtp"):
        if given[name]:
            raise InputRefused(
                name, "the application sends by its own settings", "Leave it out, or choose another transport")
    recipient = given["recipient"]
    _smtp, mailbox = read_servers(module)
    return Request(
        sender="", recipient=checked_address("recipient", recipient) if recipient else "", smtp=None, mailbox=mailbox,
        timeout=given["timeout"], config_directory=given["config_directory"], any_route=given["any_route"],
        via="the application")


def _uses_own_postfix(notifications: Mapping[str, Any]) -> bool:
    """Whether the application hands its messages to the Postfix of its host."""
    # The cloud edition's settings name no transport: there the host's Postfix sends.
    transport = notifications.get("transport") or "builtin"
    smtp = notifications.get("smtp") or {}
    return transport == "builtin" or (transport == "smtp" and is_loopback(str(smtp.get("host") or "")))


def _not_sent(module, request: Request, exc: ApiFailed, since: float) -> DeliveryFailed:
    """Return the failure of the application, with the lookup table of its host's Postfix that was broken at that time."""
    result = exc.details
    finding = Finding("application", str(result.get("cause", exc)).rstrip("."), str(result.get("remedy", "")).rstrip("."))
    if request.followed:
        log = Traces(module, request.config_directory, MailUnderTest("", "", "", "<none>", b""), since).look().log
        broken = RouteReader(module, request.config_directory, "", request.recipient).broken_table(log)
        if broken:
            finding = replace(broken, cause=f"{finding.cause}. {broken.cause}")
    where = {**request.described(), "recipient": request.recipient or "the administrator of the token"}
    return DeliveryFailed(
        failure(where, "application", None, finding, False), stage="application", cause=finding.cause, remedy=finding.remedy,
        code=result.get("code"), server_says=None)


def _defaults() -> Dict[str, Any]:
    return {name: option.get("default") for name, option in API.options.items()}
