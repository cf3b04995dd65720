# Copyright (c) 2026 The catalog.mail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to this collection: it may change without notice.
"""Read the result of postfix_info, with passwords replaced."""

from __future__ import annotations

from typing import Any, Dict, List, Mapping

from .._core.errors import CommandFailed
from .instance import Postfix
from .main_cf import MainCf, shown


def postfix_facts(postfix: Postfix, queue_limit: int) -> Dict[str, Any]:
    """Return the facts of an instance; ``{"installed": False}`` when Postfix is not installed."""
    if not postfix.installed:
        return {"installed": False}
    main_cf = postfix.main_cf()
    explicit = main_cf.parameters
    parameters = {**postfix.defaults(), **explicit}
    problems = _problems(postfix, main_cf)
    queue = _queue(postfix, problems)
    problems += [f"{name} is set several times, and the last line counts" for name in main_cf.duplicates]
    running = postfix.running()
    return {
        "installed": True,
        "version": parameters.get("mail_version", ""),
        "running": running,
        "parameters": _shown(parameters),
        "explicit": _shown(explicit),
        "table_types": postfix.table_types(),
        "default_database_type": parameters.get("default_database_type", ""),
        "queue_length": len(queue),
        "queue": queue[:max(queue_limit, 0)],
        "reload_pending": running and postfix.reload_pending(),
        "restart_pending": postfix.restart_pending(),
        "problems": problems,
    }


def _queue(postfix: Postfix, problems: List[str]) -> List[Dict[str, Any]]:
    """Return the messages, oldest first. When Postfix's tools cannot read main.cf, add that to ``problems``."""
    try:
        found = postfix.queue()
    except CommandFailed as exc:
        if not problems:
            problems.append(str(exc))
        return []
    return sorted(found, key=lambda message: message.get("arrival_time", 0))


def _problems(postfix: Postfix, main_cf: MainCf) -> List[str]:
    found = [f"this line does not set a parameter: {line}" for line in main_cf.malformed]
    problem = postfix.problem_of(main_cf.to_bytes())
    return found + ([problem] if problem else [])


def _shown(parameters: Mapping[str, str]) -> Dict[str, Any]:
    return {name: shown(name, value) for name, value in parameters.items()}
