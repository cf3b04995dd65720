# Copyright (c) 2026 The catalog.mail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to this collection: it may change without notice.
"""Microsoft Graph over HTTP: one pooled connection, a token, retries, and reads that wait for replication. An edge.

A request without an answer, or with a temporary one, is sent again until the run's deadline. Graph may have acted on the
earlier attempt; a request that must not be done twice therefore has the option ``look``, which is called first.
"""

from __future__ import annotations

import uuid
from datetime import datetime
from typing import Any, Callable, Dict, List, Mapping, NoReturn, Optional, Sequence, TypeVar

from .._core.errors import InputRefused, MicrosoftFailed, NotReplicated
from .._core.redaction import Secrets
from .deadline import Deadline
from .graph_permissions_needed import Right, refused, remedy, sentence
from .graph_requests import Attempt, BatchRead, Delivery, RequestOptions
from .graph_responses import Answer, date_of, error_of, is_lag, is_passing, values
from .graph_retry import PAUSES, RetryLoop
from .http_session import session, was_sent
from .libraries import library
from .login import Login
from .proxy import proxy_failure
from .token_errors import claims
from .tokens import Token, Tokens

Found = TypeVar("Found")
Body = Optional[Mapping[str, Any]]

CLEANUP = 10.0
"""Seconds that the removal of what a failed attempt left may take beyond the timeout."""
BETWEEN_READS = 0.2
"""Seconds between reads that agree; the next read may come from another replica."""
BATCH = 20
"""Requests that Graph accepts in one batch."""
DEFAULTS = RequestOptions()


class Graph:
    """Read and write objects of Microsoft Graph. Every method raises MicrosoftFailed when it fails."""

    def __init__(self, login: Login, options: Mapping[str, Any], run_command: Callable[..., Any]) -> None:
        """``options``: timeout (seconds, for the whole run) and consecutive_reads; ``run_command`` is the module's method."""
        for name in ("timeout", "consecutive_reads"):
            if options[name] < 1:
                raise InputRefused(name, f"{options[name]} is too little", "Write 1 or more")
        self._deadline = Deadline(options["timeout"])
        self._reads = options["consecutive_reads"]
        self._origin = login.endpoints.graph_url
        self._session = session(login.ca_file)
        self._tokens = Tokens(login, self._deadline, run_command)
        self._token: Optional[Token] = None
        self._hide = Secrets(login.secrets).words
        self.now: datetime = self._deadline.clock()
        """The time of Graph's last answer, by Graph's clock, since the clock of this machine may be wrong."""

    @property
    def token(self) -> str:
        """The access token in use."""
        if self._token is None:
            self._token = self._tokens.get()
        return self._token.text

    def read(self, right: Right, path: str, optional: bool = False) -> Optional[Mapping[str, Any]]:
        """Read one object; None when it is ``optional`` and does not exist."""
        answer = self.send(right, "GET", path)
        if answer.status == 404 and optional:
            return None
        self.expect(answer, right, "GET", path)
        return answer.body or {}

    def read_all(self, right: Right, path: str, optional: bool = False) -> Optional[List[Mapping[str, Any]]]:
        """Read all objects of a collection, page by page."""
        first = self.read(right, path, optional)
        return None if first is None else self._with_pages(right, first)

    def batch(self, reads: Sequence[BatchRead], version: str = "v1.0") -> List[Optional[Mapping[str, Any]]]:
        """Send many reads in one request; their results in the same order, None for an optional object that does not exist."""
        found: List[Optional[Mapping[str, Any]]] = []
        for start in range(0, len(reads), BATCH):
            found += self._batch(reads[start: start + BATCH], version)
        return found

    def collected(self, read: BatchRead, page: Mapping[str, Any]) -> List[Mapping[str, Any]]:
        """All objects of a collection whose first page came in a batch."""
        return self._with_pages(read.right, page)

    def send(
        self, right: Right, method: str, path: str, body: Body = None, *, options: RequestOptions = DEFAULTS,
    ) -> Answer:
        """Send a request until its answer is not temporary. Refusals are returned, except 401 and 403, which are raised."""
        loop = RetryLoop(self, right, method, path, options)
        while True:
            answer = loop.next_step(self._attempt(method, path, body, options.prefer))
            if answer is not None:
                return answer

    def expect(self, answer: Answer, right: Right, method: str, path: str) -> Answer:
        """The answer, when its status is 2xx."""
        if not answer.ok:
            self.refuse(answer, right, method, path)
        return answer

    def refuse(self, answer: Answer, right: Right, method: str, path: str) -> NoReturn:
        """Raise MicrosoftFailed with the error in the answer."""
        error = error_of(answer)
        cause = sentence(f"{method} {path.partition('?')[0]}", answer.status, error)
        otherwise = "Read Microsoft's message; if it is not clear, ask Microsoft's support with the request_id."
        if is_lag(answer):
            otherwise = "Replication may not be complete, and has no guaranteed time: run the task again later, or raise timeout."
        advice = remedy(error, otherwise)
        details = {"code": error.code or None, "status": answer.status, "request_id": error.request_id}
        if error.code == "NoPermissionsInAccessToken":  # comes with status 401
            cause, advice = refused(right, error, claims(self.token))
            details["permission"] = right.permission
        elif answer.status == 401:
            advice = "Check login: this Graph does not accept the token. Compare cloud, graph_url and authority_url."
        elif answer.status == 403:
            cause, advice = refused(right, error, claims(self.token))
            details["permission"] = right.permission
        elif answer.status == 429:
            advice = "Raise timeout, or run the task at another time: the directory limits the rate of requests."
        elif is_passing(answer):
            advice = "Raise timeout, or run the task at another time: the directory is busy, or another program writes there too."
        raise MicrosoftFailed(self._hide(cause), advice, **details)

    def read_consistently(self, read: Callable[[], Found], first: Found) -> Found:
        """Read until ``consecutive_reads`` results are equal, ``first`` among them. Raises NotReplicated at the deadline."""
        count, seen, agreeing = 1, first, True
        while count < self._reads:
            self._pause(agreeing, "Microsoft Graph's replicas did not agree on the present state")
            found = read()
            agreeing = found == seen
            count, seen = (count + 1, seen) if agreeing else (1, found)
        return seen

    def wait_until_visible(self, read: Callable[[], Found], agrees: Callable[[Found], bool], what: str) -> Found:
        """Read until ``consecutive_reads`` results show what was written. Raises NotReplicated at the deadline."""
        count = 0
        while True:
            found = read()
            count = count + 1 if agrees(found) else 0
            if count >= self._reads:
                return found
            self._pause(count > 0, f"{what} was written, but Microsoft Graph's replicas did not all show it")

    def wait(self, seconds: float) -> bool:
        """Sleep; False, without sleeping, when the deadline comes before."""
        return self._deadline.wait(seconds)

    def begin_cleanup(self) -> None:
        """Give the removal of what a failed attempt left time of its own: the first request may meet the failed one."""
        self._deadline.extend(CLEANUP)

    @property
    def deadline(self) -> Deadline:
        """The end of this run's time."""
        return self._deadline

    def _pause(self, agreeing: bool, otherwise: str) -> None:
        if not self._deadline.wait(BETWEEN_READS if agreeing else PAUSES[0]):
            raise NotReplicated(
                f"{otherwise} within {self._deadline.seconds:g} seconds.",
                "Run the task again later, or raise timeout: replication has no guaranteed time.", field="timeout")

    def _with_pages(self, right: Right, first: Mapping[str, Any]) -> List[Mapping[str, Any]]:
        found, page = values(first), first
        while page.get("@odata.nextLink"):
            link = str(page["@odata.nextLink"])
            if not link.startswith(f"{self._origin}/"):
                raise MicrosoftFailed(
                    f"Microsoft Graph continues a list at {self._hide(link.partition('?')[0])}, which is not its own address.",
                    "Check login.graph_url: nothing was sent there.", field="login.graph_url")
            page = self.read(right, link[len(self._origin):]) or {}
            found += values(page)
        return found

    def _batch(self, reads: Sequence[BatchRead], version: str) -> List[Optional[Mapping[str, Any]]]:
        body = {"requests": [{"id": str(number), "method": "GET", "url": read.path} for number, read in enumerate(reads)]}
        loop = RetryLoop(self, reads[0].right, "POST", f"/{version}/$batch", DEFAULTS)
        while True:
            whole = self.send(reads[0].right, "POST", f"/{version}/$batch", body)
            self.expect(whole, reads[0].right, "POST", f"/{version}/$batch")
            parts = _parts(whole)
            answers = [parts.get(str(number), Answer(500, {})) for number in range(len(reads))]
            # All are sent again when one answer is not final, which reads allow.
            unsure = [(read, one) for read, one in zip(reads, answers) if one.status in (401, 403) or is_passing(one)]
            if not unsure:
                return [self._part(read, one) for read, one in zip(reads, answers)]
            read, answer = unsure[0]
            loop.right, loop.path = read.right, read.path
            loop.next_step(Attempt(Delivery.ANSWERED, answer))

    def _part(self, read: BatchRead, answer: Answer) -> Optional[Mapping[str, Any]]:
        if answer.status == 404 and read.optional:
            return None
        self.expect(answer, read.right, "GET", read.path)
        return answer.body or {}

    def _attempt(self, method: str, path: str, body: Body, prefer: str) -> Attempt:
        """Send a request once."""
        exceptions = library("requests").exceptions
        headers = {
            "Authorization": f"Bearer {self.token}", "Accept": "application/json", "User-Agent": "catalog.mail for Ansible",
            "client-request-id": str(uuid.uuid4())}
        if prefer:
            headers["Prefer"] = prefer
        url = self._origin + (path if path.startswith(("/v1.0/", "/beta/")) else f"/v1.0{path}")
        try:
            response = self._session.request(method, url, json=body, headers=headers, allow_redirects=False)
        except exceptions.SSLError as exc:
            raise MicrosoftFailed(
                f"The certificate of {self._origin} was not accepted ({self._hide(exc)}).",
                "Give the certificate of the authority that signed it as login.ca_file.", field="login.ca_file") from exc
        except exceptions.RequestException as exc:
            by_proxy = proxy_failure(exc, url)
            if by_proxy and by_proxy.final:
                raise MicrosoftFailed(by_proxy.cause, by_proxy.remedy, field="login") from exc
            if by_proxy:
                return Attempt(Delivery.NOT_SENT, error=f"{by_proxy.cause.rstrip('.')}. {by_proxy.remedy.rstrip('.')}")
            return Attempt(Delivery.UNANSWERED if was_sent(exc) else Delivery.NOT_SENT, error=self._hide(exc))
        answer = Answer(response.status_code, {name.lower(): value for name, value in response.headers.items()}, _json(response))
        self.now = date_of(answer.headers.get("date", "")) or self._deadline.clock()
        return Attempt(Delivery.ANSWERED, answer)

    def unreached(self, words: str) -> NoReturn:
        """Raise MicrosoftFailed for a server that gave no answer."""
        raise MicrosoftFailed(
            f"{self._origin} could not be reached ({words}).",
            "Check the address, the proxy and the firewall, or give more timeout.", field="login.graph_url")

    def renew(self, only_cached: bool) -> bool:
        """Get a new token, once a run; False when it was done before, or ``only_cached`` and the token is not of the cache."""
        if self._token is None or (only_cached and not self._token.cached) or self._renewed:
            return False
        self._renewed = True
        self._token = self._tokens.get(fresh=True)
        return True

    _renewed = False


def _json(response: Any) -> Any:
    try:
        return response.json() if response.content else None
    except ValueError:
        return None


def _parts(whole: Answer) -> Dict[str, Answer]:
    """The answers in a batch by the ids of their requests, since Graph may change their order."""
    listed = whole.body.get("responses") if isinstance(whole.body, Mapping) else None
    return {
        str(one.get("id")): Answer(
            int(one.get("status") or 500), {str(name).lower(): str(value) for name, value in (one.get("headers") or {}).items()},
            one.get("body"))
        for one in listed or []}
