"""Users of the embedded catalog for tests, and what they do through the API."""

from __future__ import annotations

import time
from collections.abc import Mapping
from email.message import EmailMessage
from typing import Any

import requests

from helpers.service.process import RunningService

FINAL = {"sent", "failed", "suppressed"}


def add_user(service: RunningService, name: str, **change: Any) -> dict[str, Any]:
    """A user such as Jane Doe with jane@corp.test; as the API answers them."""
    body = {"name": name, "display_name": f"{name.title()} Doe", "email": f"{name}@corp.test", **change}
    return made(service.call("POST", "/users", body, role="catalog"))


def act(service: RunningService, name: str, method: str, path: str, body: Any = None) -> requests.Response:
    """As the application of another catalog does it for one of its users."""
    return service.call(method, path, body, role="catalog", headers={"X-Catalog-User": name})


def start_conversation(service: RunningService, name: str, title: str, text: str | None = None) -> str:
    """Its id."""
    body = {"title": title} | ({"text": text} if text is not None else {})
    conversation: str = made(act(service, name, "POST", "/conversations", body))["id"]
    return conversation


def write(service: RunningService, name: str, conversation: str, text: str) -> dict[str, Any]:
    """A post, as the API answers it."""
    return made(act(service, name, "POST", f"/conversations/{conversation}/posts", {"text": text}))


def notify(service: RunningService, kind: str, data: Mapping[str, Any] | None = None, **more: Any) -> dict[str, Any]:
    """A notification that is accepted, as the API answers it."""
    answer = service.call("POST", "/notifications", {"kind": kind, **({"data": data} if data else {}), **more}, role="catalog")
    assert answer.status_code == 202, answer.text
    found: dict[str, Any] = answer.json()
    return found


def settled(service: RunningService, notification: Mapping[str, Any], seconds: float = 20) -> dict[str, dict[str, Any]]:
    """Its deliveries by address, as soon as each of them is final."""
    deadline = time.monotonic() + seconds
    while True:
        answer = service.call("GET", f"/notifications/{notification['id']}", role="viewer").json()
        if all(delivery["state"] in FINAL for delivery in answer["deliveries"]):
            return {delivery["recipient"]["address"]: delivery for delivery in answer["deliveries"]}
        assert time.monotonic() < deadline, answer
        time.sleep(0.05)


def states(deliveries: Mapping[str, Mapping[str, Any]]) -> dict[str, str]:
    """By the part of the address before the @: the state, or the reason not to send."""
    return {address.partition("@")[0]: delivery["reason"] or delivery["state"] for address, delivery in deliveries.items()}


def made(answer: requests.Response) -> dict[str, Any]:
    """What was created."""
    assert answer.status_code == 201, answer.text
    found: dict[str, Any] = answer.json()
    return found


def to(messages: list[EmailMessage], name: str) -> list[EmailMessage]:
    """Those that this user got."""
    return [message for message in messages if message["To"].addresses[0].username == name]


def text_of(message: EmailMessage, kind: str = "plain") -> str:
    """The content of one of its parts."""
    part = message.get_body((kind,))
    assert part is not None
    content: str = part.get_content()
    return content.replace("\r\n", "\n")
