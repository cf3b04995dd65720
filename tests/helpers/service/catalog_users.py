# Copyright (c) 2026 The catalog.mail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Create users of the embedded catalog and act as them through the API."""

from __future__ import annotations

from collections.abc import Mapping
from email.message import EmailMessage
from typing import Any

import requests

from helpers.service.process import RunningService
from helpers.waiting import wait_until

FINAL = {"sent", "bounced", "failed", "suppressed"}


def add_user(service: RunningService, name: str, **change: Any) -> dict[str, Any]:
    """Add a user such as Jane Doe with jane@corp.test; return the API's representation."""
    body = {"name": name, "display_name": f"{name.title()} Doe", "email": f"{name}@corp.test", **change}
    return made(service.call("POST", "/users", body, role="catalog"))


def act(service: RunningService, name: str, method: str, path: str, body: Any = None) -> requests.Response:
    """Call the API as another catalog's application does for one of its users."""
    return service.call(method, path, body, role="catalog", headers={"X-Catalog-User": name})


def start_conversation(service: RunningService, name: str, title: str, text: str | None = None) -> str:
    """Start a conversation; return its id."""
    body = {"title": title} | ({"text": text} if text is not None else {})
    conversation: str = made(act(service, name, "POST", "/conversations", body))["id"]
    return conversation


def write(service: RunningService, name: str, conversation: str, text: str) -> dict[str, Any]:
    """Write a post; return the API's representation."""
    return made(act(service, name, "POST", f"/conversations/{conversation}/posts", {"text": text}))


def notify(service: RunningService, kind: str, data: Mapping[str, Any] | None = None, **more: Any) -> dict[str, Any]:
    """Send a notification that is accepted; return the API's representation."""
    answer = service.call("POST", "/notifications", {"kind": kind, **({"data": data} if data else {}), **more}, role="catalog")
    assert answer.status_code == 202, answer.text
    found: dict[str, Any] = answer.json()
    return found


def settled(service: RunningService, notification: Mapping[str, Any]) -> dict[str, dict[str, Any]]:
    """Wait until every delivery is final; return them by address."""

    def deliveries() -> list[dict[str, Any]]:
        answer: dict[str, Any] = service.call("GET", f"/notifications/{notification['id']}", role="viewer").json()
        found: list[dict[str, Any]] = answer["deliveries"]
        return found

    wait_until(lambda: all(delivery["state"] in FINAL for delivery in deliveries()), deliveries)
    return {delivery["recipient"]["address"]: delivery for delivery in deliveries()}


def states(deliveries: Mapping[str, Mapping[str, Any]]) -> dict[str, str]:
    """Return the state, or the reason for suppression, by the local part of the address."""
    return {address.partition("@")[0]: delivery["reason"] or delivery["state"] for address, delivery in deliveries.items()}


def made(answer: requests.Response) -> dict[str, Any]:
    """Return the created object."""
    assert answer.status_code == 201, answer.text
    found: dict[str, Any] = answer.json()
    return found


def to(messages: list[EmailMessage], name: str) -> list[EmailMessage]:
    """Return the messages that this user received."""
    return [message for message in messages if message["To"].addresses[0].username == name]


def text_of(message: EmailMessage, kind: str = "plain") -> str:
    """Return the content of one part of a message."""
    part = message.get_body((kind,))
    assert part is not None
    content: str = part.get_content()
    return content.replace("\r\n", "\n")
