# Copyright (c) 2026 The catalog.mail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to this collection: it may change without notice.
"""The use case of mailbox_message_info: find one message in a mailbox of Microsoft 365, and read its headers."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any, List, Mapping, NamedTuple, Optional, Tuple
from urllib.parse import quote

from .._core.errors import InputRefused, MicrosoftFailed
from .._core.module import Spec
from .common import MICROSOFT, connected
from .graph_client import Graph
from .graph_permissions_needed import Right
from .graph_responses import values

INFO = MICROSOFT + Spec({
    "mailbox": {"type": "str", "required": True},
    "message_id": {"type": "str", "required": True},
})

READ_MAIL = Right(
    "read the mailbox", "Mail.Read", "Mail.ReadWrite serves as well; a role of Exchange limits it to this mailbox",
    "Exchange Administrator")
PAUSE = 2.0
"""Seconds between two searches."""
NEWEST = 50
"""Messages of the last minutes whose subjects are compared, where a server has replaced the Message-ID."""
_FOLDERS = (("inbox", "INBOX"), ("junkemail", "Junk Email"))
_MESSAGE_ID = re.compile(r"<([^<>@\s]{1,200})@[^<>@\s]{1,300}>")


class FoundMessage(NamedTuple):
    """A message found: the name of its folder, whether that folder is for spam, and its headers in their order."""

    folder: str
    junk: bool
    headers: List[Tuple[str, str]]

    def header_values(self, name: str) -> List[str]:
        """Return the values of all headers of a name."""
        return [value for key, value in self.headers if key.lower() == name.lower()]


def find_message(module) -> FoundMessage:
    """Search until the message is there. Raises InputRefused, MicrosoftFailed."""
    given = module.params
    parsed = _MESSAGE_ID.fullmatch(given["message_id"].strip())
    if not parsed:
        raise InputRefused("message_id", f"{given['message_id']!r} is not a Message-ID", "Write it with its angle brackets")
    if not given["mailbox"].strip():
        raise InputRefused("mailbox", "it is empty", "Write the address or the object id of the mailbox")
    graph = connected(module)
    while True:
        for folder, shown in _FOLDERS:
            found = _search(graph, given["mailbox"].strip(), folder, parsed.group(0), parsed.group(1))
            if found is not None:
                return FoundMessage(shown, folder != "inbox", _headers(found))
        if not graph.wait(PAUSE):
            raise MicrosoftFailed(
                f"The message {parsed.group(0)} is neither in the Inbox nor in Junk Email of {given['mailbox']} after"
                f" {given['timeout']} seconds.",
                "Check that the mailbox is the recipient's; look for a rule, a quarantine or a redirection there (message trace"
                " in the Exchange admin center); raise timeout if delivery is slow.", code="message-not-found", field="mailbox")


def _search(graph: Graph, mailbox: str, folder: str, message_id: str, token: str) -> Optional[Mapping[str, Any]]:
    """Return the message by its Message-ID, else by the number in its subject; None when it is not there."""
    messages = f"/users/{quote(mailbox)}/mailFolders/{folder}/messages"
    having = quote("internetMessageId eq '{}'".format(message_id.replace("'", "''")))
    found = values(graph.read(READ_MAIL, f"{messages}?$filter={having}&$select=id,internetMessageHeaders&$top=1") or {})
    if found:
        return found[0]
    since = quote(f"receivedDateTime ge {graph.now - timedelta(minutes=30):%Y-%m-%dT%H:%M:%SZ}")
    recent = values(graph.read(
        READ_MAIL,
        f"{messages}?$filter={since}&$orderby={quote('receivedDateTime desc')}&$select=id,subject,internetMessageHeaders"
        f"&$top={NEWEST}") or {})
    return next((one for one in recent if token in str(one.get("subject") or "")), None)


def _headers(message: Mapping[str, Any]) -> List[Tuple[str, str]]:
    pairs = message.get("internetMessageHeaders") or []
    return [(str(one.get("name") or ""), str(one.get("value") or "")) for one in pairs if isinstance(one, Mapping)]
