# Copyright (c) 2026 The catalog.mail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The token of a play is cached encrypted, for the same login in the same play, and never read from another user's file."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest
from ansible_collections.catalog.mail.plugins.module_utils._microsoft import token_cache
from ansible_collections.catalog.mail.plugins.module_utils._microsoft.token_cache import TokenCache

TOKEN = "eyJ0eXAiOiJKV1Qi.the-token.itself"


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return a runtime directory, in a play of this process."""
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(tmp_path))
    start = token_cache._process(str(os.getpid()))["start"]
    monkeypatch.setattr(token_cache, "_play", lambda: f"{os.getpid()}-{start}")
    return tmp_path


def cache(identity: str = "tenant/app", credential: bytes = b"secret") -> TokenCache:
    return TokenCache(identity, credential)


def test_a_token_is_stored_read_and_removed(folder: Path) -> None:
    assert cache().read() is None
    cache().write(TOKEN, 3600)
    assert cache().read() == TOKEN
    [file] = folder.iterdir()
    assert file.stat().st_mode & 0o777 == 0o600 and b"the-token" not in file.read_bytes()
    cache().forget()
    assert cache().read() is None and not list(folder.iterdir())


@pytest.mark.parametrize("other", [
    {"identity": "tenant/other"}, {"credential": b"another secret"}, {"identity": "other", "credential": b"another"}])
def test_another_login_cannot_use_the_token(folder: Path, other: dict[str, Any]) -> None:
    cache().write(TOKEN, 3600)
    assert cache(**other).read() is None


@pytest.mark.parametrize("seconds,known", [(3600, True), (301, True), (299, False), (0, False), (-5, False)])
def test_an_expiring_token_is_not_used(folder: Path, seconds: float, known: bool) -> None:
    cache().write(TOKEN, seconds)
    assert (cache().read() == TOKEN) == known


def test_files_writable_by_others_are_not_read(folder: Path) -> None:
    cache().write(TOKEN, 3600)
    [file] = folder.iterdir()
    file.chmod(0o644)
    assert cache().read() is None
    file.chmod(0o600)
    real = folder / "elsewhere"
    file.rename(real)
    file.symlink_to(real)
    assert cache().read() is None
    file.unlink()
    file.write_bytes(b"nonsense")
    file.chmod(0o600)
    assert cache().read() is None


def test_files_of_ended_plays_are_removed(folder: Path) -> None:
    dead = folder / f"{token_cache.PREFIX}{os.getpid()}-1-0123456789abcdef"
    dead.write_bytes(b"")
    cache().write(TOKEN, 3600)
    assert not dead.exists() and cache().read() == TOKEN


def test_without_a_play_no_file_is_written(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(token_cache, "_play", lambda: None)
    cache().write(TOKEN, 3600)
    assert cache().read() is None and not list(folder.iterdir())


def test_an_unwritable_folder_is_ignored(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(token_cache, "_folder", lambda: str(folder / "nowhere"))
    cache().write(TOKEN, 3600)
    assert cache().read() is None
    cache().forget()
