# Copyright (c) 2026 The catalog.mail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Only two files of the collection use private attributes of ansible-core."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

PLUGINS = Path(__file__).resolve().parents[2] / "collections/ansible_collections/catalog/mail/plugins"
ALLOWED = {"plugin_utils/_ansible_internals.py", "module_utils/_core/no_log.py"}
FILES = {path.relative_to(PLUGINS).as_posix(): path for path in sorted(PLUGINS.rglob("*.py"))}
# Methods that typing documents for every NamedTuple.
NAMED_TUPLE = {"_replace", "_asdict", "_fields", "_make"}


def is_private(name: str) -> bool:
    return name.startswith("_") and not name.startswith("__") and name not in NAMED_TUPLE


def defined(tree: ast.AST) -> set[str]:
    """Return the private names that a file's classes define: methods, fields, and attributes assigned to self."""
    names = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef):
            names.add(node.name)
        elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            names.add(node.id)
        elif isinstance(node, ast.Attribute) and isinstance(node.ctx, ast.Store) and is_self(node.value):
            names.add(node.attr)
    return names


def is_self(node: ast.AST) -> bool:
    return isinstance(node, ast.Name) and node.id in ("self", "cls")


def imported_files(path: Path, tree: ast.AST) -> Iterator[Path]:
    """Return the files of the collection that a file imports relatively: base classes come from there."""
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and node.level:
            found = path.parents[node.level - 1].joinpath(*(node.module or "").split(".")).with_suffix(".py")
            if found.is_file():
                yield found


def foreign(path: Path) -> list[str]:
    """Return private attributes, with their lines, that no class of the collection defines."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    own = defined(tree).union(*(defined(ast.parse(one.read_text())) for one in imported_files(path, tree)))
    return [
        f"line {node.lineno}: {ast.unparse(node)}" for node in ast.walk(tree)
        if isinstance(node, ast.Attribute) and is_private(node.attr) and not (is_self(node.value) and node.attr in own)]


def test_the_allowed_files_use_private_attributes() -> None:
    assert all(foreign(FILES[name]) for name in ALLOWED)


@pytest.mark.parametrize("name", sorted(set(FILES) - ALLOWED))
def test_no_other_file_uses_a_private_attribute(name: str) -> None:
    assert foreign(FILES[name]) == []


@pytest.mark.parametrize("line", ["result._task", "self._connection", "module._name", "super()._log_invocation()", "self.a._b"])
def test_the_search_finds_foreign_attributes(tmp_path: Path, line: str) -> None:
    source = tmp_path / "plugin.py"
    source.write_text(f"class One:\n    def _own(self):\n        self._kept = self._own\n        {line}\n", encoding="utf-8")
    assert foreign(source)
