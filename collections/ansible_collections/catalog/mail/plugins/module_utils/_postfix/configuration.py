# Copyright (c) 2026 The catalog.mail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to this collection: it may change without notice.
"""The use case of the Postfix modules: change main.cf and lookup tables in one transaction.

Everything is validated before the first write; the files are restored byte by byte when Postfix refuses.
"""

from __future__ import annotations

import os
import shutil
import time
from dataclasses import replace
from typing import Any, Callable, Dict, List, Mapping, Sequence, Tuple, Union

from .._core.errors import PostfixRefused
from .._core.file_transaction import Transaction, clear_workspaces, facts_of, ids_of, let_cool_down, workspace, write_private
from .._core.module import Job, Plan, Spec
from .aliases import Aliases
from .chroot import StaleCopy, described, renew_copies, stale_copies
from .instance import Postfix
from .lookup_table import Table, TableChange, check_table, is_unread, plan_table, rendered
from .main_cf import Change, MainCf, plan, shown, shown_line
from .parameter_pairs import check_pairs
from .parameters import check_known, check_values, table_type_refused
from .postconf_errors import refusal
from .root_alias import plan_root_alias
from .state import DesiredPostfix, Present
from .table_checks import TableChecks

# The parameters that a reload ignores (master logs: "to change ..., stop and start Postfix").
RESTART_ONLY = ("inet_interfaces", "inet_protocols", "queue_directory", "config_directory")

AnyTable = Union[Table, Aliases]

OPTIONS = Spec({
    "config_directory": {"type": "path", "default": "/etc/postfix"},
    "reload": {"type": "bool", "default": False},
})


# The result without a change and without Postfix.
UNCHANGED: Dict[str, Any] = {
    "changes": [], "reload_required": False, "restart_required": False, "reloaded": False, "running": False}


class Configuration(Job):
    """Change parameters and tables of one instance to the state that ``desire`` returns."""

    def __init__(self, module, desire: Callable[[Present], DesiredPostfix], more_types: Sequence[str] = ()) -> None:
        """``more_types`` are table types of packages that are still to be installed."""
        self._module = module
        self._postfix = Postfix(module, module.params["config_directory"])
        self._reload = module.params["reload"]
        self._desire = desire
        self._more_types = list(more_types)
        self._checks = TableChecks(module, self._postfix)
        self._edited = MainCf("")
        self._unread = False
        self._effective: Mapping[str, str] = {}
        self._stale: List[StaleCopy] = []

    def plan(self) -> Plan:
        """Compare main.cf and the lookup tables with the desired configuration. Raises ModuleFailure."""
        if self._module.check_mode and not self._postfix.installed:
            return self._plan_before_installation()
        main_cf = self._postfix.main_cf()
        defaults, types = self._postfix.read_parameters()
        types = types + self._more_types
        present = Present(self._postfix.config_directory, main_cf, defaults, types, _default_type(main_cf, defaults))
        desired = self._desire(present)
        default_type = desired.parameters.get("default_database_type")
        if default_type:  # it counts for the tables of this run as well
            desired = self._desire(replace(present, default_table_type=default_type))
        self._warn(desired)
        parameters = plan(main_cf, desired.parameters)
        edited = (main_cf.tidied() if desired.tidy else main_cf).edited(parameters)
        self._checks.no_aliases(desired.tables, {**defaults, **edited.parameters})
        tables: List[Any] = [(table, self._plan_table(table, types)) for table in desired.tables]
        parameters += main_cf.untidiness() if desired.tidy else self._untidy(edited)
        self._check_values(desired, edited, defaults, types)
        self._checks.named_stay(tables, edited, defaults)
        tables += plan_root_alias(self._module, self._postfix, desired.root_alias, edited, defaults)
        if not self._module.check_mode:
            self._clear_what_killed_runs_left([table for table, _rows in tables])
        if parameters:
            self._ask_postfix(main_cf, edited)
        self._edited = edited
        self._effective = {**defaults, **edited.parameters}
        if desired.renews_copies and self._postfix.running():
            self._stale = stale_copies(self._effective, self._postfix.master_cf())
        found = self._described(main_cf, edited, parameters, [row for row in tables if row[1]])
        self._advise(desired, edited, found)
        return found

    def _advise(self, desired: DesiredPostfix, after: MainCf, found: Plan) -> None:
        """Warn of the host's own settings that hinder a relay, in a run that changes something."""
        text = desired.advice(after.parameters, self._postfix.master_cf()) if desired.advice and found.changes else ""
        if text:
            self._module.warn(text)

    def _plan_before_installation(self) -> Plan:
        """Plan for check mode on a host without Postfix: everything is new."""
        empty = MainCf("")
        desired = self._desire(Present(self._postfix.config_directory, empty, {}, ["hash"], "hash"))
        self._module.warn("Postfix is not installed yet, so check mode could not have Postfix check the parameters.")
        parameters = plan(empty, desired.parameters)
        changes: List[Any] = list(parameters) + [table for table in desired.tables if table.present]
        return Plan(changes, _result(parameters, [], False, False, False), [
            _diff(self._postfix.main_cf_path, "", str(empty.edited(parameters).masked()))] if parameters else [])

    def _warn(self, desired: DesiredPostfix) -> None:
        for text in desired.warnings:
            self._module.warn(text)

    def _untidy(self, after: MainCf) -> List[Change]:
        """Warn of lines that Postfix ignores or warns of; return no change."""
        lines = after.untidiness() if "tidy" in self._module.params else []
        if lines:
            named = "; ".join(f"{change.name}: {shown_line(change)}" for change in lines)
            self._module.warn(
                f"{self._postfix.main_cf_path} holds lines that Postfix ignores or warns of: {named}. tidy: true "
                "(postfix_tidy: true of the role) removes them, and changes no value.")
        return []

    def _clear_what_killed_runs_left(self, tables: Sequence[AnyTable]) -> None:
        """Remove the private folders of killed runs, even without other changes: they may hold a password."""
        for path in {self._postfix.main_cf_path, *(table.path for table in tables)}:
            clear_workspaces(os.path.dirname(os.path.realpath(path)))

    def _plan_table(self, table: Table, types: Sequence[str]) -> List[TableChange]:
        if table.present and table.type not in types:
            raise table_type_refused("type", table.type, types)
        check_table("entries", table)
        ids_of(table.owner, table.group)
        return plan_table(self._postfix.table_state(table), table)

    def _check_values(
        self, desired: DesiredPostfix, after: MainCf, defaults: Mapping[str, str], types: Sequence[str]
    ) -> None:
        """Raise for values that cannot work, by the rules of this collection."""
        set_names = [name for name, value in desired.parameters.items() if value is not None]
        check_known(set_names, defaults, desired.allow_unknown)
        effective = {**defaults, **after.parameters}
        check_values(desired.parameters, effective, defaults, types)
        for text in check_pairs(desired.parameters, effective):
            self._module.warn(text)
        self._checks.named_exist(desired)

    def _ask_postfix(self, before: MainCf, after: MainCf) -> None:
        """Raise for a main.cf that Postfix itself rejects."""
        problem = self._postfix.problem_of(after.to_bytes())
        if not problem:
            return
        older = self._postfix.problem_of(before.to_bytes())
        message, remedy = refusal(self._postfix.main_cf_path, problem, older)
        raise PostfixRefused(message, cause=problem, remedy=remedy, stage="validation")

    def _described(
        self, before: MainCf, after: MainCf, parameters: Sequence[Change],
        tables: Sequence[Tuple[AnyTable, Sequence[TableChange]]],
    ) -> Plan:
        path = self._postfix.main_cf_path
        running = self._postfix.running()
        self._unread = running and any(
            is_unread(table.type, rows) and (isinstance(table, Aliases) or self._postfix.mentions(table.path, after))
            for table, rows in tables)
        self._unread = self._unread or bool(self._stale)  # the daemons have read the copies
        pending = running and self._postfix.reload_pending()
        restart = self._postfix.restart_pending() or (
            running and any(change.name in RESTART_ONLY for change in parameters))
        reload_required = running and (bool(parameters) or self._unread or pending)
        diff = [_diff(path, str(before.masked()), str(after.masked()))] if parameters else []
        diff += [_diff(table.path, *rendered(rows)) for table, rows in tables]
        diff += [_diff("copies for chrooted daemons", *described(self._stale))] if self._stale else []
        changes: List[Any] = [*parameters, *tables, *self._stale]
        if self._reload and pending and not changes:
            changes.append("reload")
        table_changes = [change for _table, rows in tables for change in rows]
        result = _result(parameters, table_changes, reload_required, restart, running)
        result["changes"] += [{"name": copy.path, "before": copy.problem, "after": f"as {copy.source}"} for copy in self._stale]
        return Plan(changes, result, diff)

    def apply(self, plan: Plan) -> Dict[str, Any]:
        """Write the planned changes in one transaction; return the result after them. Raises ModuleFailure."""
        transaction = Transaction(self._module)
        parameters = [change for change in plan.changes if isinstance(change, Change)]
        tables = [change for change in plan.changes if isinstance(change, tuple)]
        if any(change.name in RESTART_ONLY for change in parameters):
            transaction.remember(self._postfix.restart_marker)
            self._postfix.note_restart()
        if self._unread:
            transaction.remember(self._postfix.reload_marker)
            self._postfix.note_reload()
        try:
            for table, changes in tables:
                if table.present:
                    self._write_table(transaction, table, changes)
            if parameters:
                self._write_main_cf(transaction)
            if self._stale:
                renew_copies(self._module, self._postfix.config_directory, self._effective)
            reloaded = self._reload and plan.result["reload_required"]
            if reloaded:
                self._postfix.reload()
            # Last, since the daemons before the reload may still open these files.
            for table, _changes in tables:
                self._clear_table(transaction, table)
            return {"reloaded": True} if reloaded else {}
        except PostfixRefused as exc:
            raise self._rolled_back(transaction, exc) from exc
        except BaseException:
            transaction.roll_back()
            raise

    def _rolled_back(self, transaction: Transaction, exc: PostfixRefused) -> PostfixRefused:
        """Restore the files and reload or start Postfix with them; return the failure to raise."""
        ran = self._postfix.running()
        transaction.roll_back()
        if exc.details.get("stage") == "reload":
            ran = self._recover(ran)
        state = "runs with it" if ran else "is stopped: start it"
        message = f"{exc}. Every file is what it was before, and Postfix {state}."
        return PostfixRefused(message, **{**exc.details, "cause": str(exc), "rolled_back": True})

    def _recover(self, running: bool) -> bool:
        if not running:
            return self._postfix.start()
        try:
            self._postfix.reload()
        except PostfixRefused:
            return self._postfix.running()
        return True

    def _write_main_cf(self, transaction: Transaction) -> None:
        path = os.path.realpath(self._postfix.main_cf_path)
        facts = os.stat(path)
        with workspace(os.path.dirname(path)) as directory:
            source = write_private(directory, self._edited.to_bytes(), "main.cf")
            transaction.replace(path, source, facts.st_mode & 0o7777, facts.st_uid, facts.st_gid)
        let_cool_down(path)

    def _write_table(self, transaction: Transaction, table: AnyTable, changes: Sequence[TableChange]) -> None:
        """Write the source, then the compiled form, which must not be older than the source."""
        uid, gid = ids_of(table.owner, table.group)
        kinds = {change.what for change in changes}
        if kinds <= {"leftovers"}:
            return
        directory = os.path.dirname(os.path.realpath(table.path))
        with workspace(directory) as folder:
            source = write_private(folder, table.text.encode("utf-8", "surrogateescape"), "table")
            os.chmod(source, table.mode)
            self._postfix.compile(table, source)
            if "entries" in kinds or facts_of(table.path) is None:
                kept = shutil.copy2(source, source + ".new")
                transaction.replace(table.path, kept, table.mode, uid, gid)
            else:
                transaction.attributes(table.path, table.mode, uid, gid)
            for path in table.compiled_paths:
                transaction.replace(path, source + path[len(table.path):], table.mode, uid, gid)
                newest = max(time.time_ns(), os.stat(table.path).st_mtime_ns)
                os.utime(path, ns=(newest, newest))

    def _clear_table(self, transaction: Transaction, table: AnyTable) -> None:
        for path in table.foreign_paths + (() if table.present else (table.path,)):
            transaction.remove(path)


def _default_type(main_cf: MainCf, defaults: Mapping[str, str]) -> str:
    return main_cf.parameters.get("default_database_type") or defaults.get("default_database_type", "hash")


def _result(
    parameters: Sequence[Change], tables: Sequence[TableChange], reload_required: bool, restart_required: bool,
    running: bool,
) -> Dict[str, Any]:
    changes = [
        {"name": change.name, "before": shown(change.name, change.before), "after": shown(change.name, change.after)}
        for change in parameters]
    changes += [{"name": f"{row.path}: {row.what}", "before": row.before, "after": row.after} for row in tables]
    return {
        **UNCHANGED,
        "changes": changes,
        "reload_required": reload_required,
        "restart_required": restart_required,
        "running": running,
    }


def _diff(path: str, before: str, after: str) -> Dict[str, str]:
    return {"before_header": path, "after_header": path, "before": before, "after": after}
