# Copyright (c) 2026 The catalog.mail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Answer requests that arrive at the same time together: one change of thread, and shared statements.

The caller, its role and the body are checked as for every operation, in the thread. A request that any check refuses is answered
by the framework, which checks again: each refusal has one place that writes it.
"""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from typing import Any, ClassVar

from fastapi import Request, Response
from starlette.requests import ClientDisconnect

from catalog_mail.api import security
from catalog_mail.api.batches import Batches
from catalog_mail.api.bodies import Body, BodyRefused, BodyRoute, CheckedRequest, judge
from catalog_mail.api.context import Services
from catalog_mail.api.problems import RefusedBody
from catalog_mail.domain.catalog.people import Principal, Role
from catalog_mail.services.tokens import digest

# Bytes; to judge a larger body takes long, and others would wait for it.
LARGEST_TOGETHER = 64 * 1024


@dataclass(frozen=True)
class _Call:
    services: Services
    path: str
    token: str
    body: bytes


@dataclass(frozen=True)
class CheckedCall:
    """A request whose caller has the role of the operation, and whose body is valid."""

    path: str
    principal: Principal
    body: Body


class BatchRoute(BodyRoute):
    """The route of an operation that takes many small bodies.

    The body of a request is read before its caller is known, if the caller's token was valid before: in that case only. Whether
    the token is valid now is looked up with the body at hand.
    """

    role: ClassVar[Role]

    @staticmethod
    @abstractmethod
    def answer_all(services: Services, calls: list[CheckedCall]) -> list[Response | Exception]:
        """Return an answer or an error for each call, in order."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """Return a handler that leaves to the framework's what it does not answer."""
        framework = super().get_route_handler()
        if self.body_field is None:
            return framework
        batches = Batches(self._answer, self.name)
        seen: set[bytes] = set()  # tokens that were valid, by their SHA-256
        path = ""

        async def handle(request: Request) -> Response:
            nonlocal path
            path = path or request.app.url_path_for(self.name)
            checked = CheckedRequest(request, self.model)
            token = security.bearer_token(request)
            key = digest(token or "")
            if token and key in seen and 0 < checked.declared_size() <= LARGEST_TOGETHER:
                try:
                    call = _Call(request.app.state.services, path, token, await checked.body())
                except (BodyRefused, ClientDisconnect):
                    answer = None
                else:
                    answer = await batches.result(call)
                if answer is not None:
                    return answer
                seen.discard(key)
            answer = await framework(checked)
            if token:
                seen.add(key)
            return answer

        return handle

    def _answer(self, calls: list[_Call]) -> list[Response | Exception | None]:
        """Return an answer for each call, an error, or None when a check refuses the call."""
        services = calls[0].services
        callers = {token: services.tokens.recognise(token) for token in {call.token for call in calls}}
        checked = [self._check(call, callers[call.token]) for call in calls]
        valid = [call for call in checked if call is not None]
        answers = iter(self.answer_all(services, valid) if valid else [])
        return [None if call is None else next(answers) for call in checked]

    def _check(self, call: _Call, caller: Principal | None) -> CheckedCall | None:
        if caller is None or not caller.may(self.role):
            return None
        body = judge(call.body, self.model)
        return None if isinstance(body, RefusedBody) else CheckedCall(call.path, caller, body)
