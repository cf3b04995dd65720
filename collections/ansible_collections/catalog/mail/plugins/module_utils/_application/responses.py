# Copyright (c) 2026 The catalog.mail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to this collection: it may change without notice.
"""Read the answers of the application's API; word the failures of requests. Pure.

The API's errors are problem details (RFC 9457) with ``cause``, ``remedy``, ``code`` and, for an invalid field, ``field``.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any, Callable, Dict, List, Mapping, Optional

from .._core.errors import ApiFailed, Outdated

Hide = Callable[[object], str]
"""Makes a foreign text fit for a message; see ``Secrets.words`` in ``_core/redaction.py``."""


@dataclass(frozen=True)
class Answer:
    """An HTTP response, its body at most ``MAX_BODY`` bytes long."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    def header(self, name: str) -> str:
        """Return the value of a header; empty when it is missing."""
        return next((value for key, value in self.headers.items() if key.lower() == name.lower()), "")


MAX_BODY = 4 * 1024 * 1024

_STATUS = "Look with 'systemctl status catalog-mail' and 'journalctl -u catalog-mail' on the host"
_ADDRESS = "Correct api_url, or the proxy in front of the application"
_UNREACHED = {
    "refused": ("Nothing listens at {url}: the application is not running there.", f"{_STATUS}, or mend api_url."),
    "name": ("The name of the host in {url} is not found: {words}.", "Mend api_url."),
    "timeout": ("{url} did not answer within {seconds} s.", f"{_STATUS}. If it only needs longer, raise timeout."),
    "untrusted": (
        "The certificate of {url} is not trusted: {words}.",
        "Give the certificates of the authority that signed it as ca_file."),
    "name_mismatch": (
        "The certificate of {url} is for another name: {words}.", "Use a name in api_url that is in the certificate."),
    "tls": ("TLS with {url} failed: {words}.", "If the application listens there without TLS, write http:// in api_url."),
    "not_http": ("The server at {url} does not speak HTTP: {words}.", f"{_ADDRESS}; with TLS it begins with https://."),
    "lost": ("{url} ended the connection without an answer: {words}.", f"{_STATUS}."),
    "other": ("{url} cannot be reached: {words}.", f"{_STATUS}, or mend api_url."),
}


def unreached(kind: str, url: str, words: str, seconds: int, writing: bool) -> ApiFailed:
    """Return the failure of a connection. ``kind`` is a key of the table above, ``words`` the system's message.

    ``writing``: the application may have carried out the request.
    """
    cause, remedy = _UNREACHED[kind]
    if writing and kind in ("timeout", "lost"):
        remedy = f"Whether the settings were saved is not known: run the task again. {remedy}"
    return ApiFailed(cause.format(url=url, words=words, seconds=seconds), remedy, code=f"api-{kind.replace('_', '-')}")


_BEFORE_START = ("token-missing", "token-exposed", "api-refused", "api-timeout", "api-lost")
_UNAUTHORIZED = 401


def is_before_start(failure: ApiFailed) -> bool:
    """Whether an application that a run of its role starts, or whose token the role makes, may give another answer."""
    return failure.details.get("code") in _BEFORE_START or failure.details.get("status") == _UNAUTHORIZED


def document_of(answer: Answer, url: str, token_file: str, hide: Hide) -> Dict[str, Any]:
    """Return the JSON object of a good answer. Raises ApiFailed for an error, with the API's own cause and remedy if given."""
    found = _json_object(answer.body)
    if 200 <= answer.status < 300 and found is not None:
        return found
    if found is not None and isinstance(found.get("cause"), str) and isinstance(found.get("remedy"), str):
        raise _problem(answer.status, found, token_file, hide)
    raise _foreign(answer, url, hide)


def readiness_of(answer: Answer, url: str, hide: Hide) -> Dict[str, Any]:
    """Return the health document, also from the error that the API answers while it is not ready."""
    found = _json_object(answer.body)
    if answer.status not in (200, 503) or found is None or not isinstance(found.get("ready"), bool):
        raise _foreign(answer, url, hide)
    return found


def revision_of(answer: Answer, url: str, hide: Hide) -> int:
    """Read the revision from the ETag (RFC 9110, 8.8.3); a proxy may have made the ETag a weak one."""
    tag = answer.header("ETag")
    number = (tag[2:] if tag.startswith("W/") else tag).strip('"')
    if not number.isdigit():
        raise _foreign(answer, url, hide)
    return int(number)


def if_match(revision: int) -> str:
    """Return the value of If-Match, with which a write succeeds only over this revision."""
    return f'"{revision}"'


def part(document: Mapping[str, Any], name: str, kind: type, url: str) -> Any:
    """Return a member of a good answer. Raises ApiFailed when it is missing or of another type."""
    found = document.get(name)
    if not isinstance(found, kind):
        raise ApiFailed(
            f"The answer of {url} has no {name}: it is another application's, or another version's.",
            "Let api_url name an application of the version that this collection deploys.", code="api-foreign")
    return found


def changes_of(document: Mapping[str, Any], url: str) -> List[Dict[str, Any]]:
    """Return the changes in an answer: each has ``path``, ``before`` and ``after``."""
    return [
        {"path": part(one, "path", str, url), "before": one.get("before"), "after": one.get("after")}
        for one in part(document, "changes", list, url) if isinstance(one, dict)]


def _json_object(body: bytes) -> Optional[Dict[str, Any]]:
    try:
        found = json.loads(body.decode("utf-8"))
    except (ValueError, RecursionError):
        return None
    return found if isinstance(found, dict) else None


def _problem(status: int, found: Mapping[str, Any], token_file: str, hide: Hide) -> ApiFailed:
    details: Dict[str, Any] = {"status": status}
    for name in ("code", "field"):
        if isinstance(found.get(name), str):
            details[name] = hide(found[name])
    smtp = found.get("smtp")
    if isinstance(smtp, dict):
        details["smtp"] = {"code": smtp.get("code"), "text": hide(smtp.get("text", ""))}
    cause, remedy = hide(found["cause"]), hide(found["remedy"])
    if status == _UNAUTHORIZED:
        details["field"] = "token_file"
        cause = f"The application refuses the token in {token_file}: {cause}"
        remedy = (
            f"Remove {token_file} and make a new token with 'catalog-mail token ensure', as the role "
            "catalog.mail.application does.")
    elif details.get("code") == "not-permitted":
        details["field"] = "token_file"
    errors = found.get("errors")
    if isinstance(errors, list) and len(errors) > 1:
        details["errors"] = [
            {name: hide(one.get(name, "")) for name in ("field", "cause", "remedy")}
            for one in errors if isinstance(one, dict)]
    return (Outdated if status == 412 else ApiFailed)(cause, remedy, **details)


def _foreign(answer: Answer, url: str, hide: Hide) -> ApiFailed:
    """Return the failure for an answer of a proxy, a login page or another program."""
    place = answer.header("Location")
    if 300 <= answer.status < 400 and place:
        return ApiFailed(
            f"{url} redirects to {hide(place)}, and the token is not sent there.",
            f"{_ADDRESS}, so that the application itself answers.", code="api-foreign", status=answer.status)
    kind = answer.header("Content-Type").partition(";")[0] or "no content type"
    return ApiFailed(
        f"The server at {url} is not the application's API: HTTP status {answer.status}, {hide(kind)}.",
        f"{_ADDRESS}. {_STATUS}.", code="api-foreign", status=answer.status)
