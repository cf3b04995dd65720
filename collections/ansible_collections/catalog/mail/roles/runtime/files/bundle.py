# Copyright (c) 2026 The catalog.mail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Pack the application and its dependencies for a host, on the control node.

Usage: bundle.py FOLDER PYTHON MACHINE WITH_WHEELS, such as: bundle.py ~/.cache/catalog-mail 3.11 x86_64 yes

Prints `made` or `kept`, and the archive's path. The archive contains `package/` with the application's wheel,
`requirements.txt` and, with WITH_WHEELS `yes`, `wheels/` with the wheels of all dependencies for that Python. pip downloads
them as configured on this machine, and checks their hashes. Downloaded wheels are kept for later versions with the same
requirements. May be killed at any point and run several times at once: each result is built beside its place and renamed.
"""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import os
import shutil
import subprocess
import sys
import tarfile
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import fingerprint

PACKAGE = Path(fingerprint.PACKAGE)
REQUIREMENTS = PACKAGE / "requirements.txt"
PLATFORMS = ("manylinux_2_28", "manylinux_2_17", "manylinux2014")
"""Platform tags that run on the C library of Debian 12 and later and of EL 9 and later."""


KEEP_SECONDS = 30 * 24 * 3600
"""Time for which the packed files of a version stay in the folder."""


class Failed(Exception):
    """The archive cannot be made; the message says why and what to do."""


def pip(*words: str) -> None:
    """Run pip. Raises Failed, with the last lines of its output, when pip fails."""
    command = [sys.executable, "-m", "pip", "--disable-pip-version-check", "--quiet", "--no-input", *words]
    done = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False)
    if done.returncode == 0:
        return
    if "No module named pip" in done.stderr:
        raise Failed(f"{sys.executable}, which Ansible runs on here, has no pip. Install it, or set runtime_source: index.")
    last = "\n".join(done.stderr.strip().splitlines()[-5:])
    raise Failed(f"pip {words[0]} has failed here, on the machine that Ansible runs on:\n{last}")


def kept(target: Path, make: Callable[[Path], None]) -> Path:
    """Return the target; when it does not exist, make it in a folder beside it and rename it once it is complete."""
    if not target.exists():
        with tempfile.TemporaryDirectory(dir=target.parent, prefix=".new-") as folder:
            made = Path(folder) / "made"
            make(made)
            made.rename(target)
    return target


def build_wheel(source: Path, folder: Path) -> None:
    """Build the wheel of a source tree or source archive. Raises Failed when the wheel is for this machine only."""
    before = set(folder.glob("*.whl"))
    pip("wheel", "--no-deps", "--wheel-dir", str(folder), str(source))
    if any(not wheel.name.endswith("-none-any.whl") for wheel in set(folder.glob("*.whl")) - before):
        raise Failed(f"{source.name} is published without a wheel for these hosts. Set runtime_source: index for them.")


def fetch(folder: Path, python: str, machine: str) -> None:
    """Download the wheels of all dependencies; build those that are published as pure Python source only. Raises Failed."""
    platforms = [f"--platform={platform}_{machine}" for platform in PLATFORMS]
    tags = [f"--python-version={python}", "--implementation=cp", f"--abi=cp{python.replace('.', '')}", "--abi=abi3", "--abi=none"]
    pip("download", "--no-deps", "--require-hashes", "--dest", str(folder), *platforms, *tags, "-r", str(REQUIREMENTS))
    for source in [*folder.glob("*.tar.gz"), *folder.glob("*.zip")]:
        build_wheel(source, folder)
        source.unlink()


def package(folder: Path) -> None:
    """Build the application's wheel from a copy, so that no build files stay in the collection."""
    source = folder.parent / "catalog-mail"
    for path in fingerprint.sources():
        copy = source / path
        copy.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(PACKAGE / path, copy)
    build_wheel(source, folder)


def pack(archive: Path, content: dict[str, Path]) -> None:
    """Write an archive; `content` maps names in the archive to files and folders."""
    with tarfile.open(archive, "w") as tar:
        for name, path in content.items():
            tar.add(path, name)


@contextlib.contextmanager
def alone(folder: Path) -> Iterator[None]:
    """Hold the lock of the folder; remove the temporary folders of killed runs."""
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / ".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        for left in folder.glob(".new-*"):
            shutil.rmtree(left)
        yield


def forget_old(folder: Path) -> None:
    """Remove packed versions, wheels and archives older than KEEP_SECONDS."""
    for path in [*folder.glob("package-*"), *folder.glob("wheels-*"), *folder.glob("*.tar")]:
        if time.time() - path.stat().st_mtime > KEEP_SECONDS:
            shutil.rmtree(path) if path.is_dir() else path.unlink()


def bundle(folder: Path, python: str, machine: str, with_wheels: bool) -> tuple[bool, Path]:
    """Return True if the archive was made now, and its path. Raises Failed when it cannot be made."""
    with alone(folder):
        host = f"cp{python.replace('.', '')}-{machine}"
        version = fingerprint.name()
        archive = folder / (f"{version}-{host}.tar" if with_wheels else f"{version}.tar")
        if archive.exists():
            return False, archive
        forget_old(folder)
        content = {"requirements.txt": REQUIREMENTS, "package": kept(folder / f"package-{version}", package)}
        if with_wheels:
            pinned = hashlib.sha256(REQUIREMENTS.read_bytes()).hexdigest()[:12]
            content["wheels"] = kept(folder / f"wheels-{pinned}-{host}", lambda made: fetch(made, python, machine))
        return True, kept(archive, lambda made: pack(made, content))


def main() -> None:
    """Run the script."""
    folder, python, machine, with_wheels = sys.argv[1:]
    os.umask(0o022)
    try:
        made, archive = bundle(Path(folder).expanduser(), python, machine, with_wheels == "yes")
    except Failed as error:
        sys.exit(str(error))
    print("made" if made else "kept", archive)


if __name__ == "__main__":
    main()
