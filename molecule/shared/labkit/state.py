# Copyright (c) 2026 The catalog.mail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Read and write the lab's folder on this machine: secrets, certificates, locks. All checkouts share it."""
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
    """A failure of a command. The message says what failed, why, and what to do."""


def say(text: str) -> None:
    """Print one line of progress."""
    print(text, flush=True)


def home() -> pathlib.Path:
    """Return the lab's folder, created if it is missing, with mode 0700. CATALOG_MAIL_LAB_HOME names another folder."""
    usual = f"~/.cache/catalog-mail-lab{definition.SUFFIX}"
    folder = pathlib.Path(os.environ.get("CATALOG_MAIL_LAB_HOME") or usual).expanduser()
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    return folder


def write(path: pathlib.Path, content: str, mode: int = 0o600) -> None:
    """Write a file with this mode, atomically: a kill leaves the old or the new content, complete."""
    temporary = path.with_name(path.name + ".new")
    temporary.unlink(missing_ok=True)
    with os.fdopen(os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode), "w", encoding="utf-8") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    temporary.rename(path)


@contextlib.contextmanager
def lock() -> Iterator[None]:
    """Hold the lock of the lab's commands, so that one runs at a time. The kernel releases it when the process ends."""
    with contextlib.ExitStack() as stack:
        while True:
            file = stack.enter_context((home() / "lock").open("a+"))
            wait_for(file, "Waiting for another lab command on this machine to finish ...")
            # The earlier command may have been `purge`, which removes the lock file: take the lock on the new file.
            if (home() / "lock").exists() and os.path.samestat(os.fstat(file.fileno()), (home() / "lock").stat()):
                break
        yield


def wait_for(file: IO[str], explanation: str) -> None:
    """Lock an open file; print the explanation if another process holds the lock."""
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        say(explanation)
        fcntl.flock(file, fcntl.LOCK_EX)


def credentials() -> dict[str, str]:
    """Return the passwords of the lab's users: address -> password. Generate the missing ones.

    The file credentials.json holds {"users": {address: password}}.
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
    """Return the token for the emulator's control API, and the automation's client secret: `control_token`, `automation_secret`.

    Missing ones are generated. They are stored in entra.json, from which the lab's inventory reads the client secret.
    """
    return _made_once("entra.json", ("control_token", "automation_secret"), lambda: secrets.token_urlsafe(30))


def host_passwords() -> dict[str, str]:
    """Return the passwords that sudo asks for: user of the hosts -> password. Missing ones are generated into sudo.json."""
    return _made_once("sudo.json", (definition.ADMIN,), _alphanumeric)


def _made_once(file: str, names: tuple[str, ...], make: Callable[[], str]) -> dict[str, str]:
    """Return the secrets of these names from a file in the lab's folder. Generate and store the missing ones."""
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
    """Generate a password that begins with 24 letters and digits, so that tests find a leak in any quoting.

    The password of the submission account ends with characters that careless quoting breaks.
    """
    return _alphanumeric() + (" :#$x{y}%'\"\\é;" if user == definition.SUBMISSION_ACCOUNT else "")


def _alphanumeric() -> str:
    return "".join(secrets.choice(string.ascii_letters + string.digits) for _ in range(24))


def remove_home() -> None:
    """Remove the lab's folder with all files."""
    shutil.rmtree(home())


def warn(text: str) -> None:
    """Print one line of warning to standard error."""
    print(text, file=sys.stderr, flush=True)
