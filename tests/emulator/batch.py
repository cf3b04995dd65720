# Copyright (c) 2026 The catalog.mail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""$batch: up to 20 requests in one, each with its own answer; their order is free."""

from __future__ import annotations

import base64
import json
import random
from typing import TYPE_CHECKING, Any

from emulator.answer import Answer, Refusal, plain
from emulator.answer import bad_request as _bad
from emulator.odata.schema import BATCH_STEP
from emulator.odata.writing import written
from emulator.routing import routes

if TYPE_CHECKING:
    from emulator.call import Call

MOST = 20
METHODS = ("GET", "POST", "PATCH", "PUT", "DELETE")
# Each step of these needs a body with its type, also where the same request alone has none, such as addPassword: else Graph
# refuses the whole batch.
WRITES = ("POST", "PATCH", "PUT")


def bad_request(message: str) -> Exception:
    return _bad(message, "BadRequest")


@routes.add("POST", "$batch")
async def batch(call: Call) -> Answer:
    steps = _steps(call)
    answers: dict[str, dict[str, Any]] = {}
    for step in steps:
        answers[str(step["id"])] = await _step(call, step)
    shuffled = list(answers.values())
    random.shuffle(shuffled)
    return plain(200, {"responses": shuffled}, {"Content-Type": "application/json"})


def _steps(call: Call) -> list[dict[str, Any]]:
    steps = call.raw_json().get("requests")
    if not isinstance(steps, list) or not steps:
        raise bad_request("Invalid batch payload format.")
    if len(steps) > MOST:
        raise bad_request(f"Number of batch request steps exceeds the maximum value of {MOST}.")
    known: set[str] = set()
    steps = [_read(step) for step in steps]
    for step in steps:
        if str(step["id"]) in known:
            raise bad_request(f"The batch request id '{step['id']}' is not unique.")
        names = {name.lower() for name in step.get("headers", {})}
        bodyless = step["method"] in WRITES and step.get("body") is None
        if bodyless or (step.get("body") is not None and "content-type" not in names):
            raise bad_request(f"Write request id : {step['id']} does not contain Content-Type header or body.")
        known.add(str(step["id"]))
    return steps


def _read(step: Any) -> dict[str, Any]:
    """Return a step of a batch. A null property counts as missing; a property that the type lacks is refused."""
    if not isinstance(step, dict):
        raise bad_request("Invalid batch payload format.")
    try:
        found = written(BATCH_STEP, {name: value for name, value in step.items() if value is not None})
    except Refusal:
        raise bad_request("Invalid batch payload format.") from None
    if not found.get("id") or found.get("method") not in METHODS or not found.get("url"):
        raise bad_request("Invalid batch payload format.")
    return found


async def _step(call: Call, step: dict[str, Any]) -> dict[str, Any]:
    headers = {name.lower(): str(value) for name, value in step.get("headers", {}).items()}
    headers |= {"authorization": call.headers["authorization"], "host": call.headers.get("host", "localhost")}
    path, _, query = step["url"].partition("?")
    assert call.answer_part
    answer = await call.answer_part(
        step["method"], f"/{call.version}/{_encoded(path.lstrip('/'))}", _encoded(query), headers, _content(step, headers)
    )
    if answer.lost:
        return {"id": step["id"], "status": 504, "headers": {"Content-Type": "application/json"},
                "body": {"error": {"code": "GatewayTimeout", "message": ""}}}  # fmt: skip
    shown = {"id": step["id"], "status": answer.status, "headers": _headers(answer)}
    body = _body(answer)
    return shown if body is None else shown | {"body": body}


def _encoded(text: str) -> str:
    """A URL of a batch may hold spaces and letters that a request line could not."""
    return "".join(letter if 32 < ord(letter) < 127 else "".join(f"%{byte:02X}" for byte in letter.encode()) for letter in text)


def _content(step: dict[str, Any], headers: dict[str, str]) -> bytes:
    body = step.get("body")
    if body is None:
        return b""
    if "json" in headers.get("content-type", ""):
        return json.dumps(body).encode()
    return str(body).encode()


def _headers(answer: Answer) -> dict[str, str]:
    kept = ("Content-Type", "Retry-After", "Location", "Preference-Applied", "Cache-Control", "OData-Version")
    return {name: value for name, value in answer.headers.items() if name in kept}


def _body(answer: Answer) -> Any:
    """JSON as it is, everything else as base64."""
    if not answer.body:
        return None
    if "json" in answer.headers.get("Content-Type", ""):
        return answer.json
    return base64.b64encode(answer.body).decode()
