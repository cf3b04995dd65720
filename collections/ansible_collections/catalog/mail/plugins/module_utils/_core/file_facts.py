# Copyright (c) 2026 The catalog.mail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to this collection: it may change without notice.
"""Content, mode and owner of a file, as values that pure code compares."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any, Dict, Mapping, Optional

from .errors import InputRefused

_OCTAL = re.compile(r"0?[0-7]{3,4}\Z")


@dataclass(frozen=True)
class FileFacts:
    """Attributes of one file: mode bits, owner and group by name, time of modification in nanoseconds."""

    mode: int
    owner: str
    group: str
    mtime_ns: int


@dataclass(frozen=True)
class FileState:
    """State of an existing file: SHA-256 of its content in hexadecimal digits, mode bits, owner and group by name.

    The digest of a folder is empty.
    """

    sha256: str
    mode: int
    owner: str
    group: str

    @property
    def attributes(self) -> str:
        """Return mode, owner and group, such as ``0640 root:root``."""
        return f"{self.mode:04o} {self.owner}:{self.group}"

    def shown(self) -> Dict[str, Any]:
        """Return the state for a module's result, with the mode in four octal digits."""
        return {"sha256": self.sha256, "mode": f"{self.mode:04o}", "owner": self.owner, "group": self.group}


@dataclass(frozen=True)
class ExpectedFile:
    """Desired state of a file or folder; an attribute that is None is not compared. ``present`` false: it must not exist.

    ``keep``: set mode, owner and group of an existing file. ``restart`` tells when the service restarts because of the
    file: ``changed``, ``missing`` or ``never``.
    """

    path: str
    present: bool = True
    sha256: Optional[str] = None
    mode: Optional[int] = None
    owner: Optional[str] = None
    group: Optional[str] = None
    keep: bool = False
    restart: str = "changed"

    def differs_from(self, found: Optional[FileState]) -> bool:
        """Whether the file on the host differs; ``found`` is None when the file does not exist."""
        if found is None or not self.present:
            return (found is not None) != self.present
        pairs = (
            (self.sha256, found.sha256), (self.mode, found.mode), (self.owner, found.owner), (self.group, found.group))
        return any(expected is not None and expected != actual for expected, actual in pairs)

    def restarts(self, found: Optional[FileState]) -> bool:
        """Whether the service restarts once this difference is corrected.

        Nothing reads a file that must not exist: what named it, such as a configuration, differs as well.
        """
        if self.restart == "missing":
            return found is None
        return self.restart == "changed" and self.present and self.differs_from(found)

    def kept(self, found: Optional[FileState]) -> str:
        """Return the attributes to set, in the form of ``FileState.attributes``; empty when none differs."""
        if found is None or not self.keep:
            return ""
        desired = FileState(
            "", found.mode if self.mode is None else self.mode, self.owner or found.owner, self.group or found.group)
        return "" if desired.attributes == found.attributes else desired.attributes


def expected_file(option: Mapping[str, Any]) -> ExpectedFile:
    """Read a module's option. Raises InputRefused when the mode is not an octal number."""
    mode = option["mode"]
    return ExpectedFile(
        option["path"], option["state"] == "present", option["sha256"], None if mode is None else mode_bits(mode),
        option["owner"], option["group"], option["keep"], option["restart"])


def mode_bits(text: str) -> int:
    """Read a mode such as 0640. Raises InputRefused when the text is not an octal number."""
    if not _OCTAL.match(text):
        raise InputRefused("mode", f"'{text}' is not an octal number", "Write it in quotes, such as '0640'")
    return int(text, 8)
