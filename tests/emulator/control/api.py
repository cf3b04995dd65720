# Copyright (c) 2026 The catalog.mail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""/_control/: its own bearer token, plain JSON. See README.md for the calls."""

from __future__ import annotations

import base64
import dataclasses
import json
import secrets
from collections import Counter
from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import parse_qsl, unquote

from emulator.answer import Answer, plain
from emulator.clock import whole
from emulator.control import reading, seeding
from emulator.control.rules import UnknownFault
from emulator.exchange import delivery
from emulator.exchange.rights import owner_of
from emulator.replication import KINDS, Lag
from emulator.world import DEFAULTS, World

Given = dict[str, Any]


class Wrong(ValueError):
    """A call of the control that makes no sense; the text says why."""


class Control:
    def __init__(self, world: World, token: str) -> None:
        self._world, self._token = world, token
        self._calls: dict[tuple[str, str], Callable[[Given], Any]] = {
            ("POST", "seed"): lambda given: seeding.seed(world, given),
            ("POST", "reset"): self._reset,
            ("GET", "faults"): lambda _given: world.rules.all(),
            ("POST", "faults"): world.rules.add,
            ("DELETE", "faults"): self._remove_faults,
            ("PUT", "lag"): self._lag,
            ("DELETE", "lag"): lambda _given: self._set_lag(None),
            ("PUT", "options"): self._options,
            ("POST", "clock"): self._clock,
            ("GET", "requests"): self._requests,
            ("DELETE", "requests"): self._forget_requests,
            ("GET", "state"): lambda _given: reading.state(world),
            ("POST", "grant"): lambda given: seeding.grant(world, given),
            ("POST", "revoke"): lambda given: seeding.revoke(world, given),
            ("PUT", "issuers"): self._set_issuer,
            ("POST", "messages"): self._put_message,
            ("GET", "messages"): lambda given: reading.messages(world, given),
            ("PATCH", "messages"): self._mark,
        }

    async def answer(self, method: str, raw_path: str, query: str, headers: Mapping[str, str], body: bytes) -> Answer:
        given_token = headers.get("authorization", "").removeprefix("Bearer ")
        if not secrets.compare_digest(given_token.encode(), self._token.encode()):
            return plain(401, {"error": "The control takes the bearer token of --control-token-file."})
        call = self._calls.get((method, unquote(raw_path).removeprefix("/_control/").strip("/")))
        if call is None:
            return plain(404, {"error": f"There is no {method} {raw_path}."})
        try:
            given = {**dict(parse_qsl(query)), **(json.loads(body) if body else {})}
            return plain(200, call(given))
        except (seeding.BadSeed, UnknownFault, Wrong, KeyError, TypeError, json.JSONDecodeError) as error:
            return plain(400, {"error": f"{type(error).__name__}: {error}"})

    def _reset(self, _given: Given) -> Any:
        """Everything forgotten but the key that signs tokens."""
        world = self._world
        key = world.store.get("setting", "key")
        world.store.clear()
        assert key
        world.store.put("setting", "key", key)
        world.clock.offset = 0.0
        world.replication.set(None)
        world.log.clear()
        world.most_working.clear()
        return {}

    def _remove_faults(self, given: Given) -> Any:
        if given.get("id"):
            self._world.rules.remove(given["id"])
        else:
            self._world.rules.clear()
        return {}

    def _lag(self, given: Given) -> Any:
        if "kinds" in given:
            given["kinds"] = tuple(given["kinds"])
            unknown = set(given["kinds"]) - set(KINDS)
            if unknown:
                raise Wrong(f"Nothing of the kind {', '.join(sorted(unknown))} lags; there are {', '.join(KINDS)}.")
        return self._set_lag(Lag(**given))

    def _set_lag(self, lag: Lag | None) -> Any:
        if lag:
            self._world.store.put("setting", "lag", dataclasses.asdict(lag))
        else:
            self._world.store.delete("setting", "lag")
        self._world.replication.set(lag)
        return dataclasses.asdict(lag) if lag else {}

    def _options(self, given: Given) -> Any:
        unknown = set(given) - set(DEFAULTS)
        if unknown:
            raise Wrong(f"There is no option {', '.join(sorted(unknown))}; there are {', '.join(DEFAULTS)}.")
        kept = (self._world.store.get("setting", "options") or {}) | given
        self._world.store.put("setting", "options", kept)
        return DEFAULTS | kept

    def _clock(self, given: Given) -> Any:
        self._world.clock.offset += float(given.get("advance", 0))
        self._world.store.put("setting", "clock", {"offset": self._world.clock.offset})
        return {"now": whole(self._world.clock.now()), "offset": self._world.clock.offset}

    def _requests(self, _given: Given) -> Any:
        log = list(self._world.log)
        counts = Counter(f"{one['method']} {one['path']} {one['status']}" for one in log)
        return {"requests": log, "counts": counts}

    def _forget_requests(self, _given: Given) -> Any:
        self._world.log.clear()
        self._world.most_working.clear()
        return {}

    def _set_issuer(self, given: Given) -> Any:
        """The public key (PEM) by which tokens of another issuer are verified."""
        self._world.store.put("issuer", given["issuer"], {"issuer": given["issuer"], "key": given["key"]})
        return {}

    def _put_message(self, given: Given) -> Any:
        """A raw message (`raw` in base64) into the mailbox of `to`, as if it had come from outside; or into `folder`."""
        user = self._user(given["to"])
        raw = base64.b64decode(given["raw"])
        if given.get("folder"):
            document = delivery.mailboxes.put_in(self._world, user, given["folder"], raw)
        else:
            document = delivery.receive(self._world, user, raw)
        return {"id": document["id"], "immutable_id": document["immutableId"]}

    def _mark(self, given: Given) -> Any:
        """Mark messages as another mail client does: all of an address, or the one with this `id`."""
        user = self._user(given["mailbox"])
        changed = 0
        for message in list(delivery.mailboxes.messages(self._world, user)):
            if given.get("id") in (None, message["id"], message["immutableId"]):
                delivery.mailboxes.change(self._world, dict(message), isRead=bool(given["read"]))
                changed += 1
        return {"changed": changed}

    def _user(self, address: str) -> Any:
        user = owner_of(self._world, address)
        if user is None:
            raise Wrong(f"Nobody has the address {address}.")
        return user
