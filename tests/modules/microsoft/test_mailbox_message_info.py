# Copyright (c) 2026 The catalog.mail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""mailbox_message_info against the emulator: the way of a message in a mailbox of the tenant."""

from __future__ import annotations

from collections.abc import Callable

from emulator.running import DOMAIN, Running
from helpers.modules.graph_modules import Modules

MAILBOX = f"noreply@{DOMAIN}"
MESSAGE = """\
Received: from out.corp.test by mx.{domain} with ESMTPS (TLS1.3) ; Mon, 30 Nov 2026 10:00:02 +0000
Received: by out.corp.test; Mon, 30 Nov 2026 10:00:01 +0000
Authentication-Results: spf=pass smtp.mailfrom=corp.test; dkim=pass header.d=corp.test; dmarc=pass header.from=corp.test
From: catalog@corp.test
To: {mailbox}
Subject: Test of the e-mail settings of Data Catalog [{number}]
Message-ID: <{id}>

Hello.
"""


def arrive(entra: Running, number: str, message_id: str = "", folder: str | None = None) -> str:
    """Put a test message into the mailbox; return the Message-ID with which it was sent."""
    sent = f"{number}@corp.test"
    raw = MESSAGE.format(domain=DOMAIN, mailbox=MAILBOX, number=number, id=message_id or sent)
    entra.put_message(MAILBOX, raw.replace("\n", "\r\n").encode(), folder)
    return f"<{sent}>"


def find(modules: Modules, message_id: str, timeout: int = 30) -> dict:
    return modules.run("mailbox_message_info", mailbox=MAILBOX, message_id=message_id, timeout=timeout)


def test_the_way_of_a_message_is_read(entra: Running, automation_with: Callable[..., Modules]) -> None:
    modules = automation_with("Mail.Read")
    found = find(modules, arrive(entra, "number1"))
    assert not found.get("failed") and not found["changed"], found
    assert [hop["by"] for hop in found["hops"]] == ["out.corp.test", f"mx.{DOMAIN}"]
    assert found["mailbox_folder"] == "INBOX" and "warnings" not in found
    assert any("spf=pass" in line and "dmarc=pass" in line for line in found["summary"])
    assert not modules.writes()

    replaced = find(modules, arrive(entra, "number2", message_id="other@exchange.test"))
    assert replaced["mailbox_folder"] == "INBOX", replaced
    junk = find(modules, arrive(entra, "number3", folder="junkemail"))
    assert junk["mailbox_folder"] == "Junk Email" and "taken for spam" in junk["warnings"][0]


def test_what_is_not_found_or_not_allowed_is_named(entra: Running, automation_with: Callable[..., Modules]) -> None:
    missing = find(automation_with("Mail.Read"), "<nothing@corp.test>", timeout=3)
    assert missing["failed"] and missing["code"] == "message-not-found" and "message trace" in missing["remedy"]
    refused = find(automation_with("User.Read.All"), "<nothing@corp.test>")
    assert refused["failed"] and refused["permission"] == "Mail.Read", refused
    wrong = find(automation_with("Mail.Read"), "nothing")
    assert wrong["failed"] and wrong["field"] == "message_id"
