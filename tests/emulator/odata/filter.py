# Copyright (c) 2026 The catalog.mail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""$filter: read into a tree, asked of documents.

Taken: and, or, not, eq, ne, gt, ge, lt, le, in, startsWith, endsWith, contains, any(x: ...), x/$count, and paths like
from/emailAddress/address.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from operator import eq, ge, gt, le, lt, ne
from typing import Any

from emulator.clock import parsed
from emulator.odata.lexer import Malformed, Piece, pieces


def _ordered(compare: Callable[[Any, Any], bool]) -> Callable[[Any, Any], bool]:
    """Of two of the same type; null, and what cannot be compared, is neither before nor after."""
    return lambda left, right: right is not None and isinstance(left, type(right)) and compare(left, right)


_COMPARISONS: dict[str, Callable[[Any, Any], bool]] = {
    "eq": eq, "ne": ne, "gt": _ordered(gt), "ge": _ordered(ge), "lt": _ordered(lt), "le": _ordered(le),
}  # fmt: skip
_FUNCTIONS: dict[str, Callable[[str, str], bool]] = {
    "startswith": str.startswith,
    "endswith": str.endswith,
    "contains": lambda text, part: part in text,
}


@dataclass(frozen=True)
class Literal:
    """`kind` is text, guid, moment, number, boolean or null."""

    value: Any
    kind: str


@dataclass(frozen=True)
class Compare:
    path: str
    operator: str
    literal: Literal

    def holds(self, document: Mapping[str, Any]) -> bool:
        return _COMPARISONS[self.operator](_comparable(value_of(document, self.path), self.literal), _literal(self.literal))


@dataclass(frozen=True)
class In:
    path: str
    literals: tuple[Literal, ...]

    def holds(self, document: Mapping[str, Any]) -> bool:
        return any(Compare(self.path, "eq", literal).holds(document) for literal in self.literals)


@dataclass(frozen=True)
class Function:
    name: str
    path: str
    literal: Literal

    def holds(self, document: Mapping[str, Any]) -> bool:
        value = value_of(document, self.path)
        return isinstance(value, str) and _FUNCTIONS[self.name](value.lower(), str(self.literal.value).lower())


@dataclass(frozen=True)
class Flag:
    """A boolean property that stands alone."""

    path: str

    def holds(self, document: Mapping[str, Any]) -> bool:
        return value_of(document, self.path) is True


@dataclass(frozen=True)
class AnyOf:
    """any(): `variable` stands in the condition for each element."""

    path: str
    variable: str
    condition: Node | None

    def holds(self, document: Mapping[str, Any]) -> bool:
        elements = value_of(document, self.path) or []
        return any(self.condition is None or self.condition.holds({self.variable: element}) for element in elements)


@dataclass(frozen=True)
class Not:
    inner: Node

    def holds(self, document: Mapping[str, Any]) -> bool:
        return not self.inner.holds(document)


@dataclass(frozen=True)
class Both:
    """`and` or `or`."""

    operator: str
    left: Node
    right: Node

    def holds(self, document: Mapping[str, Any]) -> bool:
        if self.operator == "and":
            return self.left.holds(document) and self.right.holds(document)
        return self.left.holds(document) or self.right.holds(document)


Node = Compare | In | Function | Flag | AnyOf | Not | Both


def leaves(node: Node) -> list[Compare | In | Function | Flag | AnyOf]:
    """The conditions without what joins them, from left to right."""
    if isinstance(node, Both):
        return leaves(node.left) + leaves(node.right)
    if isinstance(node, Not):
        return leaves(node.inner)
    return [node]


def negated(node: Node) -> bool:
    """Whether `not` stands anywhere in it."""
    if isinstance(node, Both):
        return negated(node.left) or negated(node.right)
    return isinstance(node, Not)


def value_of(document: Mapping[str, Any], path: str) -> Any:
    value: Any = document
    for name in path.split("/"):
        if name == "$count":
            return len(value) if isinstance(value, list) else 0
        value = value.get(name) if isinstance(value, Mapping) else None
    return value


def _comparable(value: Any, literal: Literal) -> Any:
    if literal.kind == "moment":
        return parsed(value) if isinstance(value, str) else None
    return value.lower() if isinstance(value, str) else value


def _literal(literal: Literal) -> Any:
    if literal.kind == "moment":
        return parsed(literal.value)
    return literal.value.lower() if isinstance(literal.value, str) else literal.value


def _is_moment(text: str) -> bool:
    try:
        return bool(parsed(text))
    except ValueError:
        return False


def parse(filter_: str) -> Node:
    """The tree; Malformed where it cannot be read."""
    reader = _Reader(filter_, pieces(filter_))
    node = reader.either()
    if reader.left:
        raise Malformed(f"Syntax error at position {reader.left[0].at} in '{filter_}'.")
    return node


class _Reader:
    def __init__(self, text: str, left: list[Piece]) -> None:
        self._text, self.left = text, left

    def either(self) -> Node:
        node = self._all()
        while self._word("or"):
            node = Both("or", node, self._all())
        return node

    def _all(self) -> Node:
        node = self._one()
        while self._word("and"):
            node = Both("and", node, self._one())
        return node

    def _one(self) -> Node:
        if self._word("not"):
            return Not(self._one())
        if self._mark("("):
            node = self.either()
            self._need(")")
            return node
        name = self._next("name").value
        if name.lower() in _FUNCTIONS and self._mark("("):
            return self._function(name.lower())
        if name.endswith("/any") and self._mark("("):
            return self._any(name.removesuffix("/any"))
        return self._comparison(name)

    def _comparison(self, path: str) -> Node:
        for operator in _COMPARISONS:
            if self._word(operator):
                return Compare(path, operator, self._literal())
        if self._word("in"):
            self._need("(")
            found = [self._literal()]
            while self._mark(","):
                found.append(self._literal())
            self._need(")")
            return In(path, tuple(found))
        return Flag(path)

    def _function(self, name: str) -> Node:
        path = self._next("name").value
        self._need(",")
        literal = self._literal()
        self._need(")")
        if self._word("eq"):
            wanted = self._literal().value
            return Function(name, path, literal) if wanted else Not(Function(name, path, literal))
        return Function(name, path, literal)

    def _any(self, path: str) -> Node:
        if self._mark(")"):
            return AnyOf(path, "", None)
        variable = self._next("name").value
        self._need(":")
        condition = self.either()
        self._need(")")
        return AnyOf(path, variable, condition)

    def _literal(self) -> Literal:
        piece = self._next("text", "guid", "moment", "number", "name")
        if piece.kind == "name":
            words = {"true": True, "false": False, "null": None}
            if piece.value not in words:
                raise self._error(piece)
            return Literal(words[piece.value], "null" if piece.value == "null" else "boolean")
        if piece.kind == "moment" and not _is_moment(piece.value):
            raise self._error(piece)
        return Literal(int(piece.value) if piece.kind == "number" else piece.value, piece.kind)

    def _word(self, word: str) -> bool:
        return self._take(lambda piece: piece.kind == "name" and piece.value.lower() == word)

    def _mark(self, mark: str) -> bool:
        return self._take(lambda piece: piece.kind == "mark" and piece.value == mark)

    def _take(self, fits: Callable[[Piece], bool]) -> bool:
        if self.left and fits(self.left[0]):
            self.left.pop(0)
            return True
        return False

    def _need(self, mark: str) -> None:
        if not self._mark(mark):
            raise self._error(self.left[0] if self.left else None)

    def _next(self, *kinds: str) -> Piece:
        if not self.left or self.left[0].kind not in kinds:
            raise self._error(self.left[0] if self.left else None)
        return self.left.pop(0)

    def _error(self, piece: Piece | None) -> Malformed:
        at = piece.at if piece else len(self._text)
        return Malformed(f"Syntax error at position {at} in '{self._text}'.")
