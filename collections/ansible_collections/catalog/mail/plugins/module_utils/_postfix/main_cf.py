# Copyright (c) 2026 The catalog.mail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to this collection: it may change without notice.
"""Read and edit a main.cf; every byte outside the edited parameters is kept.

The grammar is that of postconf(5): ``name = value``; a line that starts with white space
continues the one before; blank lines and comments are ignored, also between a parameter
and its continuation; of several lines for one parameter the last one counts.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Dict, List, Mapping, Optional, Sequence, Tuple

from .secret_values import holds_secret

# The characters of C's isspace(); Python's str.isspace() accepts more.
BLANKS = " \t\n\v\f\r"
MASK = "********"
_RUN_OF_BLANKS = re.compile(f"[{BLANKS}]+")


@dataclass(frozen=True)
class Change:
    """The change of one parameter: ``None`` means that main.cf does not set it."""

    name: str
    before: Optional[str]
    after: Optional[str]


@dataclass(frozen=True)
class _Entry:
    """One logical line: its parameter, its folded value, its physical lines."""

    name: str
    value: str
    lines: Tuple[int, ...]


def folded(value: str) -> str:
    """Fold a value as Postfix does: every run of white space becomes one blank."""
    return _RUN_OF_BLANKS.sub(" ", value.strip(BLANKS))


class MainCf:
    """The text of a main.cf. Immutable: an edit returns a new object."""

    def __init__(self, text: str) -> None:
        self._lines = _physical_lines(text)
        self._entries, self._stray = _parse(self._lines)

    @classmethod
    def from_bytes(cls, data: bytes) -> MainCf:
        """Decode without loss: bytes that are not UTF-8 become surrogate escapes."""
        return cls(data.decode("utf-8", "surrogateescape"))

    def to_bytes(self) -> bytes:
        """Return the file's content, the same bytes."""
        return str(self).encode("utf-8", "surrogateescape")

    def __str__(self) -> str:
        return "".join(self._lines)

    @property
    def parameters(self) -> Dict[str, str]:
        """Return folded values by name, in the order of the file; the last duplicate counts."""
        return {entry.name: entry.value for entry in self._entries}

    @property
    def malformed(self) -> Tuple[str, ...]:
        """Return the lines that do not set a parameter."""
        return tuple(entry.value for entry in self._stray)

    @property
    def duplicates(self) -> Tuple[str, ...]:
        """Return the names of parameters that are set more than once, in the order of the file."""
        return tuple(dict.fromkeys(entry.name for entry in self._overridden()))

    def untidiness(self) -> List[Change]:
        """Return the removals that ``tidied`` makes: earlier lines of a parameter, and lines that set none."""
        earlier = [Change(f"an earlier line of {entry.name}", entry.value, None) for entry in self._overridden()]
        return earlier + [Change("a line that sets no parameter", _without_password(text), None) for text in self.malformed]

    def tidied(self) -> MainCf:
        """Return the file without lines that Postfix ignores or warns of: every parameter keeps its value."""
        gone = {number for entry in (*self._overridden(), *self._stray) for number in entry.lines}
        return MainCf("".join(line for number, line in enumerate(self._lines) if number not in gone))

    def _overridden(self) -> List[_Entry]:
        """Return the settings that a later line of the same parameter overrides."""
        last = {entry.name: entry for entry in self._entries}
        return [entry for entry in self._entries if last[entry.name] is not entry]

    def edited(self, changes: Sequence[Change]) -> MainCf:
        """Return the file after ``changes``, with one line for each changed parameter."""
        lines: List[Optional[str]] = list(self._lines)
        eol = _line_ending(self._lines)
        added = []
        for change in changes:
            own = [entry for entry in self._entries if entry.name == change.name]
            for entry in own:
                for number in entry.lines:
                    lines[number] = None
            if change.after is None:
                continue
            text = f"{change.name} = {change.after}".rstrip(BLANKS)
            if own:
                first = own[-1].lines[0]
                lines[first] = text + _ending_of(self._lines[first])
            else:
                added.append(text + eol)
        kept = [line for line in lines if line is not None]
        return MainCf("".join(_terminated(kept, eol, bool(added)) + added))

    def masked(self) -> MainCf:
        """Return the file with passwords replaced, also in its comments and in lines that set no parameter."""
        hidden = [Change(name, None, MASK) for name, value in self.parameters.items() if holds_secret(name, value)]
        return MainCf("".join(map(_masked_line, _physical_lines(str(self.edited(hidden))))))


def shown(name: str, value: Optional[str]) -> Optional[str]:
    """Return a parameter's value for a result or a diff, a password replaced."""
    return MASK if value is not None and holds_secret(name, value) else value


def shown_line(change: Change) -> str:
    """Return the value of a line that ``untidiness`` names, a password replaced."""
    name = change.name.rpartition(" ")[2]
    return str(shown(name, change.before))


def _masked_line(line: str) -> str:
    """Return a line of the file; one that was commented out, and would set a password, without its value."""
    name, equals, value = line.lstrip("#" + BLANKS).partition("=")
    name = name.strip(BLANKS)
    if line.startswith("#") and equals and len(name.split()) == 1 and holds_secret(name, value.strip(BLANKS)):
        return f"# {name} = {MASK}{_ending_of(line)}"
    return line


def _without_password(text: str) -> str:
    """Return a line for a result or a diff, replaced when it may hold a password."""
    return MASK if "passw" in text.lower() else text


def plan(current: MainCf, desired: Mapping[str, Optional[str]]) -> List[Change]:
    """Return the changes from ``current`` to ``desired``; ``None`` removes a parameter.

    White space that Postfix folds is not a difference.
    """
    present = current.parameters
    changes = []
    for name, value in desired.items():
        before = present.get(name)
        after = None if value is None else folded(value)
        if before != after:
            changes.append(Change(name, before, after))
    return changes


def _physical_lines(text: str) -> List[str]:
    """Split into lines with their endings; only LF ends a line, as in Postfix (a CR before it is white space)."""
    lines = text.split("\n")
    return [line + "\n" for line in lines[:-1]] + ([lines[-1]] if lines[-1] else [])


def _parse(lines: Sequence[str]) -> Tuple[List[_Entry], List[_Entry]]:
    """Return the parameters of a file, and the lines that do not set a parameter, as values without a name."""
    entries: List[_Entry] = []
    stray: List[_Entry] = []
    logical: List[int] = []

    def close() -> None:
        if not logical:
            return
        text = " ".join(lines[number].strip(BLANKS) for number in logical)
        name, equals, value = text.partition("=")
        name = name.strip(BLANKS)
        if equals and name and not _RUN_OF_BLANKS.search(name):
            entries.append(_Entry(name, folded(value), tuple(logical)))
        else:
            stray.append(_Entry("", text, tuple(logical)))

    for number, line in enumerate(lines):
        stripped = line.strip(BLANKS)
        if not stripped or stripped.startswith("#"):
            continue
        if line[0] in BLANKS:
            if logical:  # Postfix ignores such a line when no parameter precedes it
                logical.append(number)
            continue
        close()
        logical = [number]
    close()
    return entries, stray


def _ending_of(line: str) -> str:
    """Return the ending of a line: CRLF, LF, or nothing on a last line without a newline."""
    if line.endswith("\r\n"):
        return "\r\n"
    return "\n" if line.endswith("\n") else ""


def _line_ending(lines: Sequence[str]) -> str:
    """Return the ending for a new line: that of most lines of the file."""
    crlf = sum(line.endswith("\r\n") for line in lines)
    return "\r\n" if crlf * 2 > len(lines) else "\n"


def _terminated(lines: List[str], eol: str, more_follows: bool) -> List[str]:
    """Return the lines; the last one gets a newline when more lines follow."""
    if lines and more_follows and not lines[-1].endswith("\n"):
        return lines[:-1] + [lines[-1] + eol]
    return lines
