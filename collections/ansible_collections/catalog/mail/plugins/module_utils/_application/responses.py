# Copyright (c) 2026 The catalog.mail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to this collection: it may change without notice.
"""What the application's API answers, and what went wrong when it does not, as values and sentences. Pure.

Its errors are problem details (RFC 9457) with ``cause``, ``remedy``, ``code`` and, where one is at fault, ``field``.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any, Callable, Dict, List, Mapping, Optional

from .._core.errors import ApiFailed, Outdated

Hide = Callable[[object], str]
"""Makes a foreign text fit to be shown; see ``_secrets.Secrets.words``."""


@dataclass(frozen=True)
class Answer:
    """A response of HTTP, its body at most as long as ``MAX_BODY``."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    def header(self, name: str) -> str:
        """The value of a header, empty where there is none."""
        return next((value for key, value in self.headers.items() if key.lower() == name.lower()), "")


MAX_BODY = 4 * 1024 * 1024

_STATUS = "Look with 'systemctl status catalog-mail' and 'journalctl -u catalog-mail' on the host"
_ADDRESS = "Mend api_url, or what stands in front of the application"
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
    "not_http": ("What listens at {url} does not speak HTTP: {words}.", f"{_ADDRESS}; with TLS it begins with https://."),
    "lost": ("{url} ended the connection without an answer: {words}.", f"{_STATUS}."),
    "other": ("{url} cannot be reached: {words}.", f"{_STATUS}, or mend api_url."),
}


def unreached(kind: str, url: str, words: str, seconds: int, writing: bool) -> ApiFailed:
    """The failure of a connection. ``kind`` is a key of the table above, ``words`` what the system says.

    ``writing`` is whether the request may have been carried out nevertheless.
    """
    cause, remedy = _UNREACHED[kind]
    if writing and kind in ("timeout", "lost"):
        remedy = f"Whether the settings were saved is not known: run the task again. {remedy}"
    return ApiFailed(cause.format(url=url, words=words, seconds=seconds), remedy, code=f"api-{kind.replace('_', '-')}")


def document_of(answer: Answer, url: str, token_file: str, hide: Hide) -> Dict[str, Any]:
    """The JSON object in a good answer. Raises ApiFailed, with the API's own cause and remedy if it gives them."""
    found = _json_object(answer.body)
    if 200 <= answer.status < 300 and found is not None:
        return found
    if found is not None and isinstance(found.get("cause"), str) and isinstance(found.get("remedy"), str):
        raise _problem(answer.status, found, token_file, hide)
    raise _foreign(answer, url, hide)


def readiness_of(answer: Answer, url: str, hide: Hide) -> Dict[str, Any]:
    """The answer about health, which has the same form when the application is not ready."""
    found = _json_object(answer.body)
    if answer.status not in (200, 503) or found is None or not isinstance(found.get("ready"), bool):
        raise _foreign(answer, url, hide)
    return found


def revision_of(answer: Answer, url: str, hide: Hide) -> int:
    """The number of the stored document, from its ETag (RFC 9110, 8.8.3); a proxy may have made that a weak one."""
    tag = answer.header("ETag")
    number = (tag[2:] if tag.startswith("W/") else tag).strip('"')
    if not number.isdigit():
        raise _foreign(answer, url, hide)
    return int(number)


def if_match(revision: int) -> str:
    """The header that lets a write pass only over this revision."""
    return f'"{revision}"'


def part(document: Mapping[str, Any], name: str, kind: type, url: str) -> Any:
    """A member of a good answer. Raises ApiFailed where it is missing or of another kind."""
    found = document.get(name)
    if not isinstance(found, kind):
        raise ApiFailed(
            f"The answer of {url} has no {name}: it is another application's, or another version's.",
            "Let api_url name an application of the version that this collection deploys.", code="api-foreign")
    return found


def changes_of(document: Mapping[str, Any], url: str) -> List[Dict[str, Any]]:
    """The changes in an answer: ``path``, ``before`` and ``after`` each."""
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
    if status == 401:
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
    """An answer that is not the API's: a proxy's, a login page's, another program's."""
    place = answer.header("Location")
    if 300 <= answer.status < 400 and place:
        return ApiFailed(
            f"{url} sends its callers on to {hide(place)}, and the token is not taken there.",
            f"{_ADDRESS}, so that it answers itself.", code="api-foreign", status=answer.status)
    kind = answer.header("Content-Type").partition(";")[0] or "no content type"
    return ApiFailed(
        f"What answers at {url} is not the application's API: HTTP status {answer.status}, {hide(kind)}.",
        f"{_ADDRESS}. {_STATUS}.", code="api-foreign", status=answer.status)
