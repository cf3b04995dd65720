# Copyright (c) 2026 The catalog.mail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""mail_log_info: the requests it makes to a real server on the loopback interface, and the options it refuses."""

from __future__ import annotations

from types import SimpleNamespace
from urllib.parse import parse_qs, urlsplit

import pytest
from ansible_collections.catalog.mail.plugins.module_utils._application.mail_log import SPEC, read_mail_log, request
from ansible_collections.catalog.mail.plugins.module_utils._core.errors import InputRefused

NONE = dict.fromkeys(("state", "kind", "recipient", "reason", "outcome", "sender", "since", "until", "cursor"))


def options(**given):
    return {**NONE, "direction": "outgoing", "limit": 50, **given}


@pytest.mark.parametrize("given,path,query", [
    ({}, "/deliveries", {}),
    ({"state": "failed", "kind": "mention", "recipient": "a@b.test", "reason": "timed-out"}, "/deliveries",
     {"state": "failed", "kind": "mention", "recipient": "a@b.test", "reason": "timed-out"}),
    ({"direction": "incoming", "outcome": "rejected", "sender": "a@b.test"}, "/replies/messages",
     {"outcome": "rejected", "sender": "a@b.test"}),
    ({"since": "2026-03-01T12:00:00+02:00", "until": "2026-03-02 12:00Z"}, "/deliveries",
     {"since": "2026-03-01T12:00:00+02:00", "until": "2026-03-02 12:00Z"}),
])
def test_the_filters(given, path, query):
    assert request(options(**given)) == (path, query)


@pytest.mark.parametrize("field,given", [
    ("sender", {"sender": "a@b.test"}),
    ("outcome", {"outcome": "posted"}),
    ("state", {"direction": "incoming", "state": "sent"}),
    ("recipient", {"direction": "incoming", "recipient": "a@b.test"}),
    ("since", {"since": "yesterday"}),
    ("until", {"until": "2026-03-01T12:00:00"}),
    ("limit", {"limit": 0}),
    ("limit", {"limit": 10_001}),
])
def test_options_that_do_not_fit_are_refused(field, given):
    with pytest.raises(InputRefused) as refused:
        request(options(**given))
    assert refused.value.details["field"] == field
    assert refused.value.details["remedy"]


def test_pages_are_followed_up_to_the_limit(http_server, tmp_path):
    token = tmp_path / "token"
    token.write_text("cmail_0123456789abcdefghijklmnopqrstuvwxyz-_ABCDE\n")
    token.chmod(0o600)

    def answer(asked):
        query = parse_qs(urlsplit(asked.what.split()[1]).query)
        begin, size = int(query.get("cursor", ["0"])[0]), int(query["limit"][0])
        end = min(begin + size, 450)
        return 200, {}, {"items": [{"id": str(number)} for number in range(begin, end)], "next": str(end) if end < 450 else None}

    server = http_server(answer)
    api = {"api_url": f"http://127.0.0.1:{server.port}", "token_file": str(token), "ca_file": None, "timeout": 5}

    def read(**given):
        return read_mail_log(SimpleNamespace(params=options(**api, **given)))

    found = read(limit=1000)
    assert [int(item["id"]) for item in found["items"]] == list(range(450))
    assert found["next"] is None
    assert len(server.asked) == 3
    some = read(limit=250)
    assert (len(some["items"]), some["next"]) == (250, "250")
    rest = read(limit=250, cursor="250", recipient="a+b@c.test")
    assert len(rest["items"]) == 200 and rest["next"] is None
    assert "recipient=a%2Bb%40c.test" in server.asked[-1].what


def test_the_options_are_those_of_the_specification():
    assert set(NONE) | {"direction", "limit"} <= set(SPEC.options)
