# Copyright (c) 2026 The catalog.mail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The source of events for event-driven Ansible passes on the application's events, and outlives its restart."""

from __future__ import annotations

import asyncio
import contextlib
import importlib.util
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest
import yaml
from helpers.service.process import RunningService
from helpers.waiting import PATIENCE

EDA = Path(__file__).resolve().parents[3] / "collections/ansible_collections/catalog/mail/extensions/eda"
CHANGE = {"host": "catalog1", "role": "postfix", "thing": "main.cf", "field": "relayhost", "is": "a", "should_be": "b"}
REPORT = {"hosts": ["catalog1"], "corrected": False, "started_at": "2026-11-21T05:30:00Z", "changes": [CHANGE]}


def plugin() -> Any:
    """Return the source as ansible-rulebook loads it."""
    spec = importlib.util.spec_from_file_location("events", EDA / "plugins/event_source/events.py")
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def options(service: RunningService, folder: Path, role: str = "viewer") -> dict[str, Any]:
    (folder / "token").write_text(service.tokens[role] + "\n")
    return {"url": service.url, "token_file": str(folder / "token"), "wait": 2, "retry": 0.1}


def watched(args: dict[str, Any], steps: Callable[[Callable[[], Awaitable[Any]]], Awaitable[None]]) -> None:
    """Run the source beside these steps, which are given a function that waits for the next event."""

    async def both() -> None:
        queue: asyncio.Queue[dict[str, Any]] = asyncio.Queue()
        source = asyncio.create_task(plugin().main(queue, args))

        async def following() -> Any:
            return (await asyncio.wait_for(queue.get(), PATIENCE))["catalog_mail"]

        try:
            await steps(following)
        finally:
            source.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await source

    asyncio.run(both())


def report(service: RunningService) -> None:
    assert service.call("POST", "/drift-reports", REPORT).status_code == 201


def test_events_come_once_and_in_order(catalog_node: RunningService, tmp_path: Path) -> None:
    """Also over a restart of the application. Events before the start are left out, unless `after` asks for them."""
    report(catalog_node)
    seen: list[Any] = []
    now = catalog_node.call("GET", "/events", role="viewer").json()["next"]

    async def steps(following: Callable[[], Awaitable[Any]]) -> None:
        for _each in range(2):
            report(catalog_node)
            seen.append(await following())
            await asyncio.to_thread(catalog_node.stop)
            await asyncio.to_thread(catalog_node.start)

    watched({**options(catalog_node, tmp_path), "after": now}, steps)
    assert [event["kind"] for event in seen] == ["drift", "drift"]
    assert [event["data"]["hosts"] for event in seen] == [["catalog1"]] * 2
    assert int(seen[0]["id"]) == int(now) + 1 and int(seen[1]["id"]) == int(now) + 2


@pytest.mark.parametrize(("change", "words"), [
    ({"url": "catalog"}, "url: it is missing or no web address"),
    ({"token_file": ""}, "token_file: it is missing"),
    ({"token_file": "/nonexistent"}, "token_file: /nonexistent: No such file"),
    ({"token_file": "/dev/null"}, "token_file: /dev/null does not hold one token"),
    ({"ca_file": "/nonexistent"}, "ca_file: /nonexistent: No such file"),
    ({"ca_file": "/etc/hostname"}, "ca_file: /etc/hostname: "),
    ({"wait": 56}, "wait: 56 is not a number between 0 and 55"),
    ({"wait": "soon"}, "wait: 'soon' is not a number between 0 and 55"),
    ({"retry": 0}, "retry: 0 is not a number between 0.1 and 3600"),
    ({"interval": 5}, "interval: there is no such option"),
    ({"after": "x"}, "after: the application does not know the event x"),
])
def test_a_wrong_option_is_named(catalog_node: RunningService, tmp_path: Path, change: dict[str, Any], words: str) -> None:
    module = plugin()
    with pytest.raises(module.OptionRefused, match=words):
        asyncio.run(module.main(asyncio.Queue(), {**options(catalog_node, tmp_path), **change}))


def test_a_token_without_the_role_ends_the_source(catalog_node: RunningService, tmp_path: Path) -> None:
    module = plugin()
    with pytest.raises(module.OptionRefused, match=r"answered 403\. Give a token of the role viewer"):
        asyncio.run(module.main(asyncio.Queue(), options(catalog_node, tmp_path, "catalog")))


def test_the_documentation_names_each_option() -> None:
    module = plugin()
    assert set(yaml.safe_load(module.DOCUMENTATION)["options"]) == module._OPTIONS
    assert yaml.safe_load(module.EXAMPLES)[0]["rules"]


def test_the_rulebook_watches_all_kinds() -> None:
    (ruleset,) = yaml.safe_load((EDA / "rulebooks/drift.yml").read_text())
    assert list(ruleset["sources"][0]) == ["catalog.mail.events"]
    conditions = " ".join(rule["condition"] for rule in ruleset["rules"])
    for kind in ("settings", "health", "mailbox_read_by_others", "drift"):
        assert f'"{kind}"' in conditions
