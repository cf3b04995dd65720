# Copyright (c) 2026 The catalog.mail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The command `catalog-mail diagnose`: join the findings of host and service, and show them."""

from __future__ import annotations

import json
import os
import shutil
import sys
from collections.abc import Callable, Sequence

from catalog_mail.bootstrap.diagnosing import look_at_host
from catalog_mail.domain.errors import CatalogMailError, InputRefused, StorageFailed
from catalog_mail.domain.findings import of_service
from catalog_mail.domain.settings.document import Transport
from catalog_mail.from_collection._diagnosis.finding import Finding, exit_status, ordered, worst
from catalog_mail.from_collection._diagnosis.report import summary, text
from catalog_mail.services.diagnosis import Diagnosed, dns_options

__all__ = ["checked_message_id", "dns_options", "exit_status", "joined", "look_at_host", "shown"]


def checked_message_id(value: str) -> str:
    """Return a Message-ID with its angle brackets (RFC 5322, 3.6.4); empty without one. Raises InputRefused."""
    inner = value.strip().strip("<>")
    if not value:
        return ""
    if not 3 <= len(inner) <= 300 or "@" not in inner or not all("!" <= char <= "~" and char not in "<>" for char in inner):
        raise InputRefused(
            "message-id", f"{value[:100]!r} is not a Message-ID.", "Copy the header Message-ID, such as '<1@example.com>'."
        )
    return f"<{inner}>"


def joined(of_host: Sequence[Finding], of_service_itself: Callable[[], Diagnosed]) -> list[Finding]:
    """Return all findings, worst first. A service that cannot even be looked at is a finding as well."""
    try:
        service = of_service_itself()
    except (CatalogMailError, StorageFailed) as error:
        service = Diagnosed((of_service.of_error(error),), None)
    host = list(of_host)
    if service.transport not in (None, Transport.BUILTIN.value):
        # Postfix of this host carries nothing of the application, so that it need not be there.
        host = [one for one in host if one.id != "postfix-not-installed"]
    return ordered([*host, *service.findings])


def shown(findings: Sequence[Finding], *, as_json: bool) -> str:
    """Return the findings as JSON, or as text with the width and the colour of the terminal."""
    if as_json:
        document = {"findings": [one.as_result() for one in findings], "worst": worst(findings), "summary": summary(findings)}
        return json.dumps(document, indent=2, ensure_ascii=False) + "\n"
    colour = sys.stdout.isatty() and not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb"
    return text(findings, shutil.get_terminal_size((100, 24)).columns, colour)
