# Copyright (c) 2026 The catalog.mail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to this collection: it may change without notice.
"""Every use of private attributes of ansible-core on the control node, each with its reason.

The unit tests of this file fail when ansible-core changes one of these attributes. The private attributes that
modules use on the host are in module_utils/_core/no_log.py.
"""

from __future__ import annotations

import os
import tempfile
from typing import Any, Dict, Mapping, Optional

from ansible.playbook.handler import Handler
from ansible.plugins.action import ActionBase
from ansible.plugins.action.normal import ActionModule as Normal

# On Linux files in this folder are in memory, never on a disk.
_MEMORY = "/dev/shm"  # noqa: S108 -- mkstemp creates the file, readable by its owner alone


# Action plugins


def hide_module_output(action: ActionBase) -> None:
    """Keep the output of the module out of the connection's debug messages.

    The connection plugin ssh shows all output with -vvv unless the play context says no_log; ansible-core offers a plugin no
    option for that.
    """
    action._connection._play_context.no_log = True


def run_module(action: ActionBase, task_vars: Optional[Dict[str, Any]]) -> Dict[str, Any]:
    """Run the module of the action's name with the task's options, and return its result.

    The developer guide of Ansible calls ``_execute_module`` for this purpose; there is no public method.
    """
    result: Dict[str, Any] = action._execute_module(task_vars=task_vars)
    return result


def hide_result(result: Dict[str, Any]) -> None:
    """Have Ansible censor a result as if its task had no_log; an action plugin cannot set no_log afterwards."""
    result["_ansible_no_log"] = True


class ActionInMemory(Normal):
    """Run a module. When Ansible sends it to the host as a file, the file is in memory on the control node.

    A module's file holds the task's options. ActionBase writes the file to DEFAULT_LOCAL_TMP, which is on a disk, and offers
    no option for another place. With pipelining there is no file.
    """

    def _transfer_data(self, remote_path: str, data: str | bytes) -> str:
        """Copy ``data`` to ``remote_path`` on the host; overrides the method of ActionBase."""
        with tempfile.NamedTemporaryFile(prefix="catalog-mail-", dir=_memory()) as file:
            file.write(data.encode(errors="surrogateescape") if isinstance(data, str) else data)
            file.flush()
            self._transfer_file(file.name, remote_path)
        return remote_path


def _memory() -> Optional[str]:
    return _MEMORY if os.access(_MEMORY, os.W_OK) else None


# Callback plugins. Results have public properties from ansible-core 2.19 on; the collection supports 2.17.


def task_of(result: Any) -> Any:
    """The task of a result."""
    return result._task


def host_of(result: Any) -> str:
    """The name of a result's host."""
    name: str = result._host.get_name()
    return name


def values_of(result: Any) -> Mapping[str, Any]:
    """The values that a result holds."""
    values: Mapping[str, Any] = result._result
    return values


def identity_of(task: Any) -> str:
    """The id of a task, which is the same when the task begins and when it ends."""
    identity: str = task._uuid
    return identity


def show_warnings(callback: Any, values: Mapping[str, Any]) -> None:
    """Show the warnings of a result, which are left to the callback; CallbackBase has no public method for it."""
    callback._handle_warnings(values)


def text_of_diff(callback: Any, diff: Any) -> str:
    """A diff as Ansible shows it; CallbackBase has no public method for it."""
    text: str = callback._get_diff(diff)
    return text


def role_of(task: Any) -> str:
    """The name of a task's role without its collection, or an empty text outside of roles."""
    role = task._role
    return "" if role is None else str(role.get_name()).rpartition(".")[2]


def name_of(result: Any) -> str:
    """The name of a result's task, with the values of variables in it where they are known; else its action."""
    name: str = result._task_fields.get("name") or result._task.name or result._task.action
    return name.strip()


def check_mode_of(result: Any) -> Optional[bool]:
    """Whether a task ran in check mode, as its own host's variables decided; None when no template of it was rendered."""
    found = result._task_fields.get("check_mode")
    return found if isinstance(found, bool) else None


def have_differences(task: Any) -> None:
    """Have a task return differences, as with --diff; called in ``v2_runner_on_start``, before its process begins.

    A template in the play would not do: ansible-core takes any text there for true when it decides whether to show them.
    """
    task.diff = True


def is_handler(task: Any) -> bool:
    """Whether a task is a handler; callbacks are told so of its start only, not of its result."""
    return isinstance(task, Handler)


def end_run(status: int) -> None:
    """End ansible-playbook with this status; called last in ``v2_playbook_on_stats``.

    A callback cannot set the exit status. Ansible catches each Exception of a callback. SystemExit is no Exception: it
    passes through the executor of playbooks, which removes its files first.
    """
    raise SystemExit(status)
