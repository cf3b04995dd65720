# Copyright (c) 2026 The catalog.mail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to this collection: it may change without notice.
"""Read the variables of systemd units by which CKAN's environment decides settings before its file. Pure.

CKAN takes some options from variables of its environment (CONFIG_FROM_ENV_VARS in config/environment.py); its extension
ckanext-envvars takes each option from one (CKAN___SMTP__SERVER for smtp.server).
"""

from __future__ import annotations

import shlex
from typing import Dict, Iterable, Iterator, Mapping, NamedTuple, Optional, Sequence, Tuple

_OWN = ("smtp.server", "smtp.starttls", "smtp.user", "smtp.password", "smtp.mail_from")
"""The options that CKAN itself takes from the environment."""
CONFIG_FILE = "CKAN_INI"

Environments = Mapping[str, Mapping[str, str]]
"""The variables that units of systemd set, by the place that sets them."""


class Override(NamedTuple):
    """A variable of a unit that decides an option: its name, its value and where it is set."""

    variable: str
    value: str
    place: str


def variables_of(option: str) -> Tuple[str, ...]:
    """Return the variables from which CKAN takes an option, the one that counts first."""
    extension = "CKAN___" + option.upper().replace(".", "__")
    own = "CKAN_" + option.upper().replace(".", "_")
    return (extension, own) if option in _OWN else (extension,)


def override(option: str, environments: Environments) -> Optional[Override]:
    """Return what the environment decides of an option; None when it decides nothing."""
    found = [
        Override(variable, variables[variable], place)
        for variable in variables_of(option) for place, variables in environments.items() if variables.get(variable)]
    return found[0] if found else None


def environment_of(lines: Sequence[str]) -> Dict[str, str]:
    """Read the property Environment of a unit, as ``systemctl show`` prints it."""
    return dict(pair for line in lines for pair in _pairs(_words(line)))


def environment_file(text: str) -> Dict[str, str]:
    """Read a file of EnvironmentFile= (systemd.exec(5)): lines NAME=VALUE, perhaps in quotation marks; # and ; begin comments."""
    lines = [line.strip() for line in text.replace("\\\n", "").splitlines()]
    return {
        name: "".join(_words(value)) if value[:1] in ("'", '"') else value
        for name, value in _pairs(line for line in lines if line and line[0] not in "#;")}


def file_of(words: Sequence[str]) -> Optional[str]:
    """Return the configuration file in a command of CKAN, ``ckan -c FILE run``; None when the command names none."""
    if not words or not words[0].rstrip("/").endswith("ckan"):
        return None
    for word, following in zip(words, [*words[1:], ""]):
        if word in ("-c", "--config"):
            return following
        if word.startswith("--config="):
            return word.partition("=")[2]
    return None


def command_of(text: str) -> Sequence[str]:
    """Return the words of a command in the property ExecStart: ``{ path=... ; argv[]=WORDS ; ... }``."""
    return _words(text.partition("argv[]=")[2].partition(" ;")[0])


def _pairs(words: Iterable[str]) -> Iterator[Tuple[str, str]]:
    for word in words:
        name, equals, value = word.partition("=")
        if equals:
            yield name.strip(), value.strip()


def _words(text: str) -> Sequence[str]:
    try:
        return shlex.split(text)
    except ValueError:
        return text.split()
