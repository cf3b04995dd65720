# Copyright (c) 2026 The catalog.mail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""From a request to its answer: login, control or Graph; faults; what is logged; the connection that is closed instead."""

from __future__ import annotations

import asyncio
import contextlib
import datetime
import functools
import inspect
import json
import logging
import re
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, MutableMapping
from typing import Any
from urllib.parse import parse_qsl, unquote

import jwt

from emulator import graph, ids
from emulator.answer import Answer, Refusal
from emulator.call import Call
from emulator.clock import whole
from emulator.control.api import Control
from emulator.control.rules import Met
from emulator.entra import login
from emulator.entra.token import caller
from emulator.exchange.access import concurrency
from emulator.odata.path import segments
from emulator.routing import routes
from emulator.world import World

Scope = MutableMapping[str, Any]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
VERSIONS = ("v1.0", "beta")
log = logging.getLogger("emulator")
assert graph.LOADED


class Application:
    """The ASGI application."""

    def __init__(self, world: World, control: Control) -> None:
        self.world, self.control = world, control

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return
        headers = {name.decode("latin-1").lower(): value.decode("latin-1") for name, value in _merged(scope["headers"])}
        raw_path = re.sub("/+", "/", scope["raw_path"].decode("ascii").split("?")[0])
        body = await _body(receive)
        answer = await self.answer(scope["method"], raw_path, scope["query_string"].decode("ascii"), headers, body)
        if answer.lost:
            _close(send)
            return
        await _reply(send, answer, scope["method"], self.world.clock.now())

    async def answer(
        self, method: str, raw_path: str, query: str, headers: Mapping[str, str], body: bytes, *, in_batch: bool = False
    ) -> Answer:
        """The whole way, also for one request of a batch."""
        origin = f"https://{headers.get('host', 'localhost')}"
        if raw_path.startswith("/_control"):
            return await self.control.answer(method, raw_path, query, headers, body)
        app_id = ""
        fault = self.world.rules.meet(
            ("throttle", "fail", "lose", "delay", "refuse_connection"),
            method=method, path=_shown(raw_path, query), app_id=_app_id(headers), mailbox=_mailbox(raw_path),
        )  # fmt: skip
        if raw_path.split("/")[1:2] and raw_path.split("/")[1] in VERSIONS:
            answer, app_id = await self._graph(method, raw_path, query, headers, body, origin, fault)
        else:
            answer = await login.answer(self.world, origin, method, unquote(raw_path), query, headers, body, fault)
        self._log(method, raw_path, query, headers, answer, app_id, in_batch=in_batch)
        return answer

    async def _graph(
        self, method: str, raw_path: str, query: str, headers: Mapping[str, str], body: bytes, origin: str, fault: Met | None
    ) -> tuple[Answer, str]:
        version, _, below = raw_path[1:].partition("/")
        below = below.removeprefix("myorganization/")  # the caller's tenant, which no other address names
        request_id = ids.new()
        app_id = ""
        try:
            who = caller(self.world, origin, headers.get("authorization", ""))
            app_id = who.app_id
            call = Call(
                self.world, method, version, f"/{below}", segments(below), _query(query), headers, body, origin, who,
                self.world.replication.next_view(), request_id, answer_part=functools.partial(self.answer, in_batch=True),
            )  # fmt: skip
            answer = await self._work(call, fault)
        except Refusal as refused:
            answer = refusal(self.world, refused, request_id, headers)
        except Exception:
            log.exception("%s %s", method, raw_path)
            answer = refusal(self.world, Refusal(500, *_FAILURES[500]), request_id, headers)
        answer.headers |= _common(request_id, headers)
        return answer, app_id

    async def _work(self, call: Call, fault: Met | None) -> Answer:
        if fault and fault.kind in ("throttle", "fail"):
            raise _fault(fault)
        if fault and fault.kind == "refuse_connection":
            return Answer(lost=True)
        if fault and fault.kind == "delay":
            await asyncio.sleep(fault.values["seconds"])
        route, call.keys = routes.find(call.method, call.version, call.segments)
        async with concurrency(call):
            answer = route.handler(call)
            if inspect.isawaitable(answer):
                answer = await answer
        answer.lost = answer.lost or (fault is not None and fault.kind == "lose")
        return answer

    def _log(
        self, method: str, raw_path: str, query: str, headers: Mapping[str, str], answer: Answer, app_id: str, *, in_batch: bool
    ) -> None:
        self.world.log.append({
            "method": method, "path": unquote(raw_path), "query": unquote(query.replace("+", " ")),
            "status": 0 if answer.lost else answer.status, "app_id": app_id, "at": self.world.clock.seconds(),
            "user_agent": headers.get("user-agent", ""), "in_batch": in_batch,
        })  # fmt: skip


def refusal(world: World, refused: Refusal, request_id: str, headers: Mapping[str, str]) -> Answer:
    """Graph's error; its date has no zone."""
    error: dict[str, Any] = {"code": refused.code, "message": refused.message}
    if refused.details:
        error["details"] = refused.details
    error["innerError"] = {
        "date": whole(world.clock.now()).removesuffix("Z"), "request-id": request_id,
        "client-request-id": headers.get("client-request-id", request_id),
    }  # fmt: skip
    body = json.dumps({"error": error}, ensure_ascii=False).encode()
    return Answer(refused.status, body, {"Content-Type": "application/json", **refused.headers})


_FAILURES = {
    429: ("TooManyRequests", "Too many requests"),
    500: ("InternalServerError", "An internal server error occurred. The operation failed."),
    502: ("BadGateway", "Bad gateway."),
    503: ("ServiceUnavailable", "The service is temporarily unavailable. Please retry later."),
    504: ("GatewayTimeout", "The gateway did not receive a response in time."),
}


def _fault(met: Met) -> Refusal:
    status = int(met.values["status"])
    code, message = _FAILURES.get(status, ("UnknownError", ""))
    retry = met.values.get("retry_after")
    return Refusal(
        status, met.values.get("code", code), met.values.get("message", message),
        headers={"Retry-After": str(retry)} if retry is not None else {},
    )  # fmt: skip


def _common(request_id: str, headers: Mapping[str, str]) -> dict[str, str]:
    return {
        "request-id": request_id,
        "client-request-id": headers.get("client-request-id", request_id),
        "x-ms-ags-diagnostic": '{"ServerInfo":{"DataCenter":"Emulator","Slice":"E","Ring":"5","ScaleUnit":"000",'
        '"RoleInstance":"EM0PEPF00000001"}}',
        "Strict-Transport-Security": "max-age=31536000",
        "Cache-Control": "no-cache",
        "OData-Version": "4.0",
        "Vary": "Accept-Encoding",
    }


def _query(text: str) -> dict[str, str]:
    return dict(parse_qsl(text, keep_blank_values=True))


def _shown(raw_path: str, query: str) -> str:
    return unquote(raw_path) + (f"?{unquote(query)}" if query else "")


def _mailbox(raw_path: str) -> str:
    parts = unquote(raw_path).split("/")
    return parts[3] if len(parts) > 3 and parts[2].lower() == "users" else ""


def _app_id(headers: Mapping[str, str]) -> str:
    """Of the token, unverified: only for choosing a fault."""
    with contextlib.suppress(jwt.PyJWTError):
        token = headers.get("authorization", "").partition(" ")[2]
        return str(jwt.decode(token, options={"verify_signature": False}).get("appid", ""))
    return ""


def _merged(headers: list[tuple[bytes, bytes]]) -> list[tuple[bytes, bytes]]:
    """Headers that come more than once (Prefer) as one."""
    found: dict[bytes, bytes] = {}
    for name, value in headers:
        found[name] = found[name] + b", " + value if name in found else value
    return list(found.items())


async def _body(receive: Receive) -> bytes:
    parts = []
    async for part in _parts(receive):
        parts.append(part)
    return b"".join(parts)


async def _parts(receive: Receive) -> AsyncIterator[bytes]:
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            return
        yield message.get("body", b"")
        if not message.get("more_body"):
            return


async def _reply(send: Send, answer: Answer, method: str, now: datetime.datetime) -> None:
    headers = [(name.lower().encode(), value.encode("latin-1")) for name, value in answer.headers.items()]
    if answer.status != 204:
        headers.append((b"content-length", str(len(answer.body)).encode()))
    headers.append((b"date", now.strftime("%a, %d %b %Y %H:%M:%S GMT").encode()))
    await send({"type": "http.response.start", "status": answer.status, "headers": headers})
    await send({"type": "http.response.body", "body": b"" if method == "HEAD" else answer.body})


def _close(send: Send) -> None:
    """Close the connection without a word: the client never learns what was done."""
    transport = send.__self__.transport  # type: ignore[attr-defined]
    transport.abort()
