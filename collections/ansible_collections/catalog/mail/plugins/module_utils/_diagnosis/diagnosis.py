# Copyright (c) 2026 The catalog.mail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to this collection: it may change without notice.
"""The use case of mail_diagnosis_info: check the host, ask the application, and join the findings of both."""

from __future__ import annotations

import ipaddress
import time
from typing import Any, Dict, List, Mapping, Optional, Tuple

from .._application.api_options import API
from .._application.client import CatalogApi
from .._core.errors import ApiFailed, InputRefused
from .._core.module import Spec
from .._mail.maillog import read_log
from .dns_answer import NAME, name_server
from .dns_checks import host_name_findings, sender_findings, sender_of
from .dns_client import Resolver
from .finding import SERVICE, Finding, exit_status, found, from_answer, ordered, worst
from .host import ModuleHost
from .host_checks import host_findings, message_findings
from .host_state import read_message_log, read_state
from .report import summary, text

SPEC = API + Spec({
    "config_directory": {"type": "path", "default": "/etc/postfix"},
    "application_expected": {"type": "bool", "default": True},
    "message_id": {"type": "str"},
    "public_address": {"type": "str"},
    "helo_name": {"type": "str"},
    "sender": {"type": "str"},
    "dkim_selectors": {"type": "list", "elements": "str", "default": []},
    "name_servers": {"type": "list", "elements": "str", "default": []},
    "timeout": {"type": "int", "default": 180},
})
BUILTIN = "builtin"
_TEXT_WIDTH = 100


def diagnose_all(module) -> Dict[str, Any]:
    """Return the findings of the host and of the application."""
    message_id = checked_message_id(module.params["message_id"])
    dns = checked_dns(module.params)
    asked, of_service, transport = _service_findings(module.params)
    of_dns = _dns_findings(dns, module.params, asked)
    findings = ordered([*_host_findings(module, message_id, transport, dns), *of_dns, *of_service])
    return {
        "findings": [one.as_result() for one in findings],
        "worst": worst(findings),
        "healthy": exit_status(findings) == 0,
        "summary": summary(findings),
        "report": text(findings, _TEXT_WIDTH, colour=False).splitlines(),
        "application_asked": asked,
    }


def checked_message_id(value: Optional[str]) -> str:
    """Return a Message-ID with its angle brackets (RFC 5322, 3.6.4); empty without one. Raises InputRefused."""
    inner = (value or "").strip().strip("<>")
    if value is None:
        return ""
    if not 3 <= len(inner) <= 300 or "@" not in inner or any(not 0x21 <= ord(char) <= 0x7E or char in "<>" for char in inner):
        raise InputRefused(
            "message_id", "this is not a Message-ID", "Copy the header Message-ID of the message, such as <1@example.com>")
    return f"<{inner}>"


def checked_dns(params: Mapping[str, Any]) -> Resolver:
    """Return the resolver of this run. Raises InputRefused for an address, a name or a selector that cannot be asked for."""
    try:
        servers = [name_server(text) for text in params["name_servers"]]
    except ValueError as wrong:
        raise InputRefused("name_servers", f"{wrong}", "Write addresses such as 192.0.2.53 or 192.0.2.53:5353") from None
    address, sender = params["public_address"], params["sender"]
    if address is not None and not _is_address(address):
        raise InputRefused("public_address", f"{address!r} is not an IP address", "Write one such as 203.0.113.25")
    if sender is not None and "." not in sender.rpartition("@")[2]:
        raise InputRefused("sender", f"{sender!r} has no domain", "Write an address such as noreply@example.com")
    for name, values in (("helo_name", [params["helo_name"]]), ("dkim_selectors", params["dkim_selectors"])):
        for value in values:
            if value is not None and not NAME.fullmatch(value):
                raise InputRefused(name, f"{value!r} is not a name of the DNS", "Write letters, digits, hyphens and dots")
    return Resolver(servers)


def _is_address(text: str) -> bool:
    try:
        return bool(ipaddress.ip_address(text))
    except ValueError:
        return False


def _dns_findings(dns: Resolver, params: Mapping[str, Any], asked: bool) -> List[Finding]:
    """Return the findings about the sender's domain; an application that was asked has checked that of its own sender."""
    address = params["sender"]
    if asked or not address:
        return []
    return sender_findings(dns, sender_of(address, address, params["public_address"], params["dkim_selectors"]))


def _host_findings(module, message_id: str, transport: Optional[str], dns: Resolver) -> List[Finding]:
    host = ModuleHost(module)
    state = read_state(host, module.params["config_directory"])
    findings = host_findings(state, time.time())
    if module.params["public_address"]:
        helo = module.params["helo_name"] or state.postfix.helo
        findings += host_name_findings(dns, module.params["public_address"], helo)
    if transport not in (None, BUILTIN):
        # Postfix of this host carries nothing of the application, so that it need not be there.
        findings = [one for one in findings if one.id != "postfix-not-installed"]
    if message_id:
        findings += message_findings(read_log(read_message_log(host, message_id), message_id))
    return findings


def _query(params: Mapping[str, Any]) -> List[Tuple[str, str]]:
    """Return what the application has to know for its checks of the DNS."""
    address = [("public_address", params["public_address"])] if params["public_address"] else []
    return [
        *address, *(("dkim_selector", one) for one in params["dkim_selectors"]),
        *(("name_server", one) for one in params["name_servers"])]


def _service_findings(params: Dict[str, Any]) -> Tuple[bool, List[Finding], Optional[str]]:
    """Return whether the application was asked, its findings, and the way by which it sends."""
    if not params["application_expected"]:
        return False, [], None
    try:
        answer = CatalogApi(params).diagnosis(_query(params))
    except ApiFailed as failed:
        cause = f"{found('service-not-asked').cause} {failed.details['cause']}"
        return False, [found("service-not-asked", cause=cause, remedy=failed.details["remedy"])], None
    read = [from_answer(one) for one in answer["findings"] if isinstance(one, dict)]
    return True, [one for one in read if one is not None and one.source == SERVICE], answer.get("transport")
