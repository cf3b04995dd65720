# Copyright (c) 2026 The catalog.mail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Record the SQL statements that the stores run, and find those whose plan reads all of a table that grows."""

from __future__ import annotations

import ast
import sys
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Engine, event

from helpers.service.process import SOURCE

STORES = SOURCE / "catalog_mail/adapters/database"
GROWING = frozenset(
    {"notifications", "deliveries", "replies", "handled", "explanations", "posts", "conversations", "audit"}
)
# Partial indexes of rows that do not become more with time: what is open, and what is left to do.
BOUNDED = frozenset({"ix_deliveries_batch", "ix_deliveries_state_next_attempt_at", "ix_handled_unfinished"})

Place = tuple[str, int]


@dataclass
class Recorded:
    """The statements with the values of one run of each, and the lines of the stores that were on the way to one."""

    statements: dict[str, Any] = field(default_factory=dict)
    lines: set[Place] = field(default_factory=set)
    functions: set[Place] = field(default_factory=set)


@contextmanager
def recording(engine: Engine) -> Iterator[Recorded]:
    """Record what runs on an engine."""
    found = Recorded()

    def record(_connection: Any, _cursor: Any, statement: str, values: Any, _context: Any, many: bool) -> None:
        found.statements.setdefault(statement, values[0] if many else values)
        frame = sys._getframe()
        while frame is not None:
            code = frame.f_code
            if Path(code.co_filename).parent == STORES:
                found.lines.add((Path(code.co_filename).name, frame.f_lineno))
                found.functions.add((Path(code.co_filename).name, code.co_firstlineno))
            frame = frame.f_back  # type: ignore[assignment]  # None above the first

    event.listen(engine, "before_cursor_execute", record)
    try:
        yield found
    finally:
        event.remove(engine, "before_cursor_execute", record)


@contextmanager
def counting_steps(engine: Engine) -> Iterator[Counter[str]]:
    """Count the steps of SQLite's machine for each statement, in hundreds, all its runs together."""
    found: Counter[str] = Counter()

    def begin(_connection: Any, cursor: Any, statement: str, *_more: Any) -> None:
        def step() -> None:
            found[statement] += 1

        found[statement] += 0
        cursor.connection.set_progress_handler(step, 100)

    event.listen(engine, "before_cursor_execute", begin)
    try:
        yield found
    finally:
        event.remove(engine, "before_cursor_execute", begin)


def without_a_statement(found: Recorded, *, but: frozenset[str]) -> list[str]:
    """Return the calls of `execute` and the stores' public methods that ran no statement, as `file:line name`.

    `but` are the functions, as `file name`, of which it is not expected.
    """
    missing = []
    for path in sorted(STORES.glob("*.py")):
        tree = ast.parse(path.read_text())
        functions = [node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)]
        if not any(_executions(function) for function in functions):
            continue
        for function in functions:
            for call in _executions(function) if f"{path.name} {function.name}" not in but else ():
                lines = range(call.lineno, (call.end_lineno or call.lineno) + 1)
                if not any((path.name, line) in found.lines for line in lines):
                    missing.append(f"{path.name}:{call.lineno} {function.name}")
        for method in _public_methods(tree):
            if f"{path.name} {method.name}" not in but and (path.name, method.lineno) not in found.functions:
                missing.append(f"{path.name}:{method.lineno} {method.name}")
    return missing


def _executions(function: ast.FunctionDef) -> list[ast.Call]:
    inner = {id(node) for other in ast.walk(function) if isinstance(other, ast.FunctionDef) and other is not function
             for node in ast.walk(other)}  # fmt: skip
    return [
        node
        for node in ast.walk(function)
        if isinstance(node, ast.Call)
        and isinstance(node.func, ast.Attribute)
        and node.func.attr in ("execute", "exec_driver_sql")
        and id(node) not in inner
    ]


def _public_methods(tree: ast.Module) -> Iterator[ast.FunctionDef]:
    for node in tree.body:
        if isinstance(node, ast.ClassDef) and node.name.startswith("Database"):
            yield from (one for one in node.body if isinstance(one, ast.FunctionDef) and not one.name.startswith("_"))


def scans(connection: Connection, statement: str, values: Any) -> list[str]:
    """Return the steps of the statement's plan that read all of a table that grows."""
    if connection.dialect.name == "sqlite":
        plan = [row[3] for row in connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", values)]
        return _sqlite_scans(statement, plan)
    plan = connection.exec_driver_sql(f"EXPLAIN (FORMAT JSON) {statement}", values).scalar_one()
    return list(_postgresql_scans(plan[0]["Plan"], limited=False))


def _sqlite_scans(statement: str, plan: list[str]) -> list[str]:
    """The first rows of an index are no scan: a limit, no condition, and no sorting."""
    ordered = "LIMIT" in statement and "WHERE" not in statement and not any("TEMP B-TREE" in step for step in plan)
    scanned = [step for step in plan if step.startswith("SCAN") and step.split()[1] in GROWING]
    return [] if ordered else [step for step in scanned if not BOUNDED & set(step.split())]


def _postgresql_scans(node: dict[str, Any], *, limited: bool) -> Iterator[str]:
    """The first rows of an index are no scan: below a limit, without a condition, and not sorted."""
    kind, table = node["Node Type"], node.get("Relation Name")
    by_index = "Index Cond" in node or node.get("Index Name") in BOUNDED or (limited and "Filter" not in node)
    if table in GROWING and (kind == "Seq Scan" or ("Index" in kind and not by_index)):
        yield f"{kind} of {table} {node.get('Index Name', '')} {node.get('Filter', '')}"
    if kind == "Bitmap Index Scan" and "Index Cond" not in node and node["Index Name"] not in BOUNDED:
        yield f"{kind} {node['Index Name']}"
    passes_on = kind in ("Limit", "LockRows", "Subquery Scan", "Result") or (limited and "Scan" in kind)
    for child in node.get("Plans", ()):
        yield from _postgresql_scans(child, limited=kind == "Limit" or (limited and passes_on))
