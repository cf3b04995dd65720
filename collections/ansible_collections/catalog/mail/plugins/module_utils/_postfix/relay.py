# Copyright (c) 2026 The catalog.mail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to this collection: it may change without notice.
"""The options of a relay, and the desired state that they describe on this host."""

from __future__ import annotations

import os
from typing import Callable, Dict

from .._core.module import Spec
from .relay_prerequisites import chosen_ca_file, sasl_warnings
from .relayhost import LEVELS, desired_relay_of, desired_state
from .state import DesiredPostfix, Present

_ACCOUNT: Dict[str, Dict] = {"username": {"type": "str"}, "password": {"type": "str", "no_log": True}}
_SENDER: Dict[str, Dict] = {"sender": {"type": "str", "required": True}, "relayhost": {"type": "str"}, **_ACCOUNT}

RELAY = Spec(
    {
        "relayhost": {"type": "list", "elements": "str", "default": []},
        "tls_level": {"type": "str", "choices": list(LEVELS), "default": "secure"},
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
    desired = desired_relay_of({**params, "ca_file": ca_file})
    return lambda present: desired_state(desired, present, sasl_warnings(desired))


def _state(params) -> str:
    return "present" if params["relayhost"] or params["sender_dependent"] else "absent"
