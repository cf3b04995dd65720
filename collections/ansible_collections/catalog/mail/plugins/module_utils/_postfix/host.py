# Copyright (c) 2026 The catalog.mail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to this collection: it may change without notice.
"""The use case of postfix_host: read packages and service, configure relay and parameters together."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Dict, Optional, Tuple

from .._core.file_transaction import read_bytes
from .._core.module import Job, Plan, Spec
from .._core.package_manager import installed_packages
from .._core.systemd import Systemd
from .configuration import OPTIONS, UNCHANGED, Configuration
from .packages import OperatingSystem, operating_system, required_packages
from .parameters import postfix_values
from .relay import RELAY, relay_state
from .state import DesiredPostfix, Present

UNIT = "postfix.service"
OS_RELEASE = "/etc/os-release"

SPEC = OPTIONS + RELAY + Spec({
    "parameters": {"type": "dict", "default": {}},
    "packages": {"type": "list", "elements": "str", "default": []},
    "require_packages": {"type": "bool", "default": True},
})


@dataclass(frozen=True)
class _Host:
    """The host's operating system, its missing packages, and whether Postfix starts at boot."""

    system: OperatingSystem
    missing: Tuple[str, ...]
    enabled: bool

    def shown(self) -> Dict[str, Any]:
        """Return the state for the module's result."""
        return {
            "system": self.system.names[0] if self.system.names else "",
            "system_family": self.system.family,
            "missing_packages": list(self.missing),
            "enabled": self.enabled,
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
            return Plan((), {**UNCHANGED, **host.shown()})
        self._configuration = self._desired()
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
        if not system.family:
            return _Host(system, (), enabled=False)
        packages = required_packages(system, self._module.params["packages"])
        installed = installed_packages(self._module, packages)
        missing = tuple(name for name in packages if name not in installed)
        return _Host(system, missing, Systemd(self._module).starts_at_boot(UNIT))

    def _desired(self) -> Configuration:
        relay = relay_state(self._module)
        values = postfix_values(self._module.params["parameters"])

        def desire(present: Present) -> DesiredPostfix:
            return relay(present).with_parameters(values)

        return Configuration(self._module, desire)
