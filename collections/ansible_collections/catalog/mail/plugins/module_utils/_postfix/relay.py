# Copyright (c) 2026 The catalog.mail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to this collection: it may change without notice.
"""The options of a relay, and the desired state that they describe on this host."""

from __future__ import annotations

import os
from dataclasses import replace
from typing import Callable, Dict, Mapping

from .._core.file_transaction import read_bytes
from .._core.module import Spec
from .parameters import TLS_CLIENT_LEVELS
from .relay_obstacles import message, obstacles
from .relay_options import desired_relay_of
from .relay_prerequisites import chosen_ca_file, readable_password_files, relays_in_hosts_file, sasl_warnings
from .relayhost import PASSWORDS, desired_state
from .state import DesiredPostfix, Present

_ACCOUNT: Dict[str, Dict] = {"username": {"type": "str"}, "password": {"type": "str", "no_log": True}}
_SENDER: Dict[str, Dict] = {"sender": {"type": "str", "required": True}, "relayhost": {"type": "str"}, **_ACCOUNT}

RELAY = Spec(
    {
        "relayhost": {"type": "list", "elements": "str"},
        "tls_level": {"type": "str", "choices": list(TLS_CLIENT_LEVELS), "default": "secure"},
        "ca_file": {"type": "path"},
        "sender_dependent": {
            "type": "list", "elements": "dict", "default": [], "options": _SENDER,
            "required_together": [("username", "password")],
            "required_one_of": [("relayhost", "username")],
        },
        **_ACCOUNT,
    },
    required_together=(("username", "password"),),
)


def relay_state(module) -> Callable[[Present], DesiredPostfix]:
    """Return the function that derives parameters and tables from the module's options and the present state.

    Without the option ``state``, no relay means direct delivery. Raises InputRefused for options that cannot work.
    """
    params = {"state": _state(module.params), **module.params}
    ca_file = chosen_ca_file(params, os.path.exists, strict=not module.check_mode)
    desired = desired_relay_of({**params, "ca_file": ca_file, "ca_named": bool(params["ca_file"])})

    def desire(present: Present) -> DesiredPostfix:
        path = os.path.join(present.config_directory, PASSWORDS)
        text = (read_bytes(path) or b"").decode("utf-8", "surrogateescape")
        found = desired_state(desired, present, sasl_warnings(desired), text)
        own = [file for table in found.tables for file in (table.path, *table.compiled_paths, *table.foreign_paths)]
        before = present.main_cf.parameters.get("smtp_sasl_password_maps", "")

        def advice(parameters: Mapping[str, str], master_cf: str) -> str:
            readable = readable_password_files(present.config_directory, before, own)
            return message(obstacles(desired, parameters, master_cf, readable, relays_in_hosts_file(desired)))

        return replace(found, advice=advice) if desired.has_relay else found

    return desire


def _state(params) -> str:
    return "present" if params["relayhost"] or params["sender_dependent"] else "absent"
