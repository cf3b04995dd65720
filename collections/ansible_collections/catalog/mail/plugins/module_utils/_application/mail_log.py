# Copyright (c) 2026 The catalog.mail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to this collection: it may change without notice.
"""The use case of mail_log_info: read the log of outgoing mail, or of the messages of the mailbox of replies."""

from __future__ import annotations

import re
from typing import Any, Dict, List, Mapping, Optional, Tuple

from .._core.errors import InputRefused
from .._core.module import Spec
from .api_options import API
from .client import CatalogApi

STATES = ("accepted", "queued", "sending", "retrying", "sent", "bounced", "failed", "suppressed")
KINDS = (
    "subscribed_event", "download_ready", "download_failed", "scheduled_query_succeeded", "scheduled_query_failed",
    "system_health", "scheduled_job_status", "mention", "assignment", "message", "reply_rejected",
)  # fmt: skip
OUTCOMES = ("posted", "ignored", "rejected", "quarantined", "left", "waiting", "gone")
MOST = 10_000
_PAGE = 200
_TIMES = ("since", "until")
_LISTS: Mapping[str, Tuple[str, Tuple[str, ...]]] = {
    "outgoing": ("/deliveries", ("state", "kind", "recipient", "reason")),
    "incoming": ("/replies/messages", ("outcome", "sender")),
}
_TIME = re.compile(r"\d{4}-\d\d-\d\d[Tt ]\d\d:\d\d(:\d\d(\.\d+)?)?([Zz]|[+-]\d\d:?\d\d)")

SPEC = API + Spec({
    "direction": {"type": "str", "choices": list(_LISTS), "default": "outgoing"},
    "state": {"type": "str", "choices": list(STATES)},
    "kind": {"type": "str", "choices": list(KINDS)},
    "recipient": {"type": "str"},
    "reason": {"type": "str"},
    "outcome": {"type": "str", "choices": list(OUTCOMES)},
    "sender": {"type": "str"},
    "since": {"type": "str"},
    "until": {"type": "str"},
    "limit": {"type": "int", "default": 50},
    "cursor": {"type": "str"},
})


def read_mail_log(module) -> Dict[str, Any]:
    """Return the result of mail_log_info. Raises InputRefused, ApiFailed."""
    params = module.params
    path, query = request(params)
    api = CatalogApi(params)
    items: List[Any] = []
    following: Optional[str] = params["cursor"]
    while True:
        more = {"limit": str(min(_PAGE, params["limit"] - len(items))), **({"cursor": following} if following else {})}
        found, following = api.page(path, {**query, **more})
        items += found
        if following is None or len(items) >= params["limit"]:
            return {"items": items, "next": following}


def request(params: Mapping[str, Any]) -> Tuple[str, Dict[str, str]]:
    """Return the path of the list and its filters. Raises InputRefused for an option that does not fit the list."""
    path, names = _LISTS[params["direction"]]
    for direction, (_path, others) in _LISTS.items():
        for name in others:
            if name not in names and params[name] is not None:
                raise InputRefused(
                    name, f"the list of {params['direction']} mail has no such property",
                    f"Leave it out, or set direction to {direction}")
    for name in _TIMES:
        if params[name] is not None and not _TIME.fullmatch(params[name]):
            raise InputRefused(
                name, f"{params[name]!r} is no time with its zone", "Write one such as 2026-03-01T12:00:00Z")
    if not 1 <= params["limit"] <= MOST:
        raise InputRefused("limit", f"{params['limit']} is not between 1 and {MOST}", "Write such a number; next tells the rest")
    return path, {name: params[name] for name in (*names, *_TIMES) if params[name] is not None}
