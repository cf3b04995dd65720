# Copyright (c) 2026 The catalog.mail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A minimal Debian system in a folder, for `chroot`: shell, su, common tools and Python 3.11.

Needs root and Debian 12. Uses neither mounts nor the network: deleting the folder is enough. Files are copied, not linked, so
that no program in the chroot can change a file of this machine.
"""

from __future__ import annotations

import os
import shutil
import stat
import subprocess
from collections.abc import Iterable
from pathlib import Path

TOOLS = [
    "sh", "bash", "dash", "su", "env", "id", "whoami", "cat", "echo", "printf", "sleep", "ls", "test", "[", "true", "false",
    "grep", "sed", "head", "tail", "cut", "tr", "wc", "sort", "mktemp", "rm", "mkdir", "rmdir", "chmod", "chown", "stat",
    "date", "readlink", "dirname", "basename", "base64", "cp", "mv", "touch", "find", "timeout", "tee", "uname",
]
PYTHON = "/usr/bin/python3.11"
LIBRARY = Path("/usr/lib/python3.11")
LEFT_OUT = shutil.ignore_patterns(
    "test", "tests", "config-*", "idlelib", "tkinter", "turtledemo", "ensurepip", "pydoc_data", "distutils", "_test*", "_xxtest*",
    "nis.*")
PAM_MODULES = ("pam_rootok.so", "pam_permit.so")
USERS = {"root": (0, "/root"), "alationadmin": (1001, "/home/alationadmin"), "alation": (1002, "/home/alation")}
"""User ID and home of each user; all but root belong to the group `alation`."""
GROUP = 1002
FOLDERS = ("dev", "etc/pam.d", "home", "opt", "root", "tmp", "usr/bin", "usr/lib", "usr/lib64", "usr/sbin", "var/log")
DEVICES = {"null": (1, 3), "zero": (1, 5), "urandom": (1, 9)}
PAM = "auth sufficient pam_rootok.so\nauth required pam_permit.so\n" + "".join(
    f"{kind} required pam_permit.so\n" for kind in ("account", "password", "session"))
"""root may become any user without a password; nothing else is checked."""


def why_unavailable() -> str:
    """Return why no chroot can be built here, or an empty text."""
    if os.geteuid() != 0:
        return "a chroot needs root"
    return "" if Path(PYTHON).exists() and LIBRARY.is_dir() else f"this machine has no {PYTHON} of Debian 12"


def build(root: Path, folders: Iterable[str]) -> None:
    """Build the system, with further folders, in the folder `root`, which must not exist."""
    root.mkdir(parents=True)
    for name in (*FOLDERS, *folders):
        (root / name).mkdir(parents=True, exist_ok=True)
    for name in ("bin", "lib", "lib64", "sbin"):
        (root / name).symlink_to(f"usr/{name}")
    _copy_programs(root)
    for name, (major, minor) in DEVICES.items():
        os.mknod(root / "dev" / name, 0o666 | stat.S_IFCHR, os.makedev(major, minor))
    for path in (root, *(path for path in root.rglob("*") if path.is_dir() and not path.is_symlink())):
        path.chmod(0o755)
    for name in DEVICES:
        (root / "dev" / name).chmod(0o666)  # whatever the umask
    (root / "tmp").chmod(0o1777)
    _write_accounts(root)


def _copy_programs(root: Path) -> None:
    programs = [Path(found) for name in TOOLS if (found := shutil.which(name, path="/usr/bin:/bin"))]
    for path in programs:
        shutil.copy2(path, root / "usr/bin" / path.name)
    shutil.copy2(PYTHON, root / "usr/bin")
    (root / "usr/bin/python3").symlink_to("python3.11")
    shutil.copytree(LIBRARY, root / "usr/lib/python3.11", ignore=LEFT_OUT, symlinks=False, ignore_dangling_symlinks=True)
    (root / "usr/lib/python3/dist-packages").mkdir(parents=True)  # Debian's Python reads *.pth files there
    [security] = [path for path in Path("/usr/lib").glob("*/security") if (path / PAM_MODULES[0]).exists()]
    folder = root / str(security)[1:]
    folder.mkdir(parents=True)
    for name in PAM_MODULES:
        shutil.copy2(security / name, folder)
    extensions = [str(path) for path in (root / "usr/lib/python3.11/lib-dynload").glob("*.so")]
    for library in _libraries([*map(str, programs), PYTHON, *(str(security / name) for name in PAM_MODULES), *extensions]):
        target = root / str(library)[1:]
        target.parent.mkdir(parents=True, exist_ok=True)
        if not target.exists():
            shutil.copy2(library, target)
    if (locale := Path("/usr/lib/locale/C.utf8")).is_dir():
        shutil.copytree(locale, root / "usr/lib/locale/C.utf8")


def _libraries(programs: list[str]) -> set[Path]:
    """Return the shared libraries of programs, and the loader, under the paths where the loader looks for them."""
    listed = subprocess.run(["ldd", *programs], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, check=False).stdout
    words = [word for line in listed.splitlines() if line.startswith("\t") for word in line.split() if word.startswith("/")]
    return {Path(word) for word in words}


def _write_accounts(root: Path) -> None:
    accounts = [f"{name}:x:{number}:{number and GROUP}:{name}:{home}:/bin/sh" for name, (number, home) in USERS.items()]
    texts = {
        "passwd": "\n".join(accounts) + "\n",
        "shadow": "".join(f"{name}:*:20000:0:99999:7:::\n" for name in USERS),
        "group": f"root:x:0:\nalation:x:{GROUP}:alationadmin\n",
        "login.defs": "ENV_SUPATH PATH=/usr/sbin:/usr/bin:/sbin:/bin\nENV_PATH PATH=/usr/bin:/bin\n",
        "nsswitch.conf": "passwd: files\ngroup: files\nshadow: files\n",
        **{f"pam.d/{name}": PAM for name in ("su", "su-l", "other")},
    }
    for name, text in texts.items():
        (root / "etc" / name).write_text(text)
        (root / "etc" / name).chmod(0o640 if name == "shadow" else 0o644)
    for name, (_number, home) in USERS.items():
        (root / home[1:]).mkdir(exist_ok=True)
        (root / home[1:]).chmod(0o750 if name == "root" else 0o755)
