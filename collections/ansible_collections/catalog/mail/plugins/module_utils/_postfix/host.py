# Copyright (c) 2026 The catalog.mail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to this collection: it may change without notice.
"""The use case of postfix_host: read packages and service, configure relay and parameters together."""

from __future__ import annotations

import os
from dataclasses import dataclass, replace
from typing import Any, Dict, Iterable, Optional, Tuple

from .._core.file_transaction import read_bytes
from .._core.module import Job, Plan, Spec
from .._core.os_release import OperatingSystem, operating_system
from .._core.package_manager import installed_packages
from .._core.systemd import Systemd
from .configuration import OPTIONS, UNCHANGED, Configuration
from .packages import required_packages, unit_of
from .parameters import KNOWN_TABLE_TYPES, postfix_values
from .relay import RELAY, relay_state
from .relay_prerequisites import require_ca_file
from .secret_values import secrets_of_parameters
from .state import DesiredPostfix, Present
from .table_parameters import TABLE_OPTIONS, named_table_of, with_tables

OS_RELEASE = "/etc/os-release"

SPEC = OPTIONS + RELAY + Spec({
    "parameters": {"type": "dict", "default": {}},
    "packages": {"type": "list", "elements": "str", "default": []},
    "require_packages": {"type": "bool", "default": True},
    "tables": {"type": "list", "elements": "dict", "default": [], "options": TABLE_OPTIONS},
    "root_alias": {"type": "list", "elements": "str", "default": []},
    "tidy": {"type": "bool", "default": False},
}, secrets_of=(secrets_of_parameters,))


@dataclass(frozen=True)
class _Host:
    """The host's operating system, its missing packages, whether Postfix starts at boot, and the unit that starts it."""

    system: OperatingSystem
    missing: Tuple[str, ...]
    enabled: bool
    unit: str

    def shown(self) -> Dict[str, Any]:
        """Return the state for the module's result."""
        return {
            "system": self.system.names[0] if self.system.names else "",
            "system_family": self.system.family,
            "missing_packages": list(self.missing),
            "enabled": self.enabled,
            "unit": self.unit,
        }


class PostfixHost(Job):
    """Configure the Postfix of a host whose packages are installed."""

    def __init__(self, module) -> None:
        self._module = module
        self._configuration: Optional[Configuration] = None

    def plan(self) -> Plan:
        """Read the host; compare the configuration, unless required packages are missing or unknown."""
        host = self._host()
        if self._module.params["require_packages"] and not self._may_configure(host):
            # Before the packages are installed: without the authorities that the options name no relay can be used.
            require_ca_file(self._module.params, os.path.exists)
            return Plan((), {**UNCHANGED, **host.shown()})
        # In check mode a missing package may be the one that brings a table type.
        self._configuration = self._desired(KNOWN_TABLE_TYPES if self._module.check_mode and host.missing else ())
        plan = self._configuration.plan()
        return Plan(plan.changes, {**plan.result, **host.shown()}, plan.diff)

    def apply(self, plan: Plan) -> Dict[str, Any]:
        """Write the planned changes in one transaction."""
        return self._configuration.apply(plan) if self._configuration else {}

    def _may_configure(self, host: _Host) -> bool:
        """Whether the packages are installed. Check mode goes on without them, since it does not install them."""
        return bool(host.system.family) and (not host.missing or self._module.check_mode)

    def _host(self) -> _Host:
        system = operating_system((read_bytes(OS_RELEASE) or b"").decode("utf-8", "replace"))
        unit = unit_of(system, self._module.params["config_directory"])
        if not system.family:
            return _Host(system, (), enabled=False, unit=unit)
        packages = required_packages(system, self._module.params["packages"])
        installed = installed_packages(self._module, packages)
        missing = tuple(name for name in packages if name not in installed)
        return _Host(system, missing, Systemd(self._module).starts_at_boot(unit), unit)

    def _desired(self, more_types: Iterable[str]) -> Configuration:
        relay = relay_state(self._module)
        values = postfix_values(self._module.params["parameters"])

        params = self._module.params

        def desire(present: Present) -> DesiredPostfix:
            desired = relay(present).with_parameters(values)
            rows = [named_table_of(row, present) for row in params["tables"]]
            desired = with_tables(desired, present, rows)
            return replace(desired, tidy=params["tidy"], root_alias=params["root_alias"], renews_copies=True)

        return Configuration(self._module, desire, sorted(more_types))
