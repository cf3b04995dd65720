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
import threading
import time
from binascii import Error as NotBase64
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlsplit

import requests
from standardwebhooks.webhooks import EmptyWebhookSecretError, Webhook

from catalog_mail.adapters.network_errors import innermost
from catalog_mail.domain.errors import Misconfigured
from catalog_mail.domain.failures.retry_after import retry_after_seconds
from catalog_mail.domain.replies.reply import Reply
from catalog_mail.ports.conversations import Posted, PostFailed, Posting, PostRefused

# Bytes of an answer that are read; an answer holds only an id.
_MOST_ANSWER = 65_536
# After this many timeouts in a row the catalog counts as down; a single one may be caused by that reply.
_TIMEOUTS_IN_A_ROW = 3

_REFUSED = frozenset({400, 410, 413, 415, 422})
_LATER = frozenset({408, 425, 429})
_ALL_LATER = frozenset({429, 503})


class WebhookConversations:
    """Posts to `url` with up to `workers` threads, each with a kept-alive connection. Its methods must be called by one thread.

    `secret` is the shared secret (`whsec_` and base64), `timeout` the seconds for connecting and for each answer, `ca_file` the
    only trusted authorities (default: those of the host). Raises Misconfigured when the secret has another form.
    """

    def __init__(self, url: str, secret: str, workers: int, timeout: float, ca_file: str | None = None) -> None:
        self._url = url
        # The name in messages, without credentials that the URL may hold.
        self._name = urlsplit(url).netloc.rpartition("@")[2]
        self._timeout = timeout
        self._webhook = _webhook(secret)
        paths = ssl.get_default_verify_paths()
        self._authorities = ca_file or paths.cafile or paths.capath or True
        self._threads = ThreadPoolExecutor(workers, thread_name_prefix="webhook")
        self._local = threading.local()

    def post(self, replies: Sequence[Reply]) -> Sequence[Posting]:
        """Post replies; return the result of each, in their order. After a failure that concerns all, the rest is not tried."""
        batch = _Batch()
        return list(self._threads.map(lambda reply: self._post(reply, batch), replies))

    def close(self) -> None:
        """End the threads, after their current requests."""
        self._threads.shutdown()

    def _post(self, reply: Reply, batch: _Batch) -> Posting:
        if batch.blocked:
            return batch.blocked
        now = datetime.now(UTC)
        content = json.dumps(_event(reply, now), separators=(",", ":"))
        headers = {
            "Content-Type": "application/json",
            "webhook-id": reply.key,
            "webhook-timestamp": str(int(now.timestamp())),
            "webhook-signature": self._webhook.sign(reply.key, now, content),
            "Idempotency-Key": reply.key,
        }
        return batch.note(self._send(content.encode("ascii"), headers))

    def _send(self, content: bytes, headers: dict[str, str]) -> Posting | None:
        """Post once; None without an answer in time."""
        try:
            try:
                return self._once(content, headers)
            except requests.ConnectionError as error:
                if isinstance(error, requests.Timeout | requests.exceptions.SSLError):
                    raise
                # The other side may just have closed a kept-alive connection.
                return self._once(content, headers)
        except requests.ConnectTimeout:
            return PostFailed(f"{self._name} cannot be reached: connecting took more than {self._timeout:g} s.", everywhere=True)
        except requests.Timeout:
            return None
        except requests.exceptions.SSLError:
            return PostFailed(f"{self._name} has no certificate that is trusted here, or no TLS.", everywhere=True)
        except (requests.RequestException, OSError, ValueError) as error:
            return PostFailed(f"{self._name} cannot be posted to: {_system_message(error)}.", everywhere=True)

    def _once(self, content: bytes, headers: dict[str, str]) -> Posting:
        with self._session().post(
            self._url, data=content, headers=headers, timeout=self._timeout, allow_redirects=False, stream=True
        ) as response:
            return _posting(response.status_code, response.headers.get("Retry-After"), _answer(response, self._timeout))

    def _session(self) -> requests.Session:
        """Return the session of this thread; a requests session is not thread-safe."""
        session: requests.Session | None = getattr(self._local, "session", None)
        if session is None:
            session = requests.Session()
            # Ignore proxies, authorities and passwords of the environment: only the configuration counts.
            session.trust_env = False
            session.verify = self._authorities
            session.headers["User-Agent"] = "catalog-mail"
            self._local.session = session
        return session


class _Batch:
    """State shared by the posts of one batch. Threads read and write single values only."""

    def __init__(self) -> None:
        self.blocked: PostFailed | None = None
        self._timeouts = 0

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


def _posting(status: int, retry_after: str | None, answer: bytes) -> Posting:
    if 200 <= status < 300:
        return Posted(_post_id(answer))
    if status == 409:
        return Posted(_post_id(answer), already=True)
    if status in _REFUSED:
        return PostRefused(f"the catalog answered {status}")
    if status in _LATER or status >= 500:
        wait = retry_after_seconds(retry_after, datetime.now(UTC))
        return PostFailed(f"The catalog answered {status}.", wait, everywhere=status in _ALL_LATER)
    hint = {401: "it does not take the secret", 403: "it does not take the secret", 404: "the address is wrong"}.get(status)
    return PostFailed(
        f"The catalog answered {status}: {hint or 'it is not set up for replies'}. The replies wait until that is solved.",
        everywhere=True,
    )


def _answer(response: requests.Response, seconds: float) -> bytes:
    """Return the beginning of the body. An endless or slow body is cut off, since the status holds the result."""
    content, until = bytearray(), time.monotonic() + seconds
    try:
        for piece in response.iter_content(1):  # a larger piece would be waited for
            content += piece
            if len(content) >= _MOST_ANSWER or time.monotonic() > until:
                response.close()
                break
    except (requests.RequestException, OSError):
        response.close()
        return b""
    return bytes(content)


def _post_id(answer: bytes) -> str | None:
    """Return `id` of a JSON object, or None."""
    try:
        found = json.loads(answer)
    except (ValueError, RecursionError):
        return None
    value = found.get("id") if isinstance(found, dict) else None
    return str(value)[:200] if isinstance(value, str | int) and not isinstance(value, bool) else None


def _system_message(error: BaseException) -> str:
    """Return the operating system's message, or the name of the innermost exception."""
    inner = innermost(error)
    return (inner.strerror if isinstance(inner, OSError) else None) or type(inner).__name__
