#!/usr/lib/stand_in/bin/python3.11
# Copyright (c) 2026 The catalog.mail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The commands `alation_supervisor` and `alation_action`, as far as settings need them."""

from __future__ import annotations

import os
import sys
import time

sys.path.insert(0, "/opt/alation/stand_in")
from stand_in_store import Store

GROUPS = ("web", "celery")


def main(name: str, words: list[str]) -> int:
    """Record the command and bring the stored settings into use. Returns the exit code."""
    store = Store()
    match [name, *words]:
        case ["alation_supervisor", "restart", _, *_]:
            groups = [group for group in GROUPS if any(word == "all" or word.split(":")[0] == group for word in words[1:])]
            unknown = [word for word in words[1:] if word.split(":")[0] not in (*GROUPS, "all")]
        case ["alation_action", "restart_alation"]:
            groups, unknown = list(GROUPS), []
        case ["alation_action", "deploy_conf_all"]:
            groups, unknown = [], []
        case _:
            sys.stderr.write(f"{name}: unknown command: {' '.join(words)}\n")
            return 2
    store.record("restarts", [name, *words])
    time.sleep(store.modes["restart_delay"])
    if store.modes["restart_fails"]:
        sys.stderr.write(f"{name}: error: cannot connect to the supervisor\n")
        return 1
    store.restart(groups)
    for group in groups:
        print(f"{group}: stopped\n{group}: started")
    for word in unknown:
        print(f"{word}: ERROR (no such group)")
    return 1 if unknown else 0


if __name__ == "__main__":
    sys.exit(main(os.path.basename(sys.argv[0]), sys.argv[1:]))
