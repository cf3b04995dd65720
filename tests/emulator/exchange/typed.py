# Copyright (c) 2026 The catalog.mail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""JSON values read by their Edm types: what fits is handed on as it is meant, what does not is refused before anything is done.

As Graph's reader does it: a boolean or an enumeration may be given as text in any case, a property's name is as the type has it.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from emulator.answer import Refusal


def unreadable(text: str) -> Refusal:
    return Refusal(400, "RequestBodyRead", text)


@dataclass(frozen=True)
class Primitive:
    """`read` gives the value, or raises ValueError."""

    name: str
    read: Callable[[Any], Any]
    clearable: bool = True


@dataclass(frozen=True)
class Enum:
    """Members are given in any case, and kept in the type's own."""

    members: tuple[str, ...]
    clearable: bool = False


@dataclass(frozen=True)
class Complex:
    """`kinds` are the types that @odata.type may name instead; then it has to."""

    name: str
    properties: Mapping[str, Type]
    kinds: Mapping[str, Complex] = field(default_factory=dict)
    clearable: bool = True


@dataclass(frozen=True)
class Many:
    of: Type
    clearable: bool = True


Type = Primitive | Enum | Complex | Many


def _text(value: Any) -> str:
    if not isinstance(value, str):
        raise ValueError
    return value


def _boolean(value: Any) -> bool:
    if isinstance(value, str) and value.lower() in ("true", "false"):
        return value.lower() == "true"
    if not isinstance(value, bool):
        raise ValueError
    return value


def _number(value: Any) -> int:
    if not isinstance(value, int) or isinstance(value, bool):
        raise ValueError
    return value


def _binary(value: Any) -> bytes:
    """Base64, in either alphabet."""
    try:
        return base64.b64decode(_text(value).translate(str.maketrans("-_", "+/")), validate=True)
    except binascii.Error:
        raise ValueError from None


def _object(value: Any) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise ValueError
    return value


TEXT = Primitive("Edm.String", _text)
BOOLEAN = Primitive("Edm.Boolean", _boolean, clearable=False)
NUMBER = Primitive("Edm.Int32", _number)
MOMENT = Primitive("Edm.DateTimeOffset", _text)
BINARY = Primitive("Edm.Binary", _binary)
OBJECT = Primitive("Edm.ComplexType", _object)
PRIMITIVES = {one.name: one for one in (TEXT, BOOLEAN, NUMBER, MOMENT, BINARY)}


def read(type_: Type, value: Any) -> Any:
    """The value, or Refusal; null is None."""
    if value is None:
        return None
    if isinstance(type_, Primitive):
        return _primitive(type_, value)
    if isinstance(type_, Enum):
        return _member(type_, value)
    if isinstance(type_, Many):
        return _elements(type_, value)
    return _properties(type_, value)


def _primitive(type_: Primitive, value: Any) -> Any:
    try:
        return type_.read(value)
    except ValueError:
        raise unreadable(f"Cannot convert the literal '{value}' to the expected type '{type_.name}'.") from None


def _member(type_: Enum, value: Any) -> str:
    for member in type_.members:
        if isinstance(value, str) and member.lower() == value.lower():
            return member
    raise unreadable(f"Requested value '{value}' was not found.")


def _elements(type_: Many, value: Any) -> list[Any]:
    if not isinstance(value, list):
        raise _unexpected(value, "StartArray")
    if None in value:
        raise unreadable("A null value was found in a collection whose elements cannot be null.")
    return [read(type_.of, one) for one in value]


def _properties(type_: Complex, value: Any) -> dict[str, Any]:
    """Without annotations but the type's; null of what cannot be cleared is left out."""
    if not isinstance(value, dict):
        raise _unexpected(value, "StartObject")
    found: dict[str, Any] = {}
    if type_.kinds:
        named = str(value.get("@odata.type", "")).lstrip("#")
        known = next((kind for name, kind in type_.kinds.items() if name.lower() == named.lower()), None)
        if known is None:
            raise unreadable(f"The type '{named or type_.name}' cannot be made here: @odata.type has to name one that can.")
        type_, found["@odata.type"] = known, f"#{known.name}"
    for name, one in value.items():
        if "@" in name:
            continue
        of = type_.properties.get(name)
        if of is None:
            raise unreadable(
                f"The property '{name}' does not exist on type '{type_.name}'. Make sure to only use property names that are"
                " defined by the type."
            )
        if one is not None or of.clearable:
            found[name] = read(of, one)
    return found


def _unexpected(value: Any, wanted: str) -> Refusal:
    kind = "StartArray" if isinstance(value, list) else "StartObject" if isinstance(value, dict) else "PrimitiveValue"
    return unreadable(
        f"An unexpected '{kind}' node was found when reading from the JSON reader. A '{wanted}' node was expected."
    )
