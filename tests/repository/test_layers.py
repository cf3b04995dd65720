# Copyright (c) 2026 The catalog.mail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Check the layers of plugins/: pure code below, then edges, frame and jobs, modules on top; and the folders by subject."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

COLLECTION = Path(__file__).resolve().parents[2] / "collections/ansible_collections/catalog/mail"
FOLDER = COLLECTION / "plugins/module_utils"
UTILS = {path.relative_to(FOLDER).with_suffix("").as_posix(): path for path in FOLDER.rglob("*.py")}
MODULES = sorted((COLLECTION / "plugins/modules").glob("*.py"))

OURS = "ansible_collections.catalog.mail."
OUR_UTILS = OURS + "plugins.module_utils."

# Files that are not named here are pure: without input or output.
EDGES = {
    "_application/alation_conf",
    "_application/ckan_host",
    "_application/client",
    "_application/local_api",
    "_application/restart_record",
    "_application/runtime_installation",
    "_application/runtime_versions",
    "_application/secret_digests",
    "_core/apt_offer",
    "_core/file_transaction",
    "_core/name_service",
    "_core/package_manager",
    "_core/systemd",
    "_diagnosis/dns_client",
    "_diagnosis/host",
    "_mail/connection",
    "_mail/imap",
    "_mail/postfix_tracking",
    "_mail/route_reader",
    "_mail/smtp",
    "_microsoft/certificates",
    "_microsoft/deadline",
    "_microsoft/graph_client",
    "_microsoft/graph_retry",
    "_microsoft/http_session",
    "_microsoft/libraries",
    "_microsoft/login",
    "_microsoft/managed_identity",
    "_microsoft/proxy",
    "_microsoft/token_cache",
    "_microsoft/tokens",
    "_microsoft/workload_identity",
    "_postfix/chroot",
    "_postfix/facts",
    "_postfix/instance",
    "_postfix/processes",
    "_postfix/relay_prerequisites",
    "_postfix/root_alias",
    "_postfix/table_checks",
}
FRAME = {
    "_core/module",
    "_core/no_log",
}
# Based on the frame: they read through the edges, plan with pure code, and apply through the edges.
JOBS = {
    "_application/alation",
    "_application/alation_options",
    "_application/api_options",
    "_application/application_runtime",
    "_application/application_service",
    "_application/candidate_test",
    "_application/catalog_mail",
    "_application/ckan",
    "_application/ckan_options",
    "_application/email_proof",
    "_application/email_settings",
    "_application/mail_log",
    "_application/reply_roundtrip",
    "_application/reply_sync_service",
    "_application/secret_file",
    "_diagnosis/diagnosis",
    "_mail/delivery",
    "_mail/options",
    "_microsoft/app",
    "_microsoft/app_deletion",
    "_microsoft/app_related",
    "_microsoft/client_certificate",
    "_microsoft/client_secret",
    "_microsoft/common",
    "_microsoft/credential",
    "_microsoft/credential_job",
    "_microsoft/mailbox_message",
    "_microsoft/mailbox_scope",
    "_microsoft/permissions",
    "_postfix/configuration",
    "_postfix/host",
    "_postfix/relay",
}
PURE = set(UTILS) - EDGES - FRAME - JOBS

# The folders that code of each folder may import, beside its own folder.
FOLDERS = {
    "_core": set(),
    "_postfix": {"_core"},
    "_mail": {"_core"},
    "_application": {"_core", "_mail"},
    "_microsoft": {"_core"},
    "_diagnosis": {"_core", "_postfix", "_mail", "_application", "_microsoft"},
}

# Standard modules allowed in pure code: none of them reads a file, a clock, a socket or the environment.
PURE_LIBRARY = {
    "__future__", "abc", "base64", "binascii", "bisect", "collections", "configparser", "contextlib", "dataclasses",
    "datetime", "difflib", "email",
    "enum", "fnmatch", "functools", "hashlib", "html", "ipaddress", "itertools", "json", "math", "operator",
    "posixpath", "quopri", "re", "shlex", "string", "struct", "textwrap", "typing", "unicodedata", "urllib.parse",
}
# Calls with input or output in allowed modules.
IMPURE_CALLS = {"open", "print", "input", "eval", "exec", "__import__", "now", "utcnow", "today", "make_msgid"}


def imported(path: Path) -> Iterator[tuple[str, str]]:
    """Yield each import of a file: ("own", "_postfix/main_cf") for the collection's files, ("other", "os.path") for others."""
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.ImportFrom):
            module = absolute(path, node)
            if module.startswith(OUR_UTILS):
                yield "own", module[len(OUR_UTILS):].replace(".", "/")
            elif module.startswith(OURS):
                yield "own", module
            else:
                yield "other", module
        elif isinstance(node, ast.Import):
            for alias in node.names:
                yield "other", alias.name


def absolute(path: Path, node: ast.ImportFrom) -> str:
    """Return the dotted name of the module in a `from` line, relative or not."""
    if not node.level:
        return node.module or ""
    package = path.parents[node.level - 1].relative_to(COLLECTION.parents[2]).parts
    return ".".join([*package, *((node.module or "").split("."))]).rstrip(".")


def own(name: str) -> set[str]:
    return {module for kind, module in imported(UTILS[name]) if kind == "own"}


def other(name: str) -> set[str]:
    return {module for kind, module in imported(UTILS[name]) if kind == "other"}


def top_level(module: str) -> str:
    return module if module.startswith("urllib.") else module.partition(".")[0]


def test_every_layer_names_files_that_exist():
    assert (EDGES | FRAME | JOBS) <= set(UTILS)
    assert PURE


def test_every_file_is_in_one_of_the_folders():
    assert {name.partition("/")[0] for name in UTILS} == set(FOLDERS)
    assert {name.count("/") for name in UTILS} == {1}


@pytest.mark.parametrize("name", sorted(UTILS))
def test_folders_import_only_the_folders_below_them(name: str):
    folder = name.partition("/")[0]
    assert {imported_name.partition("/")[0] for imported_name in own(name)} <= {folder} | FOLDERS[folder]


@pytest.mark.parametrize("name", sorted(PURE))
def test_pure_code_imports_only_pure_code(name: str):
    assert own(name) <= PURE
    assert {top_level(module) for module in other(name)} <= PURE_LIBRARY


@pytest.mark.parametrize("name", sorted(PURE))
def test_pure_code_calls_no_input_or_output(name: str):
    calls = [node.func for node in ast.walk(ast.parse(UTILS[name].read_text())) if isinstance(node, ast.Call)]
    called = {getattr(call, "id", None) or getattr(call, "attr", None) for call in calls}
    assert called & IMPURE_CALLS == set()


@pytest.mark.parametrize("name", sorted(EDGES))
def test_edges_import_neither_frame_nor_jobs(name: str):
    assert own(name) <= PURE | EDGES
    assert "ansible.module_utils.basic" not in other(name)


@pytest.mark.parametrize("name", sorted(FRAME))
def test_the_frame_imports_only_errors_and_redaction(name: str):
    assert own(name) <= {"_core/errors", "_core/redaction"} | FRAME


@pytest.mark.parametrize("name", sorted(set(UTILS) - FRAME - EDGES))
def test_only_frame_and_edges_import_ansible(name: str):
    assert not {module for module in other(name) if module.startswith("ansible")}


@pytest.mark.parametrize("path", MODULES, ids=lambda path: path.stem)
def test_a_module_leaves_the_logic_to_module_utils(path: Path):
    """A module file holds documentation and a short main()."""
    allowed = {"__future__", "typing", "os", "ansible.module_utils.basic"}
    assert {module for kind, module in imported(path) if kind == "other"} <= allowed
    functions = [node for node in ast.parse(path.read_text()).body if isinstance(node, ast.FunctionDef)]
    [main] = [function for function in functions if function.name == "main"]
    assert main.end_lineno is not None
    assert main.end_lineno - main.lineno + 1 <= 40
