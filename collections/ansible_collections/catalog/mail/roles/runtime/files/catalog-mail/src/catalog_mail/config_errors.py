# Copyright (c) 2026 The catalog.mail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Say what is wrong in the configuration file, and how to mend it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from difflib import get_close_matches
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ValidationError

from catalog_mail.domain.errors import Misconfigured
from catalog_mail.domain.settings.fields import InvalidValue

# Longest text of the file that an error quotes.
_SHOWN = 80
_TYPES: Mapping[type, str] = {
    str: "a text",
    bool: "true or false",
    int: "a whole number",
    float: "a number with a fraction",
    list: "a list",
    dict: "a table",
}
# By pydantic's code for a wrong type: the type wanted, and how it is written in TOML.
_WANTED = {
    "string_type": ("a text", "Write it in quotes."),
    "int_type": ("a whole number", "Write it with digits only, without quotes."),
    "bool_type": ("true or false", "Write true or false, without quotes."),
    "list_type": ("a list", 'Write it in square brackets, such as ["one", "two"].'),
    "model_type": ("a table", "Write its name in brackets on a line of its own, and its settings below it."),
}


def misconfigured(error: ValidationError, model: type[BaseModel], path: Path) -> Misconfigured:
    """Return the first error of the file as cause and remedy; `model` describes the whole file."""
    first = error.errors(include_url=False)[0]
    loc = [str(part) for part in first["loc"]]
    cause, remedy = _unknown(loc, model, path) if first["type"] == "extra_forbidden" else _invalid(first, path)
    return Misconfigured(cause, remedy, field=".".join(loc))


def _unknown(loc: Sequence[str], model: type[BaseModel], path: Path) -> tuple[str, str]:
    """Describe a name that the file must not have."""
    name, tables = loc[-1], _tables(model)
    table = loc[0] if len(loc) > 1 else ""
    known = list(tables[table])
    place = f"the table [{table}]" if table else "the part above the first table"
    elsewhere = [other for other, names in tables.items() if name in names]
    near = get_close_matches(name, known, 1)
    if elsewhere:
        hint = f"It belongs into the table [{elsewhere[0]}]." if elsewhere[0] else "It belongs above the first table."
    else:
        hint = f"Did you mean {near[0]}?" if near else "Remove it."
    return f"{path} knows no setting of this name in {place}.", f"{hint} Known there: {', '.join(known)}."


def _tables(model: type[BaseModel]) -> dict[str, list[str]]:
    """Return the names of the settings of each table; the one without a name has the tables' names too."""
    found = {"": list(model.model_fields)}
    for name, field in model.model_fields.items():
        kinds = (field.annotation, *getattr(field.annotation, "__args__", ()))
        for kind in kinds:
            if isinstance(kind, type) and issubclass(kind, BaseModel):
                found[name] = list(kind.model_fields)
    return found


def _invalid(found: Mapping[str, Any], path: Path) -> tuple[str, str]:
    """Describe a value that is missing, or of the wrong type, length or size."""
    kind, value, limits = found["type"], found.get("input"), found.get("ctx", {})
    if kind == "missing":
        return f"{path} lacks this setting.", "Add it; it has no default."
    raised = limits.get("error")
    if isinstance(raised, InvalidValue):
        return f"The value in {path} is not valid. {raised.cause}", raised.remedy
    said, remedy = _beyond(kind, value, limits) or (
        str(found["msg"]).removeprefix("Value error, "),
        "Correct it, then start again.",
    )
    return f"The value in {path} {said}.", remedy


def _beyond(kind: str, value: object, limits: Mapping[str, Any]) -> tuple[str, str] | None:
    """Describe a value by pydantic's code for its error; None for a code without words of ours."""
    if kind in _WANTED:
        wanted, remedy = _WANTED[kind]
        return f"is {_TYPES.get(type(value), 'a date or a time')}, and must be {wanted}", remedy
    return {
        "greater_than_equal": (f"is {value}", f"Give a number that is {limits.get('ge')} or more."),
        "less_than_equal": (f"is {value}", f"Give a number that is {limits.get('le')} or less."),
        "string_too_short": ("is empty", "Give a text, or remove the line for the default."),
        "string_too_long": (f"has {len(str(value))} characters", f"Give at most {limits.get('max_length')}."),
        "literal_error": (f"is {_shown(value)}", f"Give {limits.get('expected')}."),
    }.get(kind)


def _shown(value: object) -> str:
    text = str(value)
    return repr(text if len(text) <= _SHOWN else text[:_SHOWN] + "...")
