# Copyright (c) 2026 The catalog.mail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The choice of the key or token that a host takes from the others, from what their files hold."""

from __future__ import annotations

import base64
from typing import Any

import pytest
from ansible_collections.catalog.mail.plugins.filter.shared_secret import shared_secret


def held(host: str, content: str) -> dict[str, Any]:
    return {"application__member": host, "content": base64.b64encode(content.encode()).decode()}


def without(host: str, message: str = "file not found: /etc/catalog-mail/key") -> dict[str, Any]:
    return {"application__member": host, "msg": message}


def test_a_key_of_any_host_is_taken() -> None:
    found = shared_secret([without("a"), held("b", "b2xk-_=\nbmV3\n"), without("c")], {"a": {}, "b": {}, "c": {}}, "missing", [])
    assert found == {"secret": "b2xk-_=\nbmV3", "host": "b", "different": [], "unread": []}


def test_hosts_with_different_keys_are_named() -> None:
    found = shared_secret([held("a", "x"), held("b", "y\n"), held("c", "x\n")], {"a": {}, "b": {}, "c": {}}, "missing", [])
    assert found["different"] == ["a", "b", "c"]
    assert shared_secret([held("a", "x"), held("c", "x\n")], {"a": {}, "c": {}}, "missing", [])["different"] == []


@pytest.mark.parametrize(
    "result, reason",
    [
        (without("a", "Failed to connect to the host via ssh: refused\nmore"), "Failed to connect to the host via ssh: refused"),
        (without("a", "File is not readable: /etc/catalog-mail/key"), "File is not readable: /etc/catalog-mail/key"),
        ({"application__member": "a"}, "no answer"),
        (held("a", "{{ lookup('pipe', 'id') }}"), "its file does not hold a key or token"),
        (held("a", "k\u00e9y"), "its file does not hold a key or token"),
    ],
)
def test_hosts_that_cannot_be_read_are_named(result: dict[str, Any], reason: str) -> None:
    assert shared_secret([result], {"a": {}}, "missing", [])["unread"] == [f"a ({reason})"]


@pytest.mark.parametrize("message", ["file not found: /etc/x", "File not found: /etc/x: [Errno 2] No such file"])
def test_a_host_without_file_has_no_secret(message: str) -> None:
    found = shared_secret([without("a", message), held("b", "\n")], {"a": {}, "b": {}}, "missing", [])
    assert found == {"secret": "", "host": "", "different": [], "unread": []}


@pytest.mark.parametrize(
    "own, before, states, expected",
    [
        ("missing", [], ("refused", "accepted"), "b"),
        ("missing", [], ("refused", None), "b"),
        ("missing", [], ("refused", "refused"), "a"),
        ("refused", [], ("refused", "accepted"), "b"),
        ("refused", [], ("refused", "refused"), ""),
        ("refused", ["a"], ("refused", "refused"), "a"),
        ("refused", ["a"], ("refused", None), "b"),
    ],
)
def test_the_token_in_use_comes_first(own: str, before: list[str], states: tuple[Any, ...], expected: str) -> None:
    known = {
        name: {"application__found": {"token": state}} if state else {} for name, state in zip("ab", states, strict=True)}
    found = shared_secret([held("a", "cmail_a"), held("b", "cmail_b")], known, own, before)
    assert found["host"] == expected


def test_the_later_state_of_a_token_counts() -> None:
    known = {"a": {"application__found": {"token": "unknown"}, "application__service": {"token": "refused"}}}
    assert shared_secret([held("a", "cmail_a")], known, "refused", [])["secret"] == ""
