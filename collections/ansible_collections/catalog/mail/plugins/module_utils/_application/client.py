# Copyright (c) 2026 The catalog.mail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to this collection: it may change without notice.
"""A client of the application's API over HTTP, with the token from its file. An edge.

One connection serves all requests of a run. It goes to the host in api_url only: proxies of the environment are
ignored and redirections are not followed, so that no other host receives the token.
"""

from __future__ import annotations

import http.client
import json
import os
import socket
import ssl
import stat
from typing import Any, Dict, List, Mapping, Optional, Sequence, Tuple
from urllib.parse import urlencode

from .._core.errors import ApiFailed, InputRefused, TokenMissing
from .._core.redaction import Secrets
from .._mail.connection import system_words, verifying_context
from .port import Saved, Stored
from .responses import (
    MAX_BODY,
    Answer,
    changes_of,
    document_of,
    if_match,
    part,
    readiness_of,
    revision_of,
    unreached,
)
from .url import Address, api_address

SETTINGS = "/settings/email-server"
TEST_SECONDS = 300
"""Seconds that the application may take for a test message, beyond the timeout of other requests."""
_MAX_TOKEN = 4096


class CatalogApi:
    """The methods of the API that modules use. Every method raises ApiFailed when its request fails."""

    def __init__(self, params: Mapping[str, Any], logins: Sequence[Tuple[str, str]] = ()) -> None:
        """``params`` are the module's options; ``logins`` are pairs of user name and secret to hide in messages."""
        self._address = api_address(params["api_url"])
        self._timeout = _seconds(params["timeout"])
        self._token_file = params["token_file"]
        token = _read_token(self._token_file)
        self._hide = Secrets([*logins, (None, token)]).words
        self._headers = {
            "Authorization": f"Bearer {token}", "Accept": "application/json", "User-Agent": "catalog.mail for Ansible"}
        self._connection = _connection(self._address, params["ca_file"])

    def read(self) -> Stored:
        """Read the settings in force."""
        return self._stored(self._ask("GET", SETTINGS), None)

    def plan(self, document: Mapping[str, Any]) -> List[Dict[str, Any]]:
        """Return the changes that writing ``document`` would make; the application compares the secrets."""
        return changes_of(self._document(self._ask("POST", f"{SETTINGS}/plan", {"settings": document})), self._url)

    def save(self, document: Mapping[str, Any], test: Any, revision: int, extra_timeout: int) -> Saved:
        """Test and Save over ``revision``. ``test`` is the API's value of that name; None for the application's default.

        ``extra_timeout``: seconds added to the timeout, for the test message. Raises Outdated when a newer revision exists.
        """
        body = {"settings": document} if test is None else {"settings": document, "test": test}
        answer = self._ask("PUT", SETTINGS, body, {"If-Match": if_match(revision)}, extra_timeout)
        found = self._document(answer)
        test, mailbox = (one if isinstance(one, dict) else None for one in (found.get("test"), found.get("tested_mailbox")))
        advice = [one for one in found.get("advice") or [] if isinstance(one, str)]
        return Saved(
            self._stored(answer, part(found, "settings", dict, self._url)), changes_of(found, self._url), test, mailbox, advice)

    def send_email_test(self, recipient: Optional[str]) -> Dict[str, Any]:
        """Have the application send a test message by the settings in force; by default to the owner of the token."""
        body = {} if recipient is None else {"recipient": recipient}
        found = self._document(self._ask("POST", f"{SETTINGS}/test", body, extra_timeout=TEST_SECONDS))
        test: Dict[str, Any] = part(found, "test", dict, self._url)
        for name in ("message_id", "recipient", "server"):
            part(test, name, str, self._url)
        return test

    def replies(self) -> Dict[str, Any]:
        """Read the state of receiving replies."""
        found = self._document(self._ask("GET", "/replies/sync"))
        part(found, "enabled", bool, self._url)
        part(found, "problems", list, self._url)
        return found

    def page(self, path: str, query: Mapping[str, str]) -> Tuple[List[Any], Optional[str]]:
        """Read a page of a list; return its entries and the cursor of the next page, None when there is none."""
        found = self._document(self._ask("GET", f"{path}?{urlencode(query)}"))
        following = found.get("next")
        return part(found, "items", list, self._url), following if isinstance(following, str) else None

    def diagnosis(self, query: Sequence[Tuple[str, str]]) -> Dict[str, Any]:
        """Have the application check itself and its servers; return its findings and its transport."""
        found = self._document(self._ask("GET", f"/diagnosis?{urlencode(query)}"))
        part(found, "findings", list, self._url)
        return found

    def start_conversation(self, user: str, title: str) -> str:
        """Start a conversation as ``user``; return its id."""
        found = self._as(user, "POST", "/conversations", {"title": title})
        return str(part(found, "id", str, self._url))

    def add_post(self, user: str, conversation: str, text: str) -> Dict[str, Any]:
        """Post ``text`` in a conversation as ``user``; return the post with the names of the mentioned users."""
        found = self._as(user, "POST", f"/conversations/{conversation}/posts", {"text": text})
        part(found, "mentions", list, self._url)
        return found

    def posts(self, conversation: str) -> List[Dict[str, Any]]:
        """Return the newest posts of a conversation, the last one first."""
        found = self._document(self._ask("GET", f"/conversations/{conversation}/posts"))
        return [one for one in part(found, "posts", list, self._url) if isinstance(one, dict)]

    def health(self) -> Dict[str, Any]:
        """Read whether the application is ready and can send, with the reasons when it cannot."""
        return readiness_of(self._ask("GET", "/health"), self._url, self._hide)

    def _as(self, user: str, method: str, path: str, body: Any) -> Dict[str, Any]:
        return self._document(self._ask(method, path, body, {"X-Catalog-User": user}))

    @property
    def _url(self) -> str:
        return self._address.text

    def _stored(self, answer: Answer, settings: Optional[Dict[str, Any]]) -> Stored:
        found = self._document(answer) if settings is None else settings
        part(found, "notifications", dict, self._url)
        return Stored(found, revision_of(answer, self._url, self._hide))

    def _document(self, answer: Answer) -> Dict[str, Any]:
        return document_of(answer, self._url, self._token_file, self._hide)

    def _ask(
        self, method: str, path: str, body: Any = None, headers: Optional[Mapping[str, str]] = None, extra_timeout: int = 0
    ) -> Answer:
        data = None if body is None else json.dumps(body).encode("ascii")
        sent = {**self._headers, **({"Content-Type": "application/json"} if data else {}), **(headers or {})}
        seconds = self._timeout + extra_timeout
        try:
            self._set_timeout(seconds)
            self._connection.request(method, self._address.path + path, data, sent)
            response = self._connection.getresponse()
            return Answer(response.status, dict(response.getheaders()), response.read(MAX_BODY))
        except (OSError, http.client.HTTPException) as exc:
            self._connection.close()
            raise unreached(_kind(exc), self._url, self._hide(_words(exc)), seconds, method == "PUT") from None

    def _set_timeout(self, seconds: int) -> None:
        """Set the timeout of the connection, whether it is already open or not."""
        self._connection.timeout = seconds
        if self._connection.sock is not None:
            self._connection.sock.settimeout(seconds)


def _connection(address: Address, ca_file: Optional[str]) -> http.client.HTTPConnection:
    if address.tls:
        context = verifying_context(ca_file, "ca_file")
        return http.client.HTTPSConnection(address.host, address.port, context=context)
    if ca_file:
        raise InputRefused("ca_file", "without TLS nothing is verified", "Leave it out, or write https:// in api_url")
    return http.client.HTTPConnection(address.host, address.port)


def _seconds(timeout: int) -> int:
    if timeout < 1:
        raise InputRefused("timeout", "less than a second is too short for an answer", "Write 1 or more seconds")
    return timeout


def _read_token(path: str) -> str:
    """Read the token from the first line of its file. Raises ApiFailed when other users may read the file."""
    try:
        with open(path, "rb") as stream:
            mode = os.fstat(stream.fileno()).st_mode
            content = stream.read(_MAX_TOKEN)
    except FileNotFoundError:
        raise TokenMissing(
            f"There is no file {path} on this host, which should hold the application's token for Ansible.",
            "Deploy the application with the role catalog.mail.application, or name the file as token_file.",
            field="token_file", code="token-missing") from None
    except (IsADirectoryError, NotADirectoryError):
        raise _no_token(path, "is no file") from None
    if mode & (stat.S_IROTH | stat.S_IWOTH):
        raise ApiFailed(
            f"{path} may be read or written by everybody on this host (mode {stat.S_IMODE(mode):04o}).",
            "Remove it and let the role catalog.mail.application make a new token: others may have read this one.",
            field="token_file", code="token-exposed")
    token = content.partition(b"\n")[0].strip()
    if not token or not all(0x21 <= byte <= 0x7E for byte in token):
        raise _no_token(path, "does not begin with a token")
    return token.decode("ascii")


def _no_token(path: str, what: str) -> ApiFailed:
    return ApiFailed(
        f"{path} {what}.", "Remove it and let the role catalog.mail.application make it again.",
        field="token_file", code="token-missing")


def _kind(exc: BaseException) -> str:
    """Return the key in ``responses`` of the message for an exception of sockets, TLS or HTTP."""
    kinds: Tuple[Tuple[Any, str], ...] = (
        (ssl.SSLCertVerificationError, "name_mismatch" if getattr(exc, "verify_code", 0) in (62, 64) else "untrusted"),
        (ssl.SSLError, "tls"),
        (socket.gaierror, "name"),
        ((socket.timeout, TimeoutError), "timeout"),
        (ConnectionRefusedError, "refused"),
        ((ConnectionError, http.client.IncompleteRead), "lost"),
        (http.client.HTTPException, "not_http"),
    )
    return next((kind for classes, kind in kinds if isinstance(exc, classes)), "other")


def _words(exc: BaseException) -> str:
    if isinstance(exc, http.client.HTTPException):
        return f"{type(exc).__name__} {exc}".strip()
    return system_words(exc)
