# Copyright (c) 2026 The catalog.mail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to this collection: it may change without notice.
"""Read and edit CKAN's configuration file; every byte outside the edited options is kept. Pure.

The grammar is that of Python's ConfigParser, with which CKAN reads the file: sections in brackets; ``name = value`` or
``name: value``; a line that is indented further than its option continues the value; a comment begins its line with # or ;.
CKAN keeps the case of names, and reads the section ``app:main``. ``%`` begins an interpolation, ``%%`` is a percent sign.
"""

from __future__ import annotations

import configparser
import re
from dataclasses import dataclass
from typing import Dict, List, Mapping, Optional, Sequence, Tuple

from .._core.errors import InputRefused

SECTION = "app:main"
_DEFAULT = "DEFAULT"

_LINE = re.compile(r"[^\r\n]*(?:\r\n|\r|\n|\Z)")
_NAME = re.compile(r"(?P<name>.*?)(?P<delimiter>\s*[=:]\s*)(?P<value>.*)\Z")
_HEADER = re.compile(r"\[(?P<header>.+)\]")


@dataclass(frozen=True)
class _Option:
    """One option of the section: its name, and its first line and the line after its last one."""

    name: str
    first: int
    end: int


class CkanIni:
    """The text of a configuration file. Immutable: an edit returns a new object."""

    def __init__(self, text: str, path: str) -> None:
        """``path`` is for messages. Raises InputRefused when CKAN cannot read the text either."""
        self.text = text
        self.path = path
        self.sections = _sections(text, path)
        if SECTION not in self.sections:
            raise InputRefused(
                "ckan.config_file", f"{path} has no section [{SECTION}]", "Name the configuration file of CKAN, often ckan.ini")
        self._lines = [line for line in _LINE.findall(text) if line]
        self._header, self._options = _scanned(self._lines)

    @classmethod
    def from_bytes(cls, data: bytes, path: str) -> CkanIni:
        """Decode without loss: bytes that are not UTF-8 become surrogate escapes."""
        return cls(data.decode("utf-8", "surrogateescape"), path)

    def to_bytes(self) -> bytes:
        """Return the file's content, the same bytes."""
        return self.text.encode("utf-8", "surrogateescape")

    @property
    def based_on(self) -> str:
        """Return the file in ``use = config:FILE``, as written; empty when there is none."""
        scheme, _colon, name = (self.raw("use") or "").partition(":")
        return name if scheme == "config" else ""

    def raw(self, name: str) -> Optional[str]:
        """Return an option as written, ``%`` still doubled; None when neither the section nor [DEFAULT] sets it."""
        return self.sections[SECTION].get(name, self.sections.get(_DEFAULT, {}).get(name))

    def edited(self, values: Mapping[str, Optional[str]]) -> CkanIni:
        """Return the file with these options of the section set; ``None`` removes one.

        Raises InputRefused when the file's form does not allow the edit.
        """
        lines: List[Optional[str]] = list(self._lines)
        added: List[str] = []
        for name, value in values.items():
            option = next((one for one in self._options if one.name == name), None)
            if option is None:
                added += [] if value is None else [f"{name} = {doubled(value)}".rstrip()]
                continue
            text = None if value is None else _with_value(lines[option.first] or "", doubled(value))
            lines[option.first:option.end] = [text, *[None] * (option.end - option.first - 1)]
        place = self._place_of_new_options()
        before, after = _kept(lines[:place]), _kept(lines[place:])
        if added:
            before = _terminated(before, self._ending) + self._indented(added)
        new = CkanIni("".join(before + after), self.path)
        self._refuse_unless_only(new, values)
        return new

    @property
    def _ending(self) -> str:
        return next((_ending_of(line) for line in self._lines if _ending_of(line)), "\n")

    def _place_of_new_options(self) -> int:
        """Return the line before which new options go: after the last of the same kind, else after the section's last."""
        alike = [option for option in self._options if option.name.startswith("smtp.")] or self._options
        return alike[-1].end if alike else self._header + 1

    def _indented(self, added: Sequence[str]) -> List[str]:
        """Return new lines with the indentation of the option before them, of which they must not be a continuation."""
        alike = [option for option in self._options if option.name.startswith("smtp.")] or self._options
        line = self._lines[alike[-1].first] if alike else self._lines[self._header]
        indentation = line[: len(line) - len(line.lstrip())]
        return [indentation + text + self._ending for text in added]

    def _refuse_unless_only(self, new: CkanIni, values: Mapping[str, Optional[str]]) -> None:
        """Refuse a result in which an option other than ``values`` has changed, or one of them has not."""
        own = {name: value for name, value in self.sections[SECTION].items() if name not in values}
        own.update((name, doubled(value)) for name, value in values.items() if value is not None)
        if new.sections != {**self.sections, SECTION: own}:
            raise InputRefused(
                "ckan.config_file", f"the indentation in {self.path} does not allow to edit {', '.join(values)} alone",
                f"Write the options of [{SECTION}] without blanks in front")


def doubled(value: str) -> str:
    """Return a value as it stands in the file."""
    return value.replace("%", "%%")


def effective(chain: Sequence[CkanIni], name: str, variables: Mapping[str, str]) -> Optional[str]:
    """Return the value that CKAN reads from the first file of the chain that sets an option; None when none does.

    ``chain`` begins with the file that CKAN is started with and goes on with the files that each is based on.
    ``variables`` are what CKAN adds to [DEFAULT]: variables of the environment that begin with CKAN_, and ``here``.
    Raises InputRefused when the value's interpolation fails.
    """
    parser = _Parser({key: doubled(value) for key, value in variables.items()})
    for ini in reversed(chain):
        parser.read_string(_with_unix_line_ends(ini.text))
    try:
        return parser.get(SECTION, name, fallback=None)
    except configparser.InterpolationError:
        raise InputRefused(
            "ckan.config_file", f"the value of {name} in {source(chain, name)} has a % that begins no known name",
            "Write %% for a percent sign") from None


def source(chain: Sequence[CkanIni], name: str) -> str:
    """Return the path of the file from which CKAN takes an option; empty when none sets it.

    The section of any file counts before the section [DEFAULT] of any.
    """
    owning = [ini for ini in chain if name in ini.sections[SECTION]] or [ini for ini in chain if ini.raw(name) is not None]
    return owning[0].path if owning else ""


def _with_unix_line_ends(text: str) -> str:
    return text.replace("\r\n", "\n").replace("\r", "\n")


class _Parser(configparser.ConfigParser):
    """A parser that keeps the case of names, as CKAN's does."""

    optionxform = staticmethod(str)  # type: ignore[assignment]


def _sections(text: str, path: str) -> Dict[str, Dict[str, str]]:
    """Return the options of each section as written, those of [DEFAULT] in a section of their own. Raises InputRefused."""
    parser = _Parser(default_section="")
    try:
        parser.read_string(_with_unix_line_ends(text), path)
    except configparser.Error as exc:
        # The message of a parsing error quotes lines, which may hold a password.
        where = getattr(exc, "lineno", None) or next((number for number, _line in getattr(exc, "errors", ())), None)
        what = type(exc).__name__.replace("Error", "")
        raise InputRefused(
            "ckan.config_file", f"CKAN cannot read {path} ({what}{f' in line {where}' if where else ''})",
            "Correct the file by hand") from None
    return {name: dict(parser.items(name, raw=True)) for name in parser.sections()}


def _scanned(lines: Sequence[str]) -> Tuple[int, List[_Option]]:
    """Return the line of the section's header, and its options, as ConfigParser finds them in a text without errors."""
    options: List[_Option] = []
    option: Optional[_Option] = None
    header, indentation, section = 0, 0, ""
    for number, line in enumerate(lines):
        text = line.strip()
        if not text or text[0] in "#;":
            continue
        own = len(line) - len(line.lstrip())
        if section and option and own > indentation:
            option = _Option(option.name, option.first, number + 1)
            if section == SECTION:
                options[-1] = option
            continue
        indentation = own
        found = _HEADER.match(text)
        if found:
            section, option = found.group("header"), None
            header = number if section == SECTION else header
            continue
        name = _NAME.match(text)
        option = _Option(name.group("name").rstrip() if name else text, number, number + 1)
        if section == SECTION:
            options.append(option)
    return header, options


def _with_value(line: str, value: str) -> str:
    """Return the first line of an option with another value; indentation, name and delimiter stay as written."""
    ending = _ending_of(line)
    body = line[: len(line) - len(ending)]
    found = _NAME.match(body)
    if not found:
        return line
    delimiter = found.group("delimiter") if found.group("value") or not value else found.group("delimiter").rstrip() + " "
    return (found.group("name") + delimiter + value).rstrip() + ending


def _kept(lines: Sequence[Optional[str]]) -> List[str]:
    return [line for line in lines if line is not None]


def _ending_of(line: str) -> str:
    return line[len(line.rstrip("\r\n")):]


def _terminated(lines: List[str], ending: str) -> List[str]:
    """Return the lines, the last one with a line end."""
    if lines and not _ending_of(lines[-1]):
        return [*lines[:-1], lines[-1] + ending]
    return lines
