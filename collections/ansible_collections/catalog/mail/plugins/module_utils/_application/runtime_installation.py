# Copyright (c) 2026 The catalog.mail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to this collection: it may change without notice.
"""Install a version of the application into a virtual environment of its own. An edge.

May be killed at any point. A version is complete when its file ``.complete`` exists.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import shutil
from typing import Iterator, List, Optional, Sequence

from .._core.errors import InstallationFailed
from .runtime_versions import COMPLETE, digest

PYTHON = "/usr/bin/python3"
_UNPACKED = ".unpacked"
_LAST_LINES = 5
_INDEX_REMEDY = (
    "pip gets not every package from the index that is configured there. Name a reachable index that has them in "
    "/etc/pip.conf, or set runtime_source: wheels, with which the control node sends the packages. pip says:\n")
_PIP = ("-m", "pip", "--disable-pip-version-check", "--quiet", "--no-input", "install", "--no-compile")


@contextlib.contextmanager
def alone(folder: str) -> Iterator[int]:
    """Hold the lock of the folder, which also waits for processes that a killed run left; yield its file descriptor."""
    with open(os.path.join(folder, ".lock"), "a", encoding="ascii") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield lock.fileno()


class Installation:
    """One version, installed from an archive that bundle.py made."""

    def __init__(self, module, folder: str, version: str, lock: int) -> None:
        """``lock`` is the descriptor of the folder's lock; commands inherit it, so that the lock lasts as long as they."""
        self._module = module
        self._folder = folder
        self._target = os.path.join(folder, version)
        self._unpacked = os.path.join(folder, _UNPACKED)
        self._lock = lock

    def install(self, archive: str, certificates: Optional[str]) -> None:
        """Install the version, in place of a damaged or incomplete one. Raises InstallationFailed, and leaves no files then."""
        self._remove()
        try:
            self._install(archive, certificates)
        except InstallationFailed:
            self._remove()
            raise
        shutil.rmtree(self._unpacked, ignore_errors=True)

    def _remove(self) -> None:
        for path in (self._target, self._unpacked):
            shutil.rmtree(path, ignore_errors=True)

    def _install(self, archive: str, certificates: Optional[str]) -> None:
        os.mkdir(self._unpacked)
        self._run("Unpacking the archive", ["tar", "-x", "-f", archive, "-C", self._unpacked])
        self._run("Making the virtual environment", [PYTHON, "-m", "venv", self._target])
        for words in _requirements(self._unpacked, self._target):
            remedy = _INDEX_REMEDY if "--require-hashes" in words else ""
            self._run("Installing the Python packages", words, certificates, remedy)
        python = os.path.join(self._target, "bin/python")
        self._run("Compiling the Python packages", [python, "-m", "compileall", "-q", os.path.join(self._target, "lib")])
        self._run("Starting the installed application", [os.path.join(self._target, "bin/catalog-mail"), "--version"])
        self._run("Writing to the disk", ["sync", "-f", self._target])
        self._complete()

    def _complete(self) -> None:
        """Record that the version is complete, and how its files look."""
        aside = os.path.join(self._folder, f".{os.path.basename(self._target)}{COMPLETE}")
        with open(aside, "w", encoding="ascii") as stream:
            stream.write(digest(self._target) + "\n")
            stream.flush()
            os.fsync(stream.fileno())
        os.rename(aside, os.path.join(self._target, COMPLETE))

    def _run(self, what: str, words: Sequence[str], certificates: Optional[str] = None, remedy: str = "") -> None:
        """Run a command. Raises InstallationFailed with the last lines of its output, and the remedy before them."""
        # Silence pip's warning about running as root.
        environment = {"PIP_ROOT_USER_ACTION": "ignore", **({"PIP_CERT": certificates} if certificates else {})}
        code, out, err = self._module.run_command(
            list(words), environ_update=environment, pass_fds=(self._lock,), errors="surrogateescape")
        if code:
            lines = (err.strip() or out.strip() or "(no output)").splitlines()[-_LAST_LINES:]
            raise InstallationFailed(f"{what} has failed on this host: {remedy}" + "\n".join(lines))


def _requirements(unpacked: str, target: str) -> Iterator[List[str]]:
    """Yield the commands that install the dependencies, then the application."""
    pip = [os.path.join(target, "bin/python"), *_PIP]
    wheels = os.path.join(unpacked, "wheels")
    if os.path.isdir(wheels):
        # bundle.py has checked their hashes.
        yield [*pip, "--no-index", "--no-deps", *_wheels(wheels)]
    else:
        # The requirements are complete, so pip has nothing to resolve.
        requirements = os.path.join(unpacked, "requirements.txt")
        yield [*pip, "--require-hashes", "--no-deps", "--requirement", requirements]
    yield [*pip, "--no-index", "--no-deps", *_wheels(os.path.join(unpacked, "package"))]


def _wheels(folder: str) -> List[str]:
    return [os.path.join(folder, name) for name in sorted(os.listdir(folder)) if name.endswith(".whl")]
