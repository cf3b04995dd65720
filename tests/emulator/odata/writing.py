# Copyright (c) 2026 The catalog.mail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Check properties to write by the types of the schema, and merge them into the stored object.

A collection is replaced whole (OData 4.0, 11.4.3).
"""

from __future__ import annotations

import copy
from collections.abc import Callable, Mapping
from typing import Any

from emulator import ids
from emulator.answer import Refusal, bad_request
from emulator.clock import as_given
from emulator.odata.complex_types import COMPLEX, Declared
from emulator.odata.schema import EntityType


def written(type_: EntityType, given: Mapping[str, Any]) -> dict[str, Any]:
    """Return the given properties without annotations. Raises Refusal for a property that is unknown or of another type."""
    return _object(type_.declared, given, type_.name.rpartition(".")[2])


def merged(before: Mapping[str, Any], changes: Mapping[str, Any], empty: Mapping[str, Any]) -> dict[str, Any]:
    """Return the object after a change; null resets a property to its value in `empty`."""
    return {**before, **{name: copy.deepcopy(empty.get(name)) if value is None else value for name, value in changes.items()}}


def unknown_property(name: str) -> Refusal:
    return bad_request(f"Invalid property '{name}'.")


def _object(declared: Mapping[str, Declared], given: Mapping[str, Any], resource: str) -> dict[str, Any]:
    found = {}
    for name, value in given.items():
        if "@" in name:
            continue
        if name not in declared:
            raise unknown_property(name)
        found[name] = _value(declared[name], value, name, resource)
    return found


def _value(type_: Declared, value: Any, name: str, resource: str) -> Any:
    if type_.collection:
        if not isinstance(value, list) or None in value:
            raise _invalid(name, resource)
        return [_one(type_, element, name, resource) for element in value]
    return None if value is None else _one(type_, value, name, resource)


def _one(type_: Declared, value: Any, name: str, resource: str) -> Any:
    if type_.kind in COMPLEX:
        if not isinstance(value, dict):
            raise _invalid(name, resource)
        found = _object(COMPLEX[type_.kind], value, type_.kind)
        for needed in (part for part, declared in COMPLEX[type_.kind].items() if declared.needed):
            if found.get(needed) is None:
                raise _invalid(needed, type_.kind)
        return found
    if not _FITS[type_.kind](value) or (type_.longest is not None and len(value) > type_.longest):
        raise _invalid(name, resource)
    return _ALIKE[type_.kind](value) if type_.kind in _ALIKE else value


def _is_moment(value: Any) -> bool:
    try:
        return isinstance(value, str) and bool(as_given(value))
    except (ValueError, OverflowError):
        return False


_FITS: dict[str, Callable[[Any], bool]] = {
    "s": lambda value: isinstance(value, str),
    "b": lambda value: isinstance(value, bool),
    "i": lambda value: isinstance(value, int) and not isinstance(value, bool),
    "g": lambda value: isinstance(value, str) and ids.is_guid(value),
    "t": _is_moment,
    "c": lambda value: isinstance(value, dict),
    "a": lambda _value: True,
    "": lambda _value: True,
}


# One way to write what has several: ids and moments are compared, and shown, as text.
_ALIKE: dict[str, Callable[[str], str]] = {"g": str.lower, "t": as_given}


def _invalid(name: str, resource: str) -> Refusal:
    shown = resource[:1].upper() + resource[1:]
    return bad_request(f"Invalid value specified for property '{name}' of resource '{shown}'.")
