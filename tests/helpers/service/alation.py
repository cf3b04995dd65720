# Copyright (c) 2026 The catalog.mail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A stand-in for an on-premises Alation: a real chroot with `alation_conf` and its neighbours.

No Alation was at hand. What the stand-in does, and where it is from:

Documentation (docs.alation.com): `alation_conf KEY` prints `KEY = VALUE`, booleans as `True` and `False`; `KEY -s VALUE`, several
pairs in one call, `-s true` in lower case, integers; `alation.cluster.replication_mode = standalone`; settings count after
`alation_action deploy_conf_all` and `alation_action restart_alation`.

Public scripts, partly by Alation's staff: `chroot ROOT /bin/su - alationadmin -c "alation_conf ..."`; `-s VALUE KEY`; the keys
of e-mail below; password keys set as user `alation`, others as `alationadmin`; `alation_supervisor restart web:* celery:*`;
the modules `alation_conf` (`conf[key]`, `conf.get_decrypted(key)`) and `bootstrap_rosemeta`, and the folder of the latter; first
Python 2, later Python 3.

Assumptions, so most of them are modes: `alation_conf` is a Python program, or a shell script that calls one; what an unknown key
does; how a password is shown; that user `alationadmin` cannot set one or decrypt it; that `deploy_conf_all` alone brings nothing
into use; that pairs of one call are stored one by one up to the first that fails; exit codes; all noise; all paths but the
folder of `bootstrap_rosemeta`.
"""

from __future__ import annotations

import dataclasses
import email
import email.policy
import json
import os
import secrets
import shlex
import shutil
import stat
import subprocess
from dataclasses import dataclass, field
from email.message import EmailMessage
from pathlib import Path
from typing import Any, Literal

from helpers.service import alation_base
from helpers.service.alation_base import GROUP, USERS
from helpers.service.alation_chroot.stand_in_store import Store

PROGRAMS = Path(__file__).with_name("alation_chroot")
PASSWORD = "alation.email.email_password"
REPLICATION = "alation.cluster.replication_mode"
SETTINGS: dict[str, Any] = {
    "alation.authentication.service.enabled": False,
    "alation.email.email_user": "",
    "alation.email.host": "localhost",
    "alation.email.original_html_message_patterns": "[]",
    "alation.email.use_builtin": True,
    "alation.install.base_url": "https://alation.example.com",
    "alation.install.install_wizard_complete": True,
    PASSWORD: "",
}
"""Every key with a proven meaning. Tests add others, whose names are their own, with the mode `settings`."""
ONE_OFF = "opt/alation/django/rosemeta/one_off_scripts"
FOLDERS = ("opt/alation/bin", "opt/alation/programs", "opt/alation/python", "opt/alation/stand_in", "usr/lib/stand_in/bin",
           "var/lib/stand_in", "var/spool/stand_in", ONE_OFF)


@dataclass(frozen=True)
class Modes:
    """How an Alation behaves."""

    kind: Literal["python", "wrapper", "python2"] = "python"
    """`alation_conf` is a Python script, a shell script that calls one, or a script of Python 2 (then there is no python3)."""
    shebang: str = ""
    """First line of the script without `#!`; empty for /usr/bin/python3 or /usr/bin/python2."""
    module: Literal["importable", "bootstrap", "missing"] = "importable"
    """`import alation_conf` works, works after `import bootstrap_rosemeta` in its folder, or fails."""
    settings: dict[str, Any] = field(default_factory=dict)
    """Settings in addition to SETTINGS, or instead of those of the same key; passwords in clear text."""
    absent: tuple[str, ...] = ()
    """Keys of SETTINGS that this version does not have."""
    password_keys: tuple[str, ...] = (PASSWORD,)
    passwords_shown: Literal["masked", "encrypted", "clear"] = "masked"
    """What `alation_conf KEY` prints; `clear` is for user `alation` only, the other one sees the encrypted text."""
    unknown_key: Literal["error", "silence", "creation"] = "error"
    """Exit code 1 with a message; or exit code 0 without a line and without effect; or the same, but setting creates the key."""
    replication_mode: str = "standalone"
    refused_keys: tuple[str, ...] = ()
    """Setting them ends with exit code 1."""
    ignored_keys: tuple[str, ...] = ()
    """Setting them ends with exit code 0 and changes nothing."""
    other_writer: tuple[str, str] | None = None
    """A key, and the value that somebody else gives it right after its first reading."""
    delay: float = 0
    """Seconds that each call of `alation_conf`, and each first import of the module, takes."""
    restart_delay: float = 0
    restart_fails: bool = False
    mail: Literal["sent", "deferred", "bounced", "silent", "missing"] = "sent"
    """What /usr/sbin/sendmail logs about each message; `silent` logs no outcome, `missing` has no sendmail."""
    shell: Literal["/bin/sh", "/bin/bash"] = "/bin/sh"
    banner: tuple[str, ...] = ("", "*** Welcome to Alation ***", "last.login = yesterday", "")
    """Lines that the login profile prints on standard output."""
    banner_errors: tuple[str, ...] = ("stty: standard input: Inappropriate ioctl for device",)
    noise_before: tuple[str, ...] = ("", "Reading the configuration", "log.level = INFO")
    """Lines of `alation_conf` on standard output before the settings."""
    noise_errors: tuple[str, ...] = ("DeprecationWarning: option = value",)
    """Lines of `alation_conf` on standard error."""
    noise_after: tuple[str, ...] = ("", "Done.")


@dataclass(frozen=True)
class Call:
    """A call of a command: when (seconds since 1970), as which user, and its words (of `alation_conf` without values)."""

    at: float
    user: str
    words: tuple[str, ...]


class Alation:
    """One chroot. Made by AlationBase."""

    def __init__(self, root: Path, modes: Modes) -> None:
        self.root = root
        self.modes = modes
        self._store = Store(str(root / "var/lib/stand_in"))

    def command(self, user: str, line: str) -> list[str]:
        """Return the command that runs a line of shell in a login of this user."""
        return ["chroot", str(self.root), "/bin/su", "-", user, "-c", line]

    def run(self, line: str, user: str = "alationadmin", *, stdin: str = "") -> subprocess.CompletedProcess[str]:
        """Run a line of shell in a login of this user."""
        return subprocess.run(self.command(user, line), input=stdin, capture_output=True, text=True, check=False)

    def stored(self) -> dict[str, Any]:
        """Return the settings in the store, passwords in clear text."""
        return self._clear(self._store.state()["values"])

    def in_use(self, group: Literal["web", "celery"] = "web") -> dict[str, Any]:
        """Return the settings as they were at the last restart of these processes, passwords in clear text."""
        return self._clear(self._store.state()["in_use"][group])

    def restarts(self) -> list[Call]:
        """Return the calls of `alation_supervisor` and `alation_action`, failed ones included, in order."""
        return self._calls("restarts")

    def calls(self) -> list[Call]:
        """Return the calls of the command `alation_conf`; words are `KEY` for a reading and `KEY -s` for a setting."""
        return self._calls("calls")

    def set(self, key: str, text: str) -> None:
        """Set a value as somebody else would, whatever the modes say."""
        with self._store.changed() as state:
            state["values"][key] = self._store.encoded(key, text)

    def change(self, **modes: Any) -> None:
        """Change modes; `settings`, `absent` and `replication_mode` have an effect only on a new chroot."""
        self.modes = dataclasses.replace(self.modes, **modes)
        self._install()

    def messages(self) -> list[EmailMessage]:
        """Return what was handed to sendmail, in order."""
        paths = sorted((self.root / "var/spool/stand_in").iterdir(), key=lambda path: path.stat().st_mtime_ns)
        return [email.message_from_bytes(path.read_bytes(), policy=email.policy.SMTP) for path in paths]

    def maillog(self) -> str:
        """Return the log of the chroot's mail server."""
        return (self.root / "var/log/maillog").read_text()

    def prepare(self) -> None:
        """Write all that is not in the base: state, programs and profile."""
        for name in ("var/lib/stand_in", "var/spool/stand_in"):
            os.chown(self.root / name, 0, GROUP)
            (self.root / name).chmod(0o2770)  # new files belong to the group
        self._put("var/lib/stand_in/key", secrets.token_bytes(32), 0o400, USERS["alation"][0])
        self._put("var/lib/stand_in/lock", b"", 0o660, 0, GROUP)
        self._put("var/log/maillog", b"", 0o660, 0, GROUP)
        self._install()
        first = {**SETTINGS, REPLICATION: self.modes.replication_mode, **self.modes.settings}
        values = {key: self._first(key, value) for key, value in first.items() if key not in self.modes.absent}
        in_use = {"web": values, "celery": values}
        self._store.replace({"values": values, "in_use": in_use, "restarts": [], "calls": [], "other_writer_done": False})

    def _first(self, key: str, value: Any) -> Any:
        return self._store.encrypt(value) if key in self.modes.password_keys and value else value

    def _install(self) -> None:
        """Write what depends on the modes."""
        modes = self.modes
        text = json.dumps(dataclasses.asdict(modes) | {"settings": {}})
        self._put("var/lib/stand_in/modes.json", text.encode(), 0o640, 0, GROUP)
        said = [f"echo {shlex.quote(line)}" for line in modes.banner]
        said += [f"echo {shlex.quote(line)} >&2" for line in modes.banner_errors]
        profile = "\n".join(["PATH=/opt/alation/bin:/usr/bin:/bin", "export PATH", *said])
        self._put("etc/profile", (profile + "\n").encode(), 0o644)
        accounts = (self.root / "etc/passwd").read_text().splitlines()
        shells = [line.rpartition(":")[0] + f":{modes.shell}\n" for line in accounts]
        self._put("etc/passwd", "".join(shells).encode(), 0o644)
        for path, source, wanted in (
            ("opt/alation/stand_in/stand_in_store.py", "stand_in_store.py", True),
            ("opt/alation/python/alation_conf.py", "alation_conf.py", modes.module != "missing"),
            (f"{ONE_OFF}/bootstrap_rosemeta.py", "bootstrap_rosemeta.py", modes.module != "missing"),
            ("opt/alation/bin/alation_supervisor", "restart_commands.py", True),
            ("opt/alation/bin/alation_action", "restart_commands.py", True),
            ("usr/sbin/sendmail", "sendmail.py", modes.mail != "missing"),
            ("usr/bin/python2", "python2.py", modes.kind == "python2"),
        ):
            self._put(path, (PROGRAMS / source).read_bytes() if wanted else None, 0o644 if path.endswith(".py") else 0o755)
        paths = b"/opt/alation/python\n" if modes.module == "importable" else None
        self._put("usr/lib/python3/dist-packages/alation.pth", paths, 0o644)
        self._install_interpreters()
        self._install_conf()

    def _install_interpreters(self) -> None:
        """Keep python3 out of reach of a chroot with Python 2; the stand-in's own programs have it under a path of their own."""
        own = self.root / "usr/lib/stand_in/bin/python3.11"
        named = self.root / "usr/bin/python3.11"
        if not own.exists():
            os.link(named, own)
        for path in (named, self.root / "usr/bin/python3"):
            path.unlink(missing_ok=True)
        if self.modes.kind != "python2":
            os.link(own, named)
            (self.root / "usr/bin/python3").symlink_to("python3.11")

    def _install_conf(self) -> None:
        modes = self.modes
        interpreter = modes.shebang or ("/usr/bin/python2" if modes.kind == "python2" else "/usr/bin/python3")
        script = (PROGRAMS / "conf_command.py").read_text().replace("@interpreter@", interpreter, 1).encode()
        program = "opt/alation/programs/alation_conf.py"
        self._put(program, script if modes.kind == "wrapper" else None, 0o644)
        wrapper = f'#!/bin/sh\n# Calls the program.\nexec {interpreter} /{program} "$@"\n'
        self._put("opt/alation/bin/alation_conf", wrapper.encode() if modes.kind == "wrapper" else script, 0o755)

    def _put(self, name: str, content: bytes | None, mode: int, owner: int = 0, group: int = 0) -> None:
        """Replace a file, or remove it without content. Never written in place: other chroots may share the old one."""
        path = self.root / name
        path.unlink(missing_ok=True)
        if content is not None:
            path.write_bytes(content)
            os.chown(path, owner, group)
            path.chmod(mode)

    def _clear(self, values: dict[str, Any]) -> dict[str, Any]:
        secret = self.modes.password_keys
        return {key: self._store.decrypt(value) if key in secret and value else value for key, value in values.items()}

    def _calls(self, kind: str) -> list[Call]:
        return [Call(one["at"], one["user"], tuple(one["words"])) for one in self._store.state()[kind]]


class AlationBase:
    """The part that all chroots share, built once in a folder; each chroot links its files, so keep both on one file system."""

    def __init__(self, folder: Path) -> None:
        self.base = folder / "base"
        alation_base.build(self.base, FOLDERS)

    def make(self, folder: Path, **modes: Any) -> Alation:
        """Make a chroot in the folder, which must not exist; the keyword arguments are those of Modes."""
        shutil.copytree(self.base, folder, symlinks=True, copy_function=_link)
        for number, home in USERS.values():
            os.chown(folder / home[1:], number, number and GROUP)  # copytree keeps no owners
        made = Alation(folder, Modes(**modes))
        made.prepare()
        return made


def _link(source: str, target: str) -> None:
    """Link a file, or copy it on another file system."""
    try:
        os.link(source, target, follow_symlinks=False)
    except OSError:
        found = os.stat(source)
        if stat.S_ISCHR(found.st_mode):
            os.mknod(target, found.st_mode, found.st_rdev)
            os.chmod(target, stat.S_IMODE(found.st_mode))
            return
        shutil.copy2(source, target, follow_symlinks=False)
