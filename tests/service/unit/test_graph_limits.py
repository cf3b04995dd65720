"""Graph's limits: never more than four requests at once, in all processes of a host, and thirty messages a minute."""

from __future__ import annotations

import multiprocessing
import threading
import time
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import replace
from multiprocessing.synchronize import Event
from pathlib import Path

import pytest
from catalog_mail.adapters.graph import limits
from catalog_mail.adapters.graph.apps import Apps
from catalog_mail.adapters.graph.limits import AT_ONCE, MESSAGES, PERIOD, Full, Pace, Places
from catalog_mail.domain.settings.servers import GraphServer

SERVER, OTHER = (
    GraphServer("a@corp.test", "tenant", client, "https://login.corp.test", "https://graph.corp.test", "interactions.microsoft")
    for client in ("client", "other")
)


@pytest.mark.parametrize("shared", [True, False])
def test_four_places_and_no_more(tmp_path: Path, shared: bool) -> None:
    places = Places(tmp_path if shared else None, SERVER)
    with ExitStack() as held:
        for _ in range(AT_ONCE):
            held.enter_context(places.place(1))
        with pytest.raises(Full), places.place(0.05):
            pass
        with Places(tmp_path, OTHER).place(1):  # another registration has its own
            pass
    with places.place(1):
        pass


@pytest.mark.parametrize("change", [{"tenant_id": "TENANT"}, {"tenant_id": "corp.test"}, {"client_id": "Client"}], ids=str)
@pytest.mark.parametrize("shared", [True, False])
def test_another_spelling_is_the_same_application(tmp_path: Path, shared: bool, change: dict[str, str]) -> None:
    apps, other = Apps(tmp_path if shared else None), replace(SERVER, **change)
    first, second = (apps.fresh(server)._registration.places for server in (SERVER, other))
    assert first is second
    if shared:
        second = Places(tmp_path, other)  # as in another process
    with ExitStack() as held:
        for _ in range(AT_ONCE):
            held.enter_context(first.place(1))
        with pytest.raises(Full), second.place(0.05):
            pass


@pytest.mark.parametrize(
    "change", [{"tenant_id": "TENANT"}, {"tenant_id": "corp.test"}, {"client_id": "other"}, {"mailbox": "A@Corp.test"}], ids=str
)
def test_another_spelling_is_the_same_mailbox(change: dict[str, str]) -> None:
    apps = Apps(None)
    assert apps.pace(SERVER) is apps.pace(replace(SERVER, **change))
    assert apps.pace(SERVER) is not apps.pace(replace(SERVER, mailbox="b@corp.test"))


def test_whoever_waits_gets_the_next_one(tmp_path: Path) -> None:
    places, now, most = Places(tmp_path, SERVER), [0], [0]
    lock = threading.Lock()

    def work() -> None:
        with places.place(20):
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
        thread.join(20)
    assert (most[0], now[0]) == (AT_ONCE, 0)


def hold(folder: str, held: Event) -> None:
    """In a process of its own: take all places and keep them."""
    places = Places(Path(folder), SERVER)
    with ExitStack() as stack:
        for _ in range(AT_ONCE):
            stack.enter_context(places.place(5))
        held.set()
        time.sleep(60)


def test_another_process_counts_and_a_killed_one_leaves_nothing_locked(tmp_path: Path) -> None:
    spawn = multiprocessing.get_context("fork")
    held = spawn.Event()
    process = spawn.Process(target=hold, args=(str(tmp_path), held), daemon=True)
    process.start()
    assert held.wait(20)
    places = Places(tmp_path, SERVER)
    with pytest.raises(Full), places.place(0.05):
        pass
    process.kill()
    process.join(10)
    with places.place(1):
        pass


@pytest.fixture
def at(monkeypatch: pytest.MonkeyPatch) -> Callable[[float], None]:
    """Sets the time."""
    now = [1000.0]
    monkeypatch.setattr(limits.time, "monotonic", lambda: now[0])
    return lambda seconds: now.__setitem__(0, 1000.0 + seconds)


def test_thirty_messages_in_any_minute(at: Callable[[float], None]) -> None:
    pace = Pace()
    for number in range(MESSAGES):
        at(number)
        assert pace.reserve() == 0
    assert pace.reserve() == PERIOD - MESSAGES + 1
    at(PERIOD)
    assert pace.reserve() == 0
    assert pace.reserve() == pytest.approx(1)


def test_nothing_is_sent_while_the_server_wants_peace(at: Callable[[float], None]) -> None:
    pace = Pace()
    pace.close(10)
    pace.close(3)
    assert pace.reserve() == 10
    at(10)
    assert pace.reserve() == 0
