# Copyright (c) 2026 The catalog.mail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Directory objects of whatever kind, as lists of owners and /directoryObjects show them: each as its own type."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from emulator.directory.objects import TYPES, shown
from emulator.odata.query import Options
from emulator.odata.schema import DIRECTORY_OBJECT
from emulator.store import Document

if TYPE_CHECKING:
    from emulator.call import Call

# What may be selected of objects of unknown kind: whatever one of them has.
ANY_OBJECT = replace(
    DIRECTORY_OBJECT, properties={name: edm for type_ in TYPES.values() for name, edm in type_.properties.items()}
)


def named(call: Call, key: str) -> Document | None:
    """By its id; `@odata.type` tells its kind."""
    for kind, type_ in TYPES.items():
        found = call.view.get(kind, key.lower())
        if found and found["tenant"] == call.tenant:
            return {"@odata.type": f"#{type_.name}", **shown(found)}
    return None


def owners(call: Call, document: Document) -> list[Document]:
    return [owner for key in document["owners"] if (owner := named(call, key))]


def pruned(options: Options, document: Document) -> dict[str, Any]:
    """What of it goes out: where nothing was selected, what its own type gives unasked."""
    type_ = next(one for one in TYPES.values() if document["@odata.type"] == f"#{one.name}")
    return replace(options, type=type_).pruned(document)


def reference(call: Call, document: Document) -> str:
    """Its address in the directory itself, as a `$ref` names it."""
    kind = document["@odata.type"].rpartition(".")[2]
    return f"{call.root}/{call.tenant}/directoryObjects/{document['id']}/Microsoft.DirectoryServices.{kind[:1].upper()}{kind[1:]}"
