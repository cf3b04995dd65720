# Copyright (c) 2026 The catalog.mail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Parse JSON of bounded size (RFC 8259): values are counted before any is built, and doubtful values are refused by name."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

# The deepest nesting, the largest number of fields of one object, and the largest number of digits of a whole number.
DEEPEST = 32
MOST_FIELDS = 100
MOST_DIGITS = 30
# The part of a field's name that an error repeats.
_SHOWN = 100
# A text, which is passed over as a whole, or a character that begins, separates or ends values.
_STRUCTURE = re.compile(r'"[^"\\]*+(?:\\.[^"\\]*+)*+"|[\[\]{},]', re.DOTALL)


@dataclass
class Refused(Exception):
    """The body is not accepted: the field (`body` for the whole), the cause and the remedy."""

    field: str
    cause: str
    remedy: str


@dataclass(frozen=True)
class _Doubtful:
    """A place in the document for a value that is refused."""

    cause: str
    remedy: str


def parse(text: str, most_values: int) -> Any:
    """Return the document. Raises Refused when it is no JSON, too large in any way, or holds a doubtful value."""
    _check_size(text, most_values)
    builder = _Builder()
    try:
        document = builder.decoder.decode(text)
    except json.JSONDecodeError as error:
        place = f"the first error is in line {error.lineno}, column {error.colno}"
        raise Refused("body", "The body is not JSON.", f"Send a JSON document as application/json; {place}.") from None
    if builder.doubtful:
        path, value = next(_doubtful_values(document, ()), ((), builder.doubtful[0]))
        raise Refused(".".join(path) or "body", value.cause, value.remedy)
    return document


def _check_size(text: str, most_values: int) -> None:
    """Raise Refused when the text holds more values, or nests deeper, than the API ever needs."""
    depth = values = texts = 0
    for found in _STRUCTURE.finditer(text):
        sign = found[0][0]
        if sign in "[{":
            depth += 1
            values += 1
        elif sign == ",":
            values += 1
        elif sign == '"':
            texts += 1  # a field has two: its name and its value
        else:
            depth -= 1
        if max(values, texts // 2) > most_values:
            raise Refused("body", f"It holds more than {most_values} values.", f"Send at most {most_values} at once.")
        if depth > DEEPEST:
            raise Refused("body", f"It nests deeper than {DEEPEST} levels.", f"Nest at most {DEEPEST} lists and objects.")


class _Builder:
    """Builds a document with a mark in place of each doubtful value."""

    def __init__(self) -> None:
        self.doubtful: list[_Doubtful] = []
        self.decoder = json.JSONDecoder(object_pairs_hook=self._object, parse_int=self._int, parse_constant=self._constant)

    def _object(self, pairs: list[tuple[str, Any]]) -> Any:
        if len(pairs) > MOST_FIELDS:
            remedy = f"Send at most {MOST_FIELDS}; /api/v1/openapi.json has their names."
            return self._mark(f"It has {len(pairs)} fields.", remedy)
        built = dict(pairs)
        if len(built) < len(pairs):
            names = [name for name, _value in pairs]
            twice = next(name for name in names if names.count(name) > 1)
            return self._mark(f"It has the field {twice[:_SHOWN]!r} more than once.", "Send each field once.")
        return built

    def _int(self, digits: str) -> Any:
        if len(digits.lstrip("-")) > MOST_DIGITS:
            return self._mark(f"It is a number of {len(digits.lstrip('-'))} digits.", "Send a number within the field's limits.")
        return int(digits)

    def _constant(self, name: str) -> Any:
        return self._mark(f"It is {name}, which is not JSON.", "Send a number within the field's limits.")

    def _mark(self, cause: str, remedy: str) -> _Doubtful:
        self.doubtful.append(_Doubtful(cause, remedy))
        return self.doubtful[-1]


def _doubtful_values(value: Any, path: tuple[str, ...]) -> Iterator[tuple[tuple[str, ...], _Doubtful]]:
    """Yield the doubtful values of a document with their paths."""
    if isinstance(value, _Doubtful):
        yield path, value
    elif isinstance(value, dict):
        for name, inner in value.items():
            yield from _doubtful_values(inner, (*path, name[:_SHOWN]))
    elif isinstance(value, list):
        for number, inner in enumerate(value):
            yield from _doubtful_values(inner, (*path, str(number)))
