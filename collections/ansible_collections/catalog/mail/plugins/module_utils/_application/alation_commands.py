# Copyright (c) 2026 The catalog.mail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to this collection: it may change without notice.
"""Commands inside Alation's chroot, and what they print. Pure.

Between this module and ``alation_conf`` stands the login shell of a user, which may print anything. The programs run in
Python 2 and 3, since the chroot has had both.
"""

from __future__ import annotations

import json
import re
import shlex
from typing import List, Optional, Sequence

from .._core.errors import InputRefused

CONF = "alation_conf"
REPLICATION = "alation.cluster.replication_mode"
STANDALONE = "standalone"

RESTARTS = {
    "none": (),
    "web_celery": (("alation_supervisor", "restart", "web:*", "celery:*"),),
    "full": (("alation_action", "deploy_conf_all"), ("alation_action", "restart_alation")),
}
"""The commands for each value of the option ``alation.restart``."""

_KEY = re.compile(r"[a-z0-9_.]+\Z")
_ANSWER = "catalog-mail-answer"

_STATE = """\
import json, sys
key, secret = json.loads({key}), json.loads({secret})
sys.path.insert(0, '/opt/alation/django/rosemeta/one_off_scripts')
try:
    import bootstrap_rosemeta
except Exception:
    pass
try:
    from alation_conf import conf
    found = conf.get_decrypted(key)
    if isinstance(found, bytes):
        found = found.decode('utf-8')
    answer = 'absent' if found in (None, '') else 'same' if found == secret else 'different'
except KeyError:
    answer = 'unknown'
except BaseException:
    answer = 'unable'
sys.stdout.write('\\n{mark} ' + answer + '\\n')
"""
_SET = """\
import json, sys
words = json.loads({words})
sys.argv = [word if isinstance(word, str) else word.encode('utf-8') for word in words]
path = sys.argv[0]
with open(path) as stream:
    code = compile(stream.read(), path, 'exec')
exec(code, {{'__name__': '__main__', '__file__': path}})
"""


def checked_key(path: str, key: object) -> str:
    """Return the name of a key that a shell cannot take for anything else. Raises InputRefused."""
    if not isinstance(key, str) or not _KEY.match(key):
        raise InputRefused(
            f"alation.keys[{path}]", f"{key!r} is not the name of a key: small letters, digits, _ and dots",
            "Write the name as alation_conf prints it")
    return key


def checked_value(path: str, value: str) -> str:
    """Return a value that alation_conf takes for a value. Raises InputRefused."""
    if any(not char.isprintable() for char in value):
        raise InputRefused(path, "it has a line end or another character that is not printable", "Write it without it")
    if value.startswith("-"):
        raise InputRefused(path, "it begins with a dash, which alation_conf takes for an option", "Set it on Alation's page")
    return value


def in_chroot(root: str, user: str, words: Sequence[str]) -> List[str]:
    """Return the command that runs ``words`` inside the chroot, in the login shell of a user."""
    return ["chroot", root, "/bin/su", "-", user, "-c", " ".join(map(shlex.quote, words))]


def read_words(key: str) -> Sequence[str]:
    """Return the command that prints a key."""
    return (CONF, key)


def set_words(key: str, value: str) -> Sequence[str]:
    """Return the command that sets a key."""
    return (CONF, key, "-s", value)


def value_in(out: str, key: str) -> Optional[str]:
    """Return the value in the line ``KEY = VALUE``; None when there is no such line."""
    begin = f"{key} ="
    found = [line.strip()[len(begin):].strip() for line in out.splitlines() if line.strip().startswith(begin)]
    return found[-1] if found else None


def interpreter_of(script: bytes) -> Optional[Sequence[str]]:
    """Return the Python that a script names in its first line; None when the script is not of Python."""
    first = script.partition(b"\n")[0].decode("utf-8", "replace")
    words = first[2:].split() if first.startswith("#!") else []
    names = [word.rpartition("/")[2] for word in words]
    if names and names[0] == "env":
        words, names = words[1:], names[1:]
    return words if names and re.match(r"python[0-9.]*\Z", names[0]) else None


def state_program(key: str, secret: Optional[str]) -> str:
    """Return a program that compares a secret with that of Alation, and prints one word; see ``state_in``."""
    return _STATE.format(key=_literal(key), secret=_literal(secret), mark=_ANSWER)


def state_in(out: str) -> str:
    """Return the word of ``state_program``: same, different, absent, unknown (no such key) or unable (no answer)."""
    found = [line.split()[1] for line in out.splitlines() if line.startswith(f"{_ANSWER} ")]
    return found[-1] if found else "unable"


def set_program(script: str, key: str, secret: str) -> str:
    """Return a program that runs ``alation_conf`` with arguments that no list of processes shows."""
    return _SET.format(words=_literal([script, *set_words(key, secret)[1:]]))


def _literal(value: object) -> str:
    """Return a literal of a text with JSON, of ASCII characters alone, for either Python."""
    return "'" + json.dumps(value).replace("\\", "\\\\").replace("'", "\\'") + "'"
