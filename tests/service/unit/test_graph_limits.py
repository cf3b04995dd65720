# Copyright (c) 2026 The catalog.mail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Graph's limit of four requests at once, in all processes of a host."""

from __future__ import annotations

import multiprocessing
import threading
import time
from contextlib import ExitStack
from dataclasses import replace
from multiprocessing.synchronize import Event
from pathlib import Path

import pytest
from catalog_mail.adapters.graph.apps import Apps
from catalog_mail.adapters.graph.limits import AT_ONCE, NoFreeSlot, RequestSlots
from catalog_mail.domain.settings.servers import GraphServer
from helpers.waiting import PATIENCE

SERVER, OTHER = (
    GraphServer("a@corp.test", "tenant", client, "https://login.corp.test", "https://graph.corp.test", "interactions.microsoft")
    for client in ("client", "other")
)


@pytest.mark.parametrize("shared", [True, False])
def test_at_most_four_slots(tmp_path: Path, shared: bool) -> None:
    slots = RequestSlots(tmp_path if shared else None, SERVER)
    with ExitStack() as held:
        for _ in range(AT_ONCE):
            held.enter_context(slots.slot(PATIENCE))
        with pytest.raises(NoFreeSlot), slots.slot(0.05):
            pass
        with RequestSlots(tmp_path, OTHER).slot(1):  # another registration has slots of its own
            pass
    with slots.slot(PATIENCE):
        pass


@pytest.mark.parametrize("change", [{"tenant_id": "TENANT"}, {"tenant_id": "corp.test"}, {"client_id": "Client"}], ids=str)
@pytest.mark.parametrize("shared", [True, False])
def test_another_spelling_is_the_same_application(tmp_path: Path, shared: bool, change: dict[str, str]) -> None:
    apps, other = Apps(tmp_path if shared else None), replace(SERVER, **change)
    first, second = (apps.fresh(server)._registration.slots for server in (SERVER, other))
    assert first is second
    if shared:
        second = RequestSlots(tmp_path, other)  # as in another process
    with ExitStack() as held:
        for _ in range(AT_ONCE):
            held.enter_context(first.slot(1))
        with pytest.raises(NoFreeSlot), second.slot(0.05):
            pass


def test_waiting_requests_get_the_next_slot(tmp_path: Path) -> None:
    slots, now, most = RequestSlots(tmp_path, SERVER), [0], [0]
    lock = threading.Lock()

    def work() -> None:
        with slots.slot(PATIENCE):
            with lock:
                now[0] += 1
                most[0] = max(most[0], now[0])
            time.sleep(0.01)
            with lock:
                now[0] -= 1

    threads = [threading.Thread(target=work) for _ in range(40)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(PATIENCE)
    assert (most[0], now[0]) == (AT_ONCE, 0)


def hold(folder: str, held: Event) -> None:
    """In a separate process: take all slots and keep them."""
    slots = RequestSlots(Path(folder), SERVER)
    with ExitStack() as stack:
        for _ in range(AT_ONCE):
            stack.enter_context(slots.slot(PATIENCE))
        held.set()
        time.sleep(PATIENCE)


def test_slots_span_processes_and_survive_a_kill(tmp_path: Path) -> None:
    spawn = multiprocessing.get_context("fork")
    held = spawn.Event()
    process = spawn.Process(target=hold, args=(str(tmp_path), held), daemon=True)
    process.start()
    assert held.wait(PATIENCE)
    slots = RequestSlots(tmp_path, SERVER)
    with pytest.raises(NoFreeSlot), slots.slot(0.05):
        pass
    process.kill()
    process.join(PATIENCE)
    with slots.slot(PATIENCE):
        pass
