# Copyright (c) 2026 The catalog.mail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Query options: what is asked, what Graph refuses, and what is left of a document.

The directory and Exchange behind Graph differ in their limits and their words: `Rules` says how. What nobody here asks for is
refused.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from emulator.answer import Refusal
from emulator.odata.filter import Comparison, Malformed, parse
from emulator.odata.schema import EntityType


@dataclass(frozen=True)
class Rules:
    """`known` are the options of a collection, `page` is the size of a page without $top, `always` come with any $select."""

    known: frozenset[str]
    page: int
    exchange: bool = False
    always: tuple[str, ...] = ()


DIRECTORY = Rules(frozenset(("$filter", "$select", "$skiptoken")), page=100)
EXCHANGE = Rules(
    frozenset(("$filter", "$select", "$top", "$skip", "$orderby")), page=10, exchange=True, always=("id",)
)
LARGEST = 1000


@dataclass(frozen=True)
class Order:
    name: str
    descending: bool

    def key(self, document: Mapping[str, Any]) -> str:
        return str(document.get(self.name) or "")


@dataclass(frozen=True)
class Options:
    """The checked query options of a request."""

    type: EntityType
    rules: Rules
    select: tuple[str, ...] = ()
    filter: tuple[Comparison, ...] = ()
    order: Order | None = None
    top: int | None = None
    skip: int = 0

    def pruned(self, document: Mapping[str, Any]) -> dict[str, Any]:
        """Return the properties of a document to answer, in the type's order."""
        names = self.select or self.type.unasked
        kept = [name for name in self.type.properties if name in names or name in self.rules.always]
        return {name: document.get(name, self.type.without(name)) for name in kept}

    def chosen(self, documents: Iterable[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
        """Those that the filter takes, in the order asked for."""
        found = [document for document in documents if all(test.holds(document) for test in self.filter)]
        if self.order:
            found.sort(key=self.order.key, reverse=self.order.descending)
        return found

    @property
    def shown(self) -> str:
        """For the context: (a,b) where a part was selected."""
        return f"({','.join(self.select)})" if self.select else ""


def read(query: Mapping[str, str], type_: EntityType, rules: Rules) -> Options:
    """The options of a collection; Refusal with Graph's words."""
    asked = _asked(query, rules.known)
    comparisons = _filter(asked.get("$filter"), type_, rules)
    return Options(
        type_, rules, _select(asked.get("$select"), type_, rules), comparisons, _order(asked.get("$orderby"), type_, comparisons),
        _top(asked.get("$top")), _skip(asked.get("$skip")),
    )  # fmt: skip


def read_single(query: Mapping[str, str], type_: EntityType, rules: Rules) -> Options:
    """The options of one entity."""
    return Options(type_, rules, _select(_asked(query, frozenset({"$select"})).get("$select"), type_, rules))


def _asked(query: Mapping[str, str], known: frozenset[str]) -> dict[str, str]:
    asked = {name.lower(): value for name, value in query.items()}
    for name in asked:
        if name not in known:
            raise Refusal(400, "BadRequest", f"The query parameter '{name}' is not supported.")
    return asked


def _select(text: str | None, type_: EntityType, rules: Rules) -> tuple[str, ...]:
    found = []
    for name in (name.strip() for name in (text or "").split(",") if name.strip()):
        known = next((known for known in type_.properties if known.lower() == name.lower()), None)
        if known is None:
            message = f"Could not find a property named '{name}' on type '{type_.name}'."
            if rules.exchange:
                raise Refusal(400, "RequestBroker--ParseUri", message)
            raise Refusal(400, "BadRequest", f"Parsing OData Select and Expand failed: {message}")
        found.append(known)
    return tuple(found)


def _filter(text: str | None, type_: EntityType, rules: Rules) -> tuple[Comparison, ...]:
    if text is None:
        return ()
    try:
        found = parse(text)
    except Malformed as error:
        raise Refusal(400, "BadRequest", f"Invalid filter clause: {error}") from None
    for one in found:
        _check(one, type_, rules)
    return tuple(found)


def _check(one: Comparison, type_: EntityType, rules: Rules) -> None:
    if one.name not in type_.properties:
        raise Refusal(
            400, "BadRequest",
            f"Invalid filter clause: Could not find a property named '{one.name}' on type '{type_.name}'.",
        )  # fmt: skip
    if one.name not in type_.filterable:
        resource = type_.name.rpartition(".")[2]
        raise Refusal(
            400, "ErrorInvalidUrlQueryFilter" if rules.exchange else "Request_UnsupportedQuery",
            "Unsupported or invalid query filter clause specified for property"
            f" '{one.name}' of resource '{resource[:1].upper()}{resource[1:]}'.",
        )  # fmt: skip
    wanted, found = type_.properties[one.name], _FOUND[one.kind]
    if found != wanted:
        operator = {"eq": "Equal", "gt": "GreaterThan", "ge": "GreaterThanOrEqual"}[one.operator]
        raise Refusal(
            400, "BadRequest",
            "Invalid filter clause: A binary operator with incompatible types was detected. Found operand types"
            f" '{wanted}' and '{found}' for operator kind '{operator}'.",
        )  # fmt: skip


_FOUND = {"text": "Edm.String", "boolean": "Edm.Boolean", "moment": "Edm.DateTimeOffset"}


def _order(text: str | None, type_: EntityType, comparisons: tuple[Comparison, ...]) -> Order | None:
    """By one property, which has to be the first of the filter where there is one."""
    if text is None:
        return None
    match = re.fullmatch(r"\s*(\w+)(?:\s+(asc|desc))?\s*", text, re.I)
    if not match or type_.properties.get(match[1], "Complex") in ("Complex", "Collection"):
        raise Refusal(400, "BadRequest", f"Invalid order by clause: '{text.strip()}'.")
    if comparisons and comparisons[0].name != match[1]:
        raise Refusal(400, "InefficientFilter", "The restriction or sort order is too complex for this operation.")
    return Order(match[1], (match[2] or "").lower() == "desc")


def _top(text: str | None) -> int | None:
    if text is None:
        return None
    if not text.isdigit():
        raise _no_number("$top", text)
    if int(text) > LARGEST:
        raise Refusal(
            400, "ErrorInvalidParameter",
            f"The limit of '{LARGEST}' for Top query has been exceeded. The value from the incoming request is '{text}'.",
        )  # fmt: skip
    return int(text)


def _skip(text: str | None) -> int:
    if text is None:
        return 0
    if not text.isdigit():
        raise _no_number("$skip", text)
    return int(text)


def _no_number(name: str, text: str) -> Refusal:
    return Refusal(
        400, "BadRequest", f"Invalid value '{text}' for {name} query option found."
        f" The {name} query option requires a non-negative integer value.",
    )  # fmt: skip
