# Copyright (c) 2026 The catalog.mail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to this collection: it may change without notice.
"""Microsoft Graph over HTTP: one pooled connection, a token, and patience with what a large directory does. An edge.

A request is sent again after an answer that is temporary, or none, as long as the run has time. Whether an earlier try was
acted upon is then not known; so a request that must not be done twice brings along ``look``, which is asked first.
"""

from __future__ import annotations

import uuid
from datetime import datetime
from typing import Any, Callable, Dict, List, Mapping, NamedTuple, NoReturn, Optional, Sequence, Tuple, TypeVar

from .._core.errors import InputRefused, MicrosoftFailed, NotSettled
from .._core.redaction import Secrets
from .deadline import Patience
from .graph_permissions_needed import Right, refused, remedy, sentence
from .graph_responses import NOT_TAKEN, TEMPORARY, Answer, date_of, error_of, is_lag, retry_after, values
from .http_session import session, was_sent
from .libraries import library
from .login import Login
from .token_errors import claims
from .tokens import Token, Tokens

Found = TypeVar("Found")
Body = Optional[Mapping[str, Any]]

PAUSES = (0.5, 1.0, 2.0, 4.0, 8.0)
"""Seconds between tries; the last one from then on."""
CONNECTING = 30.0
"""Seconds after which a server that cannot be connected to at all is given up."""
BETWEEN_READS = 0.2
"""Seconds between reads that agree: it is replicas that differ, and the next read asks another one."""
BATCH = 20
"""Requests that Graph takes in one."""


class Ask(NamedTuple):
    """A read in a batch: the right that it needs, the path after the version, and whether there may be nothing there."""

    right: Right
    path: str
    optional: bool = False


class More(NamedTuple):
    """What is said of a request besides: the header Prefer, and how its failures are taken.

    ``fresh``: it is about something made a moment ago, so that refusals that replication explains are waited out.
    ``look``: asked before a try after one whose outcome is not known; an answer of it ends the tries.
    """

    prefer: str = ""
    fresh: bool = False
    look: Optional[Callable[[], Optional[Answer]]] = None


PLAIN = More()


class Graph:
    """What the modules ask of Graph. Every method raises MicrosoftFailed where it cannot do what it says."""

    def __init__(self, login: Login, options: Mapping[str, Any], run_command: Callable[..., Any]) -> None:
        """``options`` are timeout (seconds for all together) and consecutive_reads; ``run_command`` is the module's."""
        for name in ("timeout", "consecutive_reads"):
            if options[name] < 1:
                raise InputRefused(name, f"{options[name]} is too little", "Write 1 or more")
        self._patience = Patience(options["timeout"])
        self._reads = options["consecutive_reads"]
        self._origin = login.endpoints.graph_url
        self._session = session(login.ca_file)
        self._tokens = Tokens(login, self._patience, run_command)
        self._token: Optional[Token] = None
        self._hide = Secrets(login.secrets).words
        self.now: datetime = self._patience.clock()
        """The moment of Graph's last answer, by its own clock: that of this machine may be wrong."""

    @property
    def token(self) -> str:
        """The access token in use."""
        if self._token is None:
            self._token = self._tokens.get()
        return self._token.text

    def read(self, right: Right, path: str, optional: bool = False) -> Optional[Mapping[str, Any]]:
        """One thing; None where there is none and it is ``optional``."""
        answer = self.send(right, "GET", path)
        if answer.status == 404 and optional:
            return None
        self.expect(answer, right, "GET", path)
        return answer.body or {}

    def read_all(self, right: Right, path: str, optional: bool = False) -> Optional[List[Mapping[str, Any]]]:
        """All things of a collection, page by page."""
        first = self.read(right, path, optional)
        return None if first is None else self._with_pages(right, first)

    def batch(self, asks: Sequence[Ask], version: str = "v1.0") -> List[Optional[Mapping[str, Any]]]:
        """Many reads in one request, in their order; None for one that is optional and not there."""
        found: List[Optional[Mapping[str, Any]]] = []
        for start in range(0, len(asks), BATCH):
            found += self._batch(asks[start: start + BATCH], version)
        return found

    def collected(self, ask: Ask, page: Mapping[str, Any]) -> List[Mapping[str, Any]]:
        """All things of a collection whose first page came in a batch."""
        return self._with_pages(ask.right, page)

    def send(
        self, right: Right, method: str, path: str, body: Body = None, *, more: More = PLAIN,
    ) -> Answer:
        """One request until it has an answer that is not temporary. A refusal is returned, but for 401 and 403."""
        effort = _Effort(self, right, method, path, more)
        while True:
            answer = effort.judged(self._once(method, path, body, more.prefer))
            if answer is not None:
                return answer

    def expect(self, answer: Answer, right: Right, method: str, path: str) -> Answer:
        """The answer, if it is a good one."""
        if not answer.ok:
            self.refuse(answer, right, method, path)
        return answer

    def refuse(self, answer: Answer, right: Right, method: str, path: str) -> NoReturn:
        """Fail with the answer's own words."""
        error = error_of(answer)
        cause = sentence(f"{method} {path.partition('?')[0]}", answer.status, error)
        otherwise = "See what it says; if it is not clear, ask Microsoft with the request_id."
        if is_lag(answer):
            otherwise = "It may be replication, which has no promised time: run it again later, or give more timeout."
        advice = remedy(error, otherwise)
        details = {"code": error.code or None, "status": answer.status, "request_id": error.request_id}
        if answer.status == 401:
            advice = "Check login: the token is not taken by this Graph. Compare cloud, graph_url and authority_url."
        elif answer.status == 403:
            cause, advice = refused(right, error, claims(self.token))
            details["permission"] = right.permission
        elif answer.status == 429:
            advice = "Give more timeout, or run at another time: the directory limits how much is asked of it."
        raise MicrosoftFailed(self._hide(cause), advice, **details)

    def steady(self, read: Callable[[], Found], first: Found) -> Found:
        """What consecutive reads agree on, where ``first`` is what the last one said; before anything is built on it."""
        same, seen, agreeing = 1, first, True
        while same < self._reads:
            self._pause(agreeing, "Microsoft Graph's replicas did not agree on what there is")
            found = read()
            agreeing = found == seen
            same, seen = (same + 1, seen) if agreeing else (1, found)
        return seen

    def settle(self, read: Callable[[], Found], agrees: Callable[[Found], bool], what: str) -> Found:
        """Read until so many reads one after the other show what was written."""
        count = 0
        while True:
            found = read()
            count = count + 1 if agrees(found) else 0
            if count >= self._reads:
                return found
            self._pause(count > 0, f"{what} was written, but Microsoft Graph's replicas did not all show it")

    def waits(self, seconds: float) -> bool:
        """Wait; False where the run has no time left for it."""
        return self._patience.wait(seconds)

    @property
    def patience(self) -> Patience:
        """The time of this run."""
        return self._patience

    def _pause(self, agreeing: bool, otherwise: str) -> None:
        if not self._patience.wait(BETWEEN_READS if agreeing else PAUSES[0]):
            raise NotSettled(
                f"{otherwise} within {self._patience.seconds:g} seconds.",
                "Run it again later, or give more timeout: replication has no promised time.", field="timeout")

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

    def _batch(self, asks: Sequence[Ask], version: str) -> List[Optional[Mapping[str, Any]]]:
        body = {"requests": [{"id": str(number), "method": "GET", "url": ask.path} for number, ask in enumerate(asks)]}
        effort = _Effort(self, asks[0].right, "POST", f"/{version}/$batch", PLAIN)
        while True:
            whole = self.send(asks[0].right, "POST", f"/{version}/$batch", body)
            self.expect(whole, asks[0].right, "POST", f"/{version}/$batch")
            parts = _parts(whole)
            answers = [parts.get(str(number), Answer(500, {})) for number in range(len(asks))]
            # The first that is not final decides for all: they are reads, so they are all asked again.
            unsure = [(ask, one) for ask, one in zip(asks, answers) if one.status in (*TEMPORARY, 401, 403)]
            if not unsure:
                return [self._part(ask, one) for ask, one in zip(asks, answers)]
            effort.right, effort.path = unsure[0][0].right, unsure[0][0].path
            effort.judged((unsure[0][1], ""))

    def _part(self, ask: Ask, answer: Answer) -> Optional[Mapping[str, Any]]:
        if answer.status == 404 and ask.optional:
            return None
        self.expect(answer, ask.right, "GET", ask.path)
        return answer.body or {}

    def _once(self, method: str, path: str, body: Body, prefer: str) -> Tuple[Optional[Answer], str]:
        """One try: its answer, or None and why there is none, beginning with "sent" where it may have been acted upon."""
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
                "Give the authority that signed it as login.ca_file.", field="login.ca_file") from exc
        except exceptions.RequestException as exc:
            return None, f"{'sent' if was_sent(exc) else 'unsent'} {self._hide(exc)}"
        answer = Answer(response.status_code, {name.lower(): value for name, value in response.headers.items()}, _json(response))
        self.now = date_of(answer.headers.get("date", "")) or self._patience.clock()
        return answer, ""

    def unreached(self, words: str) -> NoReturn:
        """Fail as there was no answer."""
        raise MicrosoftFailed(
            f"{self._origin} could not be reached ({words}).",
            "Check the address, the proxy and the firewall, or give more timeout.", field="login.graph_url")

    def renew(self, only_cached: bool) -> bool:
        """Ask for a new token, once a run; False where that was done, or where only one of an earlier task would do."""
        if self._token is None or (only_cached and not self._token.cached) or self._renewed:
            return False
        self._renewed = True
        self._token = self._tokens.get(fresh=True)
        return True

    _renewed = False


class _Effort:
    """The tries of one request."""

    def __init__(self, graph: Graph, right: Right, method: str, path: str, more: More) -> None:
        self.right, self.method, self.path = right, method, path
        self._graph, self._fresh, self._look = graph, more.fresh, more.look
        self._tries = 0
        self._connecting = Patience(CONNECTING)

    def judged(self, outcome: Tuple[Optional[Answer], str]) -> Optional[Answer]:
        """The answer to take; None to try again, after the right pause."""
        answer, words = outcome
        if answer is None:
            self._wait(None, words.partition(" ")[2], bounded=not words.startswith("sent"))
            return self._looked(words.startswith("sent"))
        if answer.status == 401 and self._graph.renew(only_cached=False):
            return None
        if self._fresh and is_lag(answer):
            self._wait(answer, "")
            return None
        if answer.status == 403 and self._graph.renew(only_cached=True):
            return None
        if answer.status in TEMPORARY:
            self._wait(answer, "")
            return self._looked(answer.status not in NOT_TAKEN)
        if answer.status in (401, 403):
            self._graph.refuse(answer, self.right, self.method, self.path)
        return answer

    def _looked(self, unknown: bool) -> Optional[Answer]:
        return self._look() if unknown and self._look else None

    def _wait(self, answer: Optional[Answer], words: str, bounded: bool = False) -> None:
        pause = PAUSES[min(self._tries, len(PAUSES) - 1)]
        self._tries += 1
        asked = retry_after(answer) if answer else None
        enough = self._graph.waits(pause if asked is None else max(asked, 0.1))
        if enough and not (bounded and self._connecting.left == 0):
            return
        if answer is None:
            self._graph.unreached(words)
        self._graph.refuse(answer, self.right, self.method, self.path)


def _json(response: Any) -> Any:
    try:
        return response.json() if response.content else None
    except ValueError:
        return None


def _parts(whole: Answer) -> Dict[str, Answer]:
    """The answers in a batch by the ids of their requests; their order is not that of the requests."""
    listed = whole.body.get("responses") if isinstance(whole.body, Mapping) else None
    return {
        str(one.get("id")): Answer(
            int(one.get("status") or 500), {str(name).lower(): str(value) for name, value in (one.get("headers") or {}).items()},
            one.get("body"))
        for one in listed or []}
