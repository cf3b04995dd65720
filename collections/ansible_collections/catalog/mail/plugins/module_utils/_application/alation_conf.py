# Copyright (c) 2026 The catalog.mail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to this collection: it may change without notice.
"""Run ``alation_conf`` and the commands beside it inside Alation's chroot. An edge."""

from __future__ import annotations

import os
from typing import Any, List, Mapping, Optional, Sequence, Tuple

from .._core.errors import InputRefused, SettingsRefused
from .._core.redaction import Secrets
from .._mail.message import MailUnderTest
from .._mail.postfix_tracking import LOG_FILES, tail
from .alation_commands import (
    CONF,
    RESTARTS,
    in_chroot,
    interpreter_of,
    read_words,
    set_program,
    set_words,
    state_in,
    state_program,
    value_in,
)
from .port import MailServer

_ENVIRONMENT = {"LC_ALL": "C"}


class AlationConf(MailServer):
    """The configuration of an Alation on this host, as its command reads and writes it."""

    def __init__(self, module, options: Mapping[str, Any], secrets: Sequence[str]) -> None:
        """``secrets`` are hidden in what the commands print."""
        self._module = module
        self._root = options["root"]
        self._user = options["user"]
        self._secret_user = options["secret_user"]
        self._shows_secrets = options["secrets_in_process_list"]
        self._hide = Secrets([(None, secret) for secret in secrets]).words
        self._script: Optional[Tuple[str, Optional[Sequence[str]]]] = None

    def check(self) -> None:
        """Raise InputRefused when there is no chroot of Alation."""
        if not os.path.exists(os.path.join(self._root, "bin/su")):
            raise InputRefused(
                "alation.root", f"there is no /bin/su below {self._root}", "Write the root of Alation's chroot on this host")

    def value(self, key: str) -> Optional[str]:
        """Return the text of a key; None when Alation tells none."""
        _code, out, _err = self._run(self._user, read_words(key))
        return value_in(out, key)

    def set(self, path: str, key: str, value: str) -> None:
        """Set a key. Raises SettingsRefused when the command fails."""
        self._succeed(path, key, *self._run(self._user, set_words(key, value)))

    def secret_state(self, key: str, secret: Optional[str]) -> str:
        """Return same, different, absent, unknown (no such key) or unable; the secret itself stays inside the chroot."""
        _script, interpreter = self._command()
        words = [*(interpreter or ["python"]), "-"]
        _code, out, _err = self._run(self._secret_user, words, state_program(key, secret))
        return state_in(out)

    def tells_secret_key(self, key: str) -> bool:
        """Whether the user for secrets can read a key, in whatever form its value is shown."""
        _code, out, _err = self._run(self._secret_user, read_words(key))
        return value_in(out, key) is not None

    def set_secret(self, path: str, key: str, secret: str) -> None:
        """Set a secret. Raises SettingsRefused, or InputRefused where a list of processes would show the secret."""
        script, interpreter = self._command()
        if interpreter:
            self._succeed(path, key, *self._run(self._secret_user, [*interpreter, "-"], set_program(script, key, secret)))
            return
        self.refuse_shown_secret(path)
        self._succeed(path, key, *self._run(self._secret_user, set_words(key, secret)))

    def refuse_shown_secret(self, path: str) -> None:
        """Raise InputRefused where a list of processes would show a secret, and the task does not allow that."""
        script, interpreter = self._command()
        if not interpreter and not self._shows_secrets:
            raise InputRefused(
                path, f"{script} is no Python script, so that its arguments, the secret among them, would be in the list of "
                "processes for a moment",
                "Set the secret on Alation's page, or allow it with alation.secrets_in_process_list: true")

    def submit(self, message: MailUnderTest) -> str:
        """Hand a message to the mail server inside the chroot; return what went wrong, empty when nothing did."""
        words = ["chroot", self._root, "/usr/sbin/sendmail", "-i", "-f", message.sender, "--", message.recipient]
        code, out, err = self._ended(words, data=message.content.replace(b"\r\n", b"\n"), binary_data=True)
        return self._hide(err or out or f"sendmail ended with code {code}") if code else ""

    def mail_log(self) -> str:
        """Return the end of the mail logs of the chroot and of the host."""
        return "\n".join(map(tail, (*(self._root + name for name in LOG_FILES), *LOG_FILES)))

    def restart(self, kind: str) -> None:
        """Restart Alation in this way. Raises SettingsRefused when a command fails."""
        for words in RESTARTS[kind]:
            code, out, err = self._run(self._user, words)
            if code:
                raise SettingsRefused(
                    f"alation.restart: {' '.join(words)} ended with code {code}: {self._hide(err or out)}. The settings are "
                    "saved; run the task again to restart Alation.", field="alation.restart")

    def _command(self) -> Tuple[str, Optional[Sequence[str]]]:
        """Return the path of ``alation_conf`` inside the chroot, and the Python that runs it; None for another program."""
        if self._script is None:
            _code, out, _err = self._run(self._secret_user, ["command", "-v", CONF])
            paths: List[str] = [line.strip() for line in out.splitlines() if line.strip().endswith(f"/{CONF}")]
            if not paths:
                raise InputRefused(
                    "alation.secret_user", f"{self._secret_user} has no command {CONF} inside {self._root}",
                    "Write the user who sets passwords in Alation")
            with open(os.path.join(self._root, paths[-1].lstrip("/")), "rb") as stream:
                self._script = (paths[-1], interpreter_of(stream.readline(500)))
        return self._script

    def _run(self, user: str, words: Sequence[str], program: str = "") -> Tuple[int, str, str]:
        return self._ended(in_chroot(self._root, user, words), data=program or None)

    def _ended(self, command: Sequence[str], **options: Any) -> Tuple[int, str, str]:
        """Run a command; return its code and what it printed. One that ends before it has read its input has failed."""
        try:
            done: Tuple[int, str, str] = self._module.run_command(
                command, environ_update=_ENVIRONMENT, errors="replace", handle_exceptions=False, **options)
        except OSError as exc:
            return 1, "", f"{' '.join(command[2:4])}: {exc.strerror}"
        return done

    def _succeed(self, path: str, key: str, code: int, out: str, err: str) -> None:
        if code:
            raise SettingsRefused(
                f"{path}: alation_conf did not set {key} (code {code}): {self._hide(err or out)}", field=path, code="not-set")
