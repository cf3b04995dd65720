# Copyright (c) 2026 The catalog.mail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The lab's folder on this machine: secrets, certificates, locks. Shared by all checkouts, never in a repository."""
from __future__ import annotations

import contextlib
import fcntl
import json
import os
import pathlib
import secrets
import shutil
import string
import sys
from collections.abc import Callable, Iterator
from typing import IO

from labkit import definition


class LabError(Exception):
    """Something that the person at the keyboard can act on; the message says what failed, why, and what to do."""


def say(text: str) -> None:
    """One line of progress."""
    print(text, flush=True)


def home() -> pathlib.Path:
    """The folder, made if need be, readable by its owner only. CATALOG_MAIL_LAB_HOME moves it."""
    usual = f"~/.cache/catalog-mail-lab{definition.SUFFIX}"
    folder = pathlib.Path(os.environ.get("CATALOG_MAIL_LAB_HOME") or usual).expanduser()
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    return folder


def write(path: pathlib.Path, content: str, mode: int = 0o600) -> None:
    """Write a file so that a kill leaves the old one or the new one, whole, and never readable to more than `mode`."""
    temporary = path.with_name(path.name + ".new")
    temporary.unlink(missing_ok=True)
    with os.fdopen(os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode), "w", encoding="utf-8") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    temporary.rename(path)


@contextlib.contextmanager
def lock() -> Iterator[None]:
    """One lab command at a time on this machine. The kernel lets go of the lock when the holder dies, however."""
    with contextlib.ExitStack() as stack:
        while True:
            file = stack.enter_context((home() / "lock").open("a+"))
            wait_for(file, "Waiting for another lab command on this machine to finish ...")
            # The one waited for may have been `purge`, which took the file away: then that lock is nobody's.
            if (home() / "lock").exists() and os.path.samestat(os.fstat(file.fileno()), (home() / "lock").stat()):
                break
        yield


def wait_for(file: IO[str], explanation: str) -> None:
    """Take the lock on an open file; if that takes waiting, say why."""
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        say(explanation)
        fcntl.flock(file, fcntl.LOCK_EX)


def credentials() -> dict[str, str]:
    """The passwords of the lab's users, made once: address -> password.

    The file's shape is {"users": {address: password}}. A user that the file lacks gets a password; others keep theirs.
    """
    path = home() / "credentials.json"
    try:
        known = dict(json.loads(path.read_text(encoding="utf-8"))["users"])
    except (FileNotFoundError, ValueError, KeyError, TypeError):
        known = {}
    users = {user: known.get(user) or _password(user) for user in definition.USERS}
    if users != known:
        write(path, json.dumps({"users": users}, indent=2) + "\n")
    return users


def entra_secrets() -> dict[str, str]:
    """The token of the emulator's control, and the client secret of the automation: `control_token`, `automation_secret`.

    Made once, in entra.json, where the inventory of the lab finds the second.
    """
    return _made_once("entra.json", ("control_token", "automation_secret"), lambda: secrets.token_urlsafe(30))


def host_passwords() -> dict[str, str]:
    """The passwords that sudo asks for: user of the hosts -> password. Made once, in sudo.json."""
    return _made_once("sudo.json", (definition.ADMIN,), _alphanumeric)


def _made_once(file: str, names: tuple[str, ...], make: Callable[[], str]) -> dict[str, str]:
    """The secrets of these names in a file of the lab's folder. One that the file lacks is made; others stay."""
    path = home() / file
    try:
        known = dict(json.loads(path.read_text(encoding="utf-8")))
    except (FileNotFoundError, ValueError, TypeError):
        known = {}
    found = {name: known.get(name) or make() for name in names}
    if found != known:
        write(path, json.dumps(found, indent=2) + "\n")
    return found


def _password(user: str) -> str:
    """A new password: 24 letters and digits, by which a leak is found however it was quoted.

    The relay's account has one that breaks what quotes carelessly: every character there is meant to hurt something.
    """
    return _alphanumeric() + (" :#$x{y}%'\"\\é;" if user == definition.SUBMISSION_ACCOUNT else "")


def _alphanumeric() -> str:
    return "".join(secrets.choice(string.ascii_letters + string.digits) for _ in range(24))


def remove_home() -> None:
    """Remove the folder with everything in it."""
    shutil.rmtree(home())


def warn(text: str) -> None:
    """One line of warning."""
    print(text, file=sys.stderr, flush=True)
