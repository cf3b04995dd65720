# Copyright (c) 2026 The catalog.mail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Query options: what is asked, what Graph refuses, and what is left of a document.

The directory and Exchange behind Graph differ in their limits and their words: `Rules` says how.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from emulator.answer import Refusal
from emulator.odata import directory_search
from emulator.odata.directory_search import DirectorySearch
from emulator.odata.filter import Compare, Function, In, Node, leaves, negated, parse, value_of
from emulator.odata.lexer import Malformed
from emulator.odata.schema import EntityType
from emulator.odata.search import Search, check_alone
from emulator.odata.search import parse as parse_search

KNOWN = {"$filter", "$select", "$top", "$skip", "$orderby", "$count", "$expand", "$search", "$skiptoken", "$format"}


@dataclass(frozen=True)
class Rules:
    """`page` is the size of a page that nobody asked for; `always` come with any $select."""

    page: int
    largest: int
    advanced: bool
    always: tuple[str, ...] = ()
    skips: bool = False


DIRECTORY = Rules(page=100, largest=999, advanced=True)
EXCHANGE = Rules(page=10, largest=1000, advanced=False, always=("id",), skips=True)


@dataclass(frozen=True)
class Order:
    path: str
    descending: bool

    def key(self, document: Mapping[str, Any]) -> tuple[int, Any]:
        value = value_of(document, self.path)
        value = None if isinstance(value, (dict, list)) else value
        return (0, "") if value is None else (1, value.lower() if isinstance(value, str) else value)


@dataclass(frozen=True)
class Options:
    """What was asked, checked."""

    type: EntityType
    rules: Rules
    select: tuple[str, ...] = ()
    filter: Node | None = None
    order: tuple[Order, ...] = ()
    top: int | None = None
    skip: int = 0
    count: bool = False
    expand: str = ""
    search: Search | DirectorySearch | None = None

    def pruned(self, document: Mapping[str, Any]) -> dict[str, Any]:
        """What of a document goes out, in the type's order."""
        names = self.select or self.type.unasked
        kept = [name for name in self.type.properties if name in names or name in self.rules.always]
        annotations = {name: value for name, value in document.items() if "@odata" in name}
        return annotations | {name: document.get(name, self.type.without(name)) for name in kept}

    def chosen(self, documents: Iterable[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
        """Those that the filter takes, in the order asked for."""
        tests = [test for test in (self.filter, self.search) if test is not None]
        found = [document for document in documents if all(test.holds(document) for test in tests)]
        for order in reversed(self.order):
            found.sort(key=order.key, reverse=order.descending)
        return found

    @property
    def shown(self) -> str:
        """For the context: (a,b) where a part was selected."""
        return f"({','.join(self.select)})" if self.select else ""


def read(query: Mapping[str, str], type_: EntityType, rules: Rules, *, eventual: bool = False) -> Options:
    """The options of a collection; Refusal with Graph's words."""
    asked = {_name(name): value for name, value in query.items()}
    for name in asked:
        if name.startswith("$") and name not in KNOWN:
            raise Refusal(400, "BadRequest", f"The query parameter '{name}' is not supported.")
    if "$search" in asked and rules.advanced and not eventual:
        raise Refusal(
            400,
            "Request_UnsupportedQuery",
            "Request with $search query parameter only works through MSGraph with a special request header:"
            " 'ConsistencyLevel: eventual'",
        )
    search: Search | DirectorySearch | None = None
    if "$search" in asked and rules.advanced:
        search = directory_search.parse(asked["$search"], type_)
    elif "$search" in asked:
        check_alone(asked)
        search = parse_search(asked["$search"])
    node = _filter(asked.get("$filter"), type_, rules, eventual)
    order = _order(asked.get("$orderby"), type_, node, rules, eventual)
    return Options(
        type_, rules, _select(asked.get("$select"), type_, rules), node, order,
        _number("$top", asked.get("$top"), rules), _skip(asked, rules), asked.get("$count", "").lower() == "true"
        and (eventual or not rules.advanced), asked.get("$expand", ""), search,
    )  # fmt: skip


def read_single(query: Mapping[str, str], type_: EntityType, rules: Rules) -> Options:
    """The options of one entity."""
    asked = {_name(name): value for name, value in query.items()}
    return Options(type_, rules, _select(asked.get("$select"), type_, rules), expand=asked.get("$expand", ""))


def _name(name: str) -> str:
    """Graph takes options also without the dollar."""
    lowered = name.lower()
    return f"${lowered}" if f"${lowered}" in KNOWN else lowered


def _select(text: str | None, type_: EntityType, rules: Rules) -> tuple[str, ...]:
    if text is None:
        return ()
    names = [name.strip() for name in text.split(",") if name.strip()]
    if "*" in names:
        return ()
    found = []
    for name in names:
        known = next((known for known in type_.properties if known.lower() == name.split("/")[0].lower()), None)
        if known is None and name not in type_.navigations:
            if rules.advanced:
                raise Refusal(
                    400, "BadRequest",
                    "Parsing OData Select and Expand failed: "
                    f"Could not find a property named '{name}' on type '{type_.name}'.",
                )  # fmt: skip
            raise Refusal(
                400, "RequestBroker--ParseUri", f"Could not find a property named '{name}' on type '{type_.name}'."
            )
        if known:
            found.append(known)
    return tuple(found)


def _filter(text: str | None, type_: EntityType, rules: Rules, eventual: bool) -> Node | None:
    if text is None:
        return None
    try:
        node = parse(text)
    except Malformed as error:
        raise Refusal(400, "BadRequest", f"Invalid filter clause: {error}") from None
    for leaf in leaves(node):
        _check_leaf(leaf, type_, rules, eventual)
    if rules.advanced and not eventual and negated(node):
        raise _unsupported()
    return node


def _check_leaf(leaf: Any, type_: EntityType, rules: Rules, eventual: bool) -> None:
    if not type_.knows(leaf.path):
        raise Refusal(
            400, "BadRequest",
            f"Invalid filter clause: Could not find a property named '{leaf.path.split('/')[0]}' on type '{type_.name}'.",
        )  # fmt: skip
    counts = rules.advanced and _counts(leaf.path, type_)
    if not counts and leaf.path.split("/")[0] not in type_.filterable | (type_.advanced if eventual else frozenset()):
        raise Refusal(
            400, "Request_UnsupportedQuery" if rules.advanced else "ErrorInvalidUrlQueryFilter",
            "Unsupported or invalid query filter clause specified for property"
            f" '{leaf.path}' of resource '{type_.name.rpartition('.')[2][:1].upper()}{type_.name.rpartition('.')[2][1:]}'.",
        )  # fmt: skip
    if rules.advanced and not eventual and (counts or _is_advanced(leaf)):
        raise _unsupported()
    literals = [leaf.literal] if isinstance(leaf, Compare) else list(leaf.literals) if isinstance(leaf, In) else []
    for literal in literals:
        _check_kind(literal.kind, type_.type_of(leaf.path), leaf)


def _counts(path: str, type_: EntityType) -> bool:
    """Whether the path is how many a document holds of something: what hangs on it otherwise is not counted here."""
    first, _, rest = path.partition("/")
    return rest == "$count" and (first == "owners" or type_.type_of(first) == "Collection")


def _is_advanced(leaf: Any) -> bool:
    return (isinstance(leaf, Compare) and leaf.operator == "ne") or (
        isinstance(leaf, Function) and leaf.name in ("endswith", "contains")
    )


_FITS = {
    "Edm.String": {"text", "null"}, "Edm.Guid": {"guid", "null"}, "Edm.Boolean": {"boolean", "null"},
    "Edm.DateTimeOffset": {"moment", "null"}, "Edm.Int32": {"number", "null"},
}  # fmt: skip
_FOUND = {
    "text": "Edm.String", "guid": "Edm.Guid", "boolean": "Edm.Boolean", "moment": "Edm.DateTimeOffset", "number": "Edm.Int32",
}  # fmt: skip


def _check_kind(kind: str, type_: str, leaf: Any) -> None:
    if kind in _FITS.get(type_, {kind}):
        return
    operator = {"eq": "Equal", "ne": "NotEqual", "gt": "GreaterThan", "ge": "GreaterThanOrEqual", "lt": "LessThan",
                "le": "LessThanOrEqual"}.get(getattr(leaf, "operator", "eq"), "Equal")  # fmt: skip
    raise Refusal(
        400, "BadRequest",
        "Invalid filter clause: A binary operator with incompatible types was detected. Found operand types"
        f" '{type_}' and '{_FOUND.get(kind, kind)}' for operator kind '{operator}'.",
    )  # fmt: skip


def _unsupported() -> Refusal:
    return Refusal(
        400, "Request_UnsupportedQuery",
        "Unsupported Query. This kind of query needs the header 'ConsistencyLevel: eventual' and $count=true.",
    )  # fmt: skip


def _has_order(path: str, type_: EntityType) -> bool:
    return "/" in path or type_.type_of(path) not in ("Complex", "Collection")


def _order(text: str | None, type_: EntityType, node: Node | None, rules: Rules, eventual: bool) -> tuple[Order, ...]:
    if text is None:
        return ()
    orders = []
    for part in text.split(","):
        match = re.fullmatch(r"\s*([\w/]+)(?:\s+(asc|desc))?\s*", part, re.I)
        if not match or not type_.knows(match[1]) or not _has_order(match[1], type_):
            raise Refusal(400, "BadRequest", f"Invalid order by clause: '{part.strip()}'.")
        orders.append(Order(match[1], (match[2] or "").lower() == "desc"))
    if rules.advanced and node is not None and not eventual:
        raise Refusal(400, "Request_UnsupportedQuery", "Sorting not supported for current query.")
    if not rules.advanced and node is not None:
        filtered = list(dict.fromkeys(leaf.path for leaf in leaves(node)))
        if [order.path for order in orders] != filtered[: len(orders)]:
            raise Refusal(
                400, "InefficientFilter", "The restriction or sort order is too complex for this operation."
            )
    return tuple(orders)


def _number(name: str, text: str | None, rules: Rules) -> int | None:
    if text is None:
        return None
    if not re.fullmatch(r"-?\d+", text) or int(text) < (1 if rules.advanced else 0):
        raise Refusal(
            400, "BadRequest", f"Invalid value '{text}' for {name} query option found."
            f" The {name} query option requires a non-negative integer value.",
        )  # fmt: skip
    if int(text) > rules.largest:
        if rules.advanced:
            raise Refusal(
                400, "Request_UnsupportedQuery",
                f"Invalid page size specified: '{text}'. Must be between 1 and {rules.largest} inclusive.",
            )  # fmt: skip
        raise Refusal(
            400, "ErrorInvalidParameter",
            f"The limit of '{rules.largest}' for Top query has been exceeded."
            f" The value from the incoming request is '{text}'.",
        )  # fmt: skip
    return int(text)


def _skip(asked: Mapping[str, str], rules: Rules) -> int:
    text = asked.get("$skip")
    if text is None:
        return 0
    if not rules.skips:
        raise Refusal(400, "Request_BadRequest", "'$skip' is not supported by the service.")
    if not text.isdigit():
        raise Refusal(
            400, "BadRequest",
            f"Invalid value '{text}' for $skip query option found. The $skip query option requires a non-negative integer value.",
        )  # fmt: skip
    return int(text)
