# Copyright (c) 2026 The catalog.mail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to this collection: it may change without notice.
"""The use case of application_secret_file: write a secret into a file, complete or not at all."""

from __future__ import annotations

import os
from typing import Any, Dict, List

from .._core.errors import InputRefused
from .._core.file_facts import FileState, mode_bits
from .._core.file_transaction import (
    Transaction,
    attributes_of,
    ids_of,
    read_bytes,
    set_attributes,
    workspace,
    write_private,
)
from .._core.module import Job, Plan, Spec
from .service_changes import Change, change, diff

SPEC = Spec({
    "path": {"type": "path", "required": True},
    "content": {"type": "str", "required": True, "no_log": True},
    "mode": {"type": "str", "default": "0600"},
    "owner": {"type": "str", "default": "root"},
    "group": {"type": "str", "default": "root"},
    "replace": {"type": "bool", "default": False},
})


class SecretFile(Job):
    """Have a file hold a secret in one line or more, with its mode and owner."""

    def __init__(self, module) -> None:
        params = module.params
        self._module = module
        self._path = params["path"]
        self._content = (params["content"].strip() + "\n").encode()
        self._replace = params["replace"]
        self._desired = FileState("", mode_bits(params["mode"]), params["owner"], params["group"])
        if self._content == b"\n" and not module.check_mode:
            raise InputRefused("content", "it is empty", "Give the secret")

    def plan(self) -> Plan:
        """Compare the file; writes nothing. Raises InputRefused when it holds another secret that is not to be replaced."""
        found, content = attributes_of(self._path), read_bytes(self._path)
        changes: List[Change] = []
        if found is None:
            changes.append(change("content", "(none)", "the given secret"))
        elif content is not None and content.strip() != self._content.strip():
            if content.strip() and not self._replace:
                raise InputRefused(
                    "content", f"{self._path} holds another secret",
                    "Keep that one, or set replace: true when nothing needs it any more")
            changes.append(change("content", "another secret" if content.strip() else "(empty)", "the given secret"))
        elif found.attributes != self._desired.attributes:
            changes.append(change("attributes", found.attributes, self._desired.attributes))
        return Plan(changes, {"changes": changes}, diff(self._path, changes))

    def apply(self, plan: Plan) -> Dict[str, Any]:
        """Write the file, or set its mode and owner. A killed run leaves the file as it was."""
        if plan.changes[0]["name"] == "attributes":
            set_attributes(self._path, self._desired.attributes)
            return {}
        uid, gid = ids_of(self._desired.owner, self._desired.group)
        folder = os.path.dirname(os.path.realpath(self._path))
        if not os.path.isdir(folder):
            raise InputRefused("path", f"there is no folder {folder}", "Create it, readable by root alone or by the group")
        with workspace(folder) as private:
            source = write_private(private, self._content)
            descriptor = os.open(source, os.O_RDONLY)
            try:
                os.fsync(descriptor)  # a crash of the host leaves no empty file either
            finally:
                os.close(descriptor)
            Transaction(self._module).replace(self._path, source, self._desired.mode, uid, gid)
        return {}
