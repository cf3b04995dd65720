# Copyright (c) 2026 The catalog.mail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Post replies to another catalog: each reply is a POST in the form of Standard Webhooks (standardwebhooks.com).

docs/replies.md describes the receiving side. Since an answer can get lost, a reply may be posted again with the same
`webhook-id`; the receiver must not store it twice.
"""

from __future__ import annotations

import json
import ssl
from binascii import Error as NotBase64
from collections import deque
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlsplit

from standardwebhooks.webhooks import EmptyWebhookSecretError, Webhook

from catalog_mail.adapters.http_post import Answer, ConnectTimedOut, Destination, PostConnection
from catalog_mail.adapters.network_errors import innermost
from catalog_mail.domain.errors import Misconfigured
from catalog_mail.domain.failures.retry_after import retry_after_seconds
from catalog_mail.domain.replies.reply import Reply
from catalog_mail.ports.conversations import Batch, Posted, PostFailed, Posting, PostRefused

# After this many timeouts in a row the catalog counts as down; a single one may be caused by that reply.
_TIMEOUTS_IN_A_ROW = 3

_REFUSED = frozenset({400, 410, 413, 415, 422})
_LATER = frozenset({408, 425, 429})
_ALL_LATER = frozenset({429, 503})
_encode = json.JSONEncoder(separators=(",", ":")).encode


class WebhookConversations:
    """Posts to `url` with up to `workers` threads, each with a kept-alive connection. Its methods must be called by one thread.

    `secret` is the shared secret (`whsec_` and base64), `timeout` the seconds for connecting and for each answer, `ca_file` the
    only trusted authorities (default: those of the host). Proxies, authorities and passwords of the environment are ignored.
    Raises Misconfigured when the secret has another form.
    """

    def __init__(self, url: str, secret: str, workers: int, timeout: float, ca_file: str | None = None) -> None:
        # The name in messages, without credentials that the URL may hold.
        self._name = urlsplit(url).netloc.rpartition("@")[2]
        self._timeout = timeout
        self._webhook = _webhook(secret)
        destination = Destination(url, ca_file)
        self._workers = workers
        self._threads = ThreadPoolExecutor(workers, thread_name_prefix="webhook")
        self._connections = deque(PostConnection(destination, timeout) for _each in range(workers))

    def begin(self, replies: Sequence[Reply]) -> Batch:
        """Begin to post replies.

        Replies of one conversation are posted one after the other, in their order; those of several beside each other. After a
        failure that concerns all, the rest is not tried.
        """
        batch = _Lanes(replies)
        jobs = [self._threads.submit(self._post_all, batch) for _each in range(min(self._workers, len(batch.lanes)))]

        def wait() -> list[Posting]:
            for job in jobs:
                job.result()
            return [batch.results[number] for number in range(len(replies))]

        return Batch(wait)

    def post(self, replies: Sequence[Reply]) -> Sequence[Posting]:
        """Post replies; return the result of each, in their order."""
        return self.begin(replies).wait()

    def close(self) -> None:
        """End the threads, after their current requests."""
        self._threads.shutdown()
        for connection in self._connections:
            connection.close()

    def _post_all(self, batch: _Lanes) -> None:
        """Post replies of a batch, until the others are in the hands of other threads."""
        connection = self._connections.pop()
        try:
            while lane := batch.next_lane():
                number, reply = lane.popleft()
                batch.results[number] = batch.blocked or batch.note(self._post(reply, connection))
                if lane:
                    batch.lanes.append(lane)
        finally:
            self._connections.append(connection)

    def _post(self, reply: Reply, connection: PostConnection) -> Posting | None:
        """Post once; None without an answer in time."""
        now = datetime.now(UTC)
        content = _encode(_event(reply, now))
        headers = {
            "Content-Type": "application/json",
            "webhook-id": reply.key,
            "webhook-timestamp": str(int(now.timestamp())),
            "webhook-signature": self._webhook.sign(reply.key, now, content),
            "Idempotency-Key": reply.key,
        }
        try:
            return _posting(connection.post(headers, content.encode("ascii")))
        except ConnectTimedOut:
            return PostFailed(f"{self._name} cannot be reached: connecting took more than {self._timeout:g} s.", everywhere=True)
        except TimeoutError:
            return None
        except ssl.SSLError:
            return PostFailed(f"{self._name} has no certificate that is trusted here, or no TLS.", everywhere=True)
        except (OSError, ValueError) as error:
            return PostFailed(f"{self._name} cannot be posted to: {_system_message(error)}.", everywhere=True)


class _Lanes:
    """The replies of one batch, and what the threads share about them: they read and write single values only.

    `lanes` holds the waiting replies of each conversation, with their numbers; a thread takes out the lane that it posts from.
    """

    def __init__(self, replies: Sequence[Reply]) -> None:
        of_conversation: dict[str, deque[tuple[int, Reply]]] = {}
        for number, reply in enumerate(replies):
            name = reply.conversation_id or reply.thread or reply.notification_id
            of_conversation.setdefault(name, deque()).append((number, reply))
        self.lanes = deque(of_conversation.values())
        self.results: dict[int, Posting] = {}
        self.blocked: PostFailed | None = None
        self._timeouts = 0

    def next_lane(self) -> deque[tuple[int, Reply]] | None:
        """Take out a lane; None when there is none."""
        try:
            return self.lanes.popleft()
        except IndexError:
            return None

    def note(self, posting: Posting | None) -> Posting:
        if posting is None:
            self._timeouts += 1
            down = self._timeouts >= _TIMEOUTS_IN_A_ROW
            posting = PostFailed("The catalog gave no answer in time; whether it took the reply is not known.", everywhere=down)
        else:
            self._timeouts = 0
        if isinstance(posting, PostFailed) and posting.everywhere:
            self.blocked = posting
        return posting


def _webhook(secret: str) -> Webhook:
    try:
        if not secret.strip().startswith("whsec_"):
            raise ValueError(secret[:0])
        return Webhook(secret.strip())
    except (ValueError, NotBase64, EmptyWebhookSecretError):
        raise Misconfigured(
            "The secret that signs the posts of replies is not one of Standard Webhooks.",
            "Make one with: printf 'whsec_%s\\n' \"$(openssl rand -base64 32)\"; give the same to the other catalog.",
            field="replies.webhook_secret_file",
        ) from None


def _event(reply: Reply, now: datetime) -> dict[str, Any]:
    """Return the body. `timestamp` is the time of this try."""
    return {
        "type": "reply.received",
        "timestamp": now.isoformat(timespec="seconds").replace("+00:00", "Z"),
        "data": {
            "id": reply.key,
            "notification_id": reply.notification_id,
            "delivery_id": reply.delivery_id,
            "thread": reply.thread,
            "conversation_id": reply.conversation_id,
            "user": {"address": reply.address, "id": reply.user_id},
            "text": reply.text,
            # A header may hold bytes that are not text; not every JSON parser accepts an unpaired surrogate.
            "message_id": reply.message_id.encode("utf-8", "replace").decode("utf-8"),
        },
    }


def _posting(answer: Answer) -> Posting:
    status = answer.status
    if 200 <= status < 300:
        return Posted(_post_id(answer.body))
    if status == 409:
        return Posted(_post_id(answer.body), already=True)
    if status in _REFUSED:
        return PostRefused(f"the catalog answered {status}")
    if status in _LATER or status >= 500:
        wait = retry_after_seconds(answer.retry_after, datetime.now(UTC))
        return PostFailed(f"The catalog answered {status}.", wait, everywhere=status in _ALL_LATER)
    hint = {401: "it does not take the secret", 403: "it does not take the secret", 404: "the address is wrong"}.get(status)
    return PostFailed(
        f"The catalog answered {status}: {hint or 'it is not set up for replies'}. The replies wait until that is solved.",
        everywhere=True,
    )


def _post_id(body: bytes) -> str | None:
    """Return `id` of a JSON object, or None."""
    try:
        found = json.loads(body)
    except (ValueError, RecursionError):
        return None
    value = found.get("id") if isinstance(found, dict) else None
    return str(value)[:200] if isinstance(value, str | int) and not isinstance(value, bool) else None


def _system_message(error: BaseException) -> str:
    """Return the operating system's message, or the name of the innermost exception."""
    inner = innermost(error)
    return (inner.strerror if isinstance(inner, OSError) else None) or type(inner).__name__
