# Copyright (c) 2026 The catalog.mail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to this collection: it may change without notice.
"""The use case of application_runtime: install a version of the application, keep it intact, and switch to it."""

from __future__ import annotations

import os
import shutil
from typing import Any, Dict, List, Tuple

from .._core.apt_offer import require_offer
from .._core.errors import InputRefused
from .._core.file_transaction import attributes_of, read_bytes, set_attributes
from .._core.module import Job, Plan, Spec
from .._core.os_release import DEBIAN, operating_system
from .runtime_installation import PYTHON, Installation, alone
from .runtime_plan import ATTRIBUTES, CURRENT, INSTALLATION, RuntimeState, plan, wanted_version
from .runtime_versions import PROVEN, RuntimeVersions, link_target, replace_link
from .service_changes import diff

COMMAND = "/usr/local/bin/catalog-mail"
_OS_RELEASE = "/etc/os-release"
_OLDEST_PYTHON = (3, 11)
_PYTHON_FACTS = (
    "import importlib.util as u, sys; "
    "print('%d.%d' % sys.version_info[:2], 'yes' if u.find_spec('ensurepip') and u.find_spec('venv') else 'no')")

SPEC = Spec({
    "folder": {"type": "path", "default": "/opt/catalog-mail"},
    "version": {"type": "str", "required": True},
    "use": {"type": "str", "choices": ["own", "previous"], "default": "own"},
    "archive": {"type": "path"},
    "index_ca_file": {"type": "path"},
    "command": {"type": "path", "default": COMMAND},
    "apply": {"type": "bool", "default": True},
    "require_packages": {"type": "list", "elements": "str", "default": []},
})


class ApplicationRuntime(Job):
    """Install one version of the application, and point the links to it."""

    def __init__(self, module) -> None:
        self._module = module
        self._params = module.params
        self._folder = module.params["folder"]
        self._versions = RuntimeVersions(self._folder)

    def plan(self) -> Plan:
        """Read host and versions; plan the installation. Writes nothing. Raises PackagesMissing."""
        if self._params["require_packages"]:
            require_offer(self._module, self._params["require_packages"])
        system = operating_system((read_bytes(_OS_RELEASE) or b"").decode("utf-8", "replace"))
        python, has_venv = self._python()
        own = f"{self._params['version']}-py{python}"
        state = self._state(own)
        wanted = wanted_version(own, self._params["use"] == "previous", state.intact, state.current)
        supported = system.family == DEBIAN and _numbers(python) >= _OLDEST_PYTHON
        changes = plan(state, wanted) if supported and wanted else []
        return Plan(changes, {
            "changes": changes, "system": system.names[0] if system.names else "", "machine": os.uname().machine,
            "python": python, "can_make_environments": has_venv, "supported": supported, "own": own, "wanted": wanted,
            "installed": list(state.intact), "damaged": list(state.damaged), "current": state.current,
            "switched": bool({one["name"] for one in changes} & {INSTALLATION, CURRENT}),
        }, diff(self._folder, changes))

    def apply(self, plan: Plan) -> Dict[str, Any]:
        """Install the version and switch to it. Raises InstallationFailed."""
        wanted, before = plan.result["wanted"], plan.result["current"]
        os.umask(0o022)
        os.makedirs(self._folder, exist_ok=True)
        set_attributes(self._folder, ATTRIBUTES)
        with alone(self._folder) as lock:
            # Another run may have installed the version meanwhile.
            if wanted not in self._state(plan.result["own"]).intact:
                Installation(self._module, self._folder, wanted, lock).install(
                    self._archive(), self._params["index_ca_file"])
            self._link_command()
            if plan.result["switched"]:
                # Also a version that was installed again gets a new link: its age tells the services to restart.
                self._versions.point(CURRENT, wanted)
                self._remove_others({wanted, before, self._versions.named(PROVEN)})
        if self._params["archive"] and os.path.exists(self._params["archive"]):
            os.unlink(self._params["archive"])
        return {"current": wanted, "installed": self._versions.complete(), "damaged": []}

    def _state(self, own: str) -> RuntimeState:
        complete = self._versions.complete()
        # Earlier releases recorded no digest: this release installs its own version again, and keeps other ones.
        intact = tuple(name for name in complete if self._versions.is_intact(name, unknown=name != own))
        found = attributes_of(self._folder)
        return RuntimeState(
            folder=self._folder, intact=intact, damaged=tuple(name for name in complete if name not in intact),
            current=self._versions.named(CURRENT),
            attributes=found.attributes if found else "",
            command=self._params["command"], command_target=link_target(self._params["command"]),
            command_desired=os.path.join(self._folder, CURRENT, "bin/catalog-mail"))

    def _python(self) -> Tuple[str, bool]:
        """Return the version of Python for the application, such as 3.11, and whether it can make virtual environments."""
        _code, out, _err = self._module.run_command([PYTHON, "-I", "-S", "-c", _PYTHON_FACTS])
        words: List[str] = out.split()
        return (words[0], words[1] == "yes") if len(words) > 1 else ("", False)

    def _archive(self) -> str:
        path = self._params["archive"]
        if not path or not os.path.exists(path):
            raise InputRefused("archive", f"there is no file {path}", "Name the archive that files/bundle.py makes")
        return path

    def _link_command(self) -> None:
        command = self._params["command"]
        desired = os.path.join(self._folder, CURRENT, "bin/catalog-mail")
        if link_target(command) != desired:
            os.makedirs(os.path.dirname(command), exist_ok=True)
            replace_link(command, desired, f"{command}.new")

    def _remove_others(self, kept: set) -> None:
        """Remove all versions but these: the new one, the one before it and the last one that worked."""
        for entry in sorted(os.listdir(self._folder)):
            path = os.path.join(self._folder, entry)
            if os.path.isdir(path) and not os.path.islink(path) and entry not in kept:
                shutil.rmtree(path, ignore_errors=True)


def _numbers(version: str) -> Tuple[int, ...]:
    return tuple(int(word) for word in version.split(".") if word.isdigit())
